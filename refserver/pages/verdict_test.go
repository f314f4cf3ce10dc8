package pages

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"hash/crc32"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/qr"
)

// shown is a fresh code of the wallet as a picture.
func (h *house) shown(t *testing.T, kind string) image.Image {
	t.Helper()
	token, err := h.wallet.Show(kind)
	require.NoError(t, err)
	symbol, err := qr.Encode(token.Bytes(), qr.Options{})
	require.NoError(t, err)
	return symbol.Image(6)
}

func asPNG(t *testing.T, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, png.Encode(&b, img))
	return b.Bytes()
}

func asJPEG(t *testing.T, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, jpeg.Encode(&b, img, &jpeg.Options{Quality: 80}))
	return b.Bytes()
}

// onGrey puts a picture into the middle of a larger one, as a camera sees it.
func onGrey(img image.Image, w, h int) image.Image {
	frame := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.Draw(frame, frame.Bounds(), image.NewUniform(color.Gray{Y: 170}), image.Point{}, draw.Src)
	at := image.Pt((w-img.Bounds().Dx())/2, (h-img.Bounds().Dy())/2)
	draw.Draw(frame, img.Bounds().Add(at), img, image.Point{}, draw.Src)
	return frame
}

func (h *house) send(gate string, picture []byte) *http.Response {
	return h.ask("POST", "/verify?gate="+gate, bytes.NewReader(picture), "Content-Type", "image/png")
}

func (h *house) verdict(t *testing.T, r *http.Response) Verdict {
	t.Helper()
	body, err := io.ReadAll(r.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, r.StatusCode, "%s", body)
	assert.Equal(t, "application/json", r.Header.Get("Content-Type"))
	var v Verdict
	require.NoError(t, json.Unmarshal(body, &v))
	assert.NotEmpty(t, v.Message.Zh)
	assert.NotEmpty(t, v.Message.En)
	assert.True(t, h.clock.Now().Equal(v.At))
	return v
}

func upload(t *testing.T, gate string, picture []byte) (io.Reader, string) {
	t.Helper()
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	require.NoError(t, form.WriteField("gate", gate))
	part, err := form.CreateFormFile("picture", "code.png")
	require.NoError(t, err)
	_, err = part.Write(picture)
	require.NoError(t, err)
	require.NoError(t, form.Close())
	return &b, form.FormDataContentType()
}

// One code on its way: accepted, the same for two seconds, then used up; and
// at a bus that shares nothing it passes once more.
func TestVerify(t *testing.T) {
	h := newHouse(t)
	picture := asPNG(t, h.shown(t, "transit"))
	body, kind := upload(t, "bus", picture)
	v := h.verdict(t, h.ask("POST", "/verify", body, "Content-Type", kind))
	assert.True(t, v.Allow)
	assert.Equal(t, "ok", v.Reason)
	assert.JSONEq(t, `{"line":"168","offlineRidesLeft":9}`, string(v.Outcome))
	assert.Equal(t, "168路公交", v.Gate.Zh)
	assert.False(t, v.Online)

	again := h.verdict(t, h.send("bus", picture))
	assert.True(t, again.Allow)
	assert.True(t, again.Repeated)
	h.clock.Advance(3 * time.Second)
	used := h.verdict(t, h.send("bus", picture))
	assert.False(t, used.Allow)
	assert.Equal(t, "replayed", used.Reason)
	assert.Equal(t, "此码已使用，请刷新", used.Message.Zh)
	assert.True(t, h.verdict(t, h.send("next-bus", picture)).Allow)
}

func TestVerifyForms(t *testing.T) {
	h := newHouse(t)
	for _, kind := range []string{"image/png", "image/jpeg", "application/octet-stream", ""} {
		picture := asJPEG(t, onGrey(h.shown(t, "parking"), 900, 700))
		r := h.ask("POST", "/verify?gate=park-in", bytes.NewReader(picture), "Content-Type", kind)
		assert.Contains(t, []string{"ok", "already-inside"}, h.verdict(t, r).Reason, kind)
	}
}

// Each gate and each kind of code.
func TestVerifyGates(t *testing.T) {
	h := newHouse(t)
	for _, c := range []struct{ kind, gate, reason string }{
		{"transit", "bus", "ok"}, {"medical", "bus", "wrong-audience"}, {"parking", "bus", "wrong-audience"}, {"universal", "bus", "ok"},
		{"transit", "metro", "ok"},
		{"transit", "desk", "wrong-audience"}, {"medical", "desk", "ok"}, {"universal", "desk", "ok"},
		{"parking", "park-out", "not-inside"}, {"parking", "park-in", "ok"}, {"parking", "park-in", "already-inside"}, {"parking", "park-out", "ok"},
		{"universal", "park-in", "ok"}, {"universal", "park-out", "ok"},
	} {
		h.clock.Advance(5 * time.Second)
		assert.Equal(t, c.reason, h.verdict(t, h.send(c.gate, asPNG(t, h.shown(t, c.kind)))).Reason, "%s at %s", c.kind, c.gate)
	}
}

func TestNetwork(t *testing.T) {
	h := newHouse(t)
	set := func(body string) *http.Response {
		return h.ask("POST", "/network", strings.NewReader(body), "Content-Type", "application/json")
	}
	look := func() Verdict {
		h.clock.Advance(5 * time.Second)
		return h.verdict(t, h.send("desk", asPNG(t, h.shown(t, "universal"))))
	}
	assert.True(t, look().Allow)
	r := set(`{"gate":"desk","online":false}`)
	require.Equal(t, http.StatusOK, r.StatusCode)
	body, _ := io.ReadAll(r.Body)
	assert.JSONEq(t, `{"gate":"desk","online":false}`, string(body))
	v := look()
	assert.Equal(t, "online-required", v.Reason)
	assert.False(t, v.Online)
	require.Equal(t, http.StatusOK, set(`{"gate":"desk","online":true}`).StatusCode)
	assert.True(t, look().Allow)

	problemIn(t, set(`{"gate":"roof","online":true}`), http.StatusBadRequest, "unknown-gate")
	for _, bad := range []string{``, `{`, `[]`, `{"gate":"desk","power":true}`, `{"gate":7}`, `{"gate":"` + strings.Repeat("x", 2000) + `"}`} {
		assert.Contains(t, []int{http.StatusBadRequest}, set(bad).StatusCode, "%.40s", bad)
	}
}

// A picture that shows something else is a verdict, not a fault.
func TestVerifyOtherPictures(t *testing.T) {
	h := newHouse(t)
	grey := image.NewGray(image.Rect(0, 0, 300, 300))
	assert.Equal(t, "no-code", h.verdict(t, h.send("bus", asPNG(t, grey))).Reason)
	for _, text := range []string{"https://example.org/", "281234567890123456", "77" + strings.Repeat("1", 300)} {
		symbol, err := qr.NewSymbol(text, qr.Options{})
		require.NoError(t, err)
		v := h.verdict(t, h.send("bus", asPNG(t, symbol.Image(5))))
		assert.False(t, v.Allow)
		assert.Contains(t, []string{"not-citizen-code", "malformed-text", "malformed"}, v.Reason, text)
	}
}

func TestVerifyBadUploads(t *testing.T) {
	h := newHouse(t)
	good := asPNG(t, h.shown(t, "transit"))
	for _, c := range []struct {
		name    string
		picture []byte
		status  int
		reason  string
	}{
		{"empty", nil, 400, "no-picture"},
		{"text", []byte("this is not a picture"), 415, "picture-unreadable"},
		{"magic only", good[:8], 415, "picture-unreadable"},
		{"truncated", good[:len(good)/2], 415, "picture-unreadable"},
		{"truncated JPEG", asJPEG(t, h.shown(t, "transit"))[:900], 415, "picture-unreadable"},
		{"huge measures", bomb(60000, 60000), 413, "picture-too-large"},
		{"GIF", []byte("GIF89a\x01\x00\x01\x00\x00\x00\x00;"), 415, "picture-unreadable"},
		{"long", append(bytes.Clone(good), make([]byte, MaxPicture)...), 413, "picture-too-large"},
		{"endless", append(bytes.Clone(good), make([]byte, MaxPicture+200<<10)...), 413, "picture-too-large"},
	} {
		problemIn(t, h.send("bus", c.picture), c.status, c.reason)
		body, kind := upload(t, "bus", c.picture)
		problemIn(t, h.ask("POST", "/verify", body, "Content-Type", kind), c.status, c.reason)
	}
	assert.Empty(t, h.logs.String(), "what strangers send is no fault of ours")
	assert.True(t, h.verdict(t, h.send("bus", good)).Allow, "and none of it used the code up")
}

func TestVerifyBadRequests(t *testing.T) {
	h := newHouse(t)
	good := asPNG(t, h.shown(t, "transit"))
	problemIn(t, h.send("roof", good), 400, "unknown-gate")
	problemIn(t, h.send("", good), 400, "unknown-gate")
	problemIn(t, h.ask("POST", "/verify?gate=bus", bytes.NewReader(good), "Content-Type", "text/plain"), 415, "picture-unreadable")
	problemIn(t, h.ask("POST", "/verify?gate=bus", bytes.NewReader(good), "Content-Type", ";;;"), 400, "bad-form")
	problemIn(t, h.ask("POST", "/verify?gate=bus", bytes.NewReader(good), "Content-Type", "multipart/form-data"), 400, "bad-form")
	problemIn(t, h.ask("POST", "/verify?gate=bus", bytes.NewReader(good), "Content-Type", "multipart/form-data; boundary=x"), 400, "bad-form")

	body, kind := upload(t, "bus", good)
	whole, err := io.ReadAll(body)
	require.NoError(t, err)
	problemIn(t, h.ask("POST", "/verify", bytes.NewReader(whole[:len(whole)-100]), "Content-Type", kind), 400, "bad-form")

	var many bytes.Buffer
	form := multipart.NewWriter(&many)
	for range 20 {
		require.NoError(t, form.WriteField("gate", "bus"))
	}
	require.NoError(t, form.Close())
	problemIn(t, h.ask("POST", "/verify", &many, "Content-Type", form.FormDataContentType()), 400, "bad-form")
}

// bomb is a PNG file of some bytes that declares a picture of any size.
func bomb(w, h uint32) []byte {
	head := append([]byte("IHDR"), make([]byte, 13)...)
	binary.BigEndian.PutUint32(head[4:], w)
	binary.BigEndian.PutUint32(head[8:], h)
	copy(head[12:], []byte{8, 2, 0, 0, 0})
	b := []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0d")
	return binary.BigEndian.AppendUint32(append(b, head...), crc32.ChecksumIEEE(head))
}

// While every reader has a picture, the next waits, and gives up when nobody
// waits for it any more.
func TestVerifyBusy(t *testing.T) {
	h := newHouse(t)
	picture := asPNG(t, h.shown(t, "transit"))
	for range maxReaders {
		leave, err := h.enter(context.Background())
		require.NoError(t, err)
		defer leave()
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(ctx, "POST", "/verify?gate=bus", bytes.NewReader(picture)))
	problemIn(t, w.Result(), http.StatusServiceUnavailable, "busy")
}

// The lists of a server that runs for days stay current.
func TestDays(t *testing.T) {
	h := newHouse(t)
	for range 5 {
		h.clock.Advance(26 * time.Hour)
		for _, gate := range []string{"bus", "desk"} {
			assert.Equal(t, "ok", h.verdict(t, h.send(gate, asPNG(t, h.shown(t, "universal")))).Reason, "%s at %s", gate, h.clock.Now())
			h.clock.Advance(5 * time.Second)
		}
	}
}
