package city

import (
	"bytes"
	"context"
	"image"
	"image/draw"
	"image/png"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/qr"
	"github.com/citizencode/citizencode/scenarios"
)

func scan(t *testing.T, g *Gate, picture []byte) *scenarios.Decision {
	t.Helper()
	d, err := g.Scan(context.Background(), picture, qr.ReadOptions{Timeout: time.Minute})
	require.NoError(t, err)
	return d
}

func gate(t *testing.T, c *City, id string) *Gate {
	t.Helper()
	g, ok := c.Gate(id)
	require.True(t, ok)
	return g
}

func shownBy(t *testing.T, w *Wallet, kind string) []byte {
	t.Helper()
	token, err := w.Show(kind)
	require.NoError(t, err)
	picture, err := drawToken(token.Bytes(), qr.Options{})
	require.NoError(t, err)
	return picture
}

func TestWallet(t *testing.T) {
	c, err := New(Config{})
	require.NoError(t, err)
	w := c.NewWallet()
	for _, step := range []struct{ kind, gate, reason string }{
		{"transit", "bus", "ok"}, {"medical", "desk", "ok"}, {"parking", "park-in", "ok"}, {"universal", "metro", "ok"},
		{"universal", "desk", "ok"}, {"transit", "desk", "wrong-audience"},
	} {
		assert.Equal(t, step.reason, scan(t, gate(t, c, step.gate), shownBy(t, w, step.kind)).Reason, "%s at %s", step.kind, step.gate)
		c.clock.Advance(5 * time.Second)
	}
	_, err = w.Show("passport")
	assert.Error(t, err)
	_, ok := c.Gate("roof")
	assert.False(t, ok)
	assert.Equal(t, "测试甲", w.Owner().Zh)
}

// A day later the wallet has a new credential for the same person: the car
// that came in yesterday drives out.
func TestWalletRenews(t *testing.T) {
	c, err := New(Config{})
	require.NoError(t, err)
	w := c.NewWallet()
	assert.True(t, scan(t, gate(t, c, "park-in"), shownBy(t, w, "parking")).Allow)
	before := w.passes["parking"]
	c.clock.Advance(day)
	require.NoError(t, c.KeepCurrent())
	d := scan(t, gate(t, c, "park-out"), shownBy(t, w, "parking"))
	assert.True(t, d.Allow, d.Reason)
	after := w.passes["parking"]
	assert.NotEqual(t, before.serial(), after.serial())
	assert.Equal(t, before.claims.Subject, after.claims.Subject)
}

// Without new lists a gate stops trusting; with them it goes on.
func TestKeepCurrent(t *testing.T) {
	c, err := New(Config{})
	require.NoError(t, err)
	w := c.NewWallet()
	c.clock.Advance(2 * day)
	assert.Equal(t, "status-unknown", scan(t, gate(t, c, "bus"), shownBy(t, w, "universal")).Reason)
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			assert.NoError(t, c.KeepCurrent())
			assert.NoError(t, gate(t, c, "metro").SetOnline(true))
		})
	}
	wait.Wait()
	assert.True(t, scan(t, gate(t, c, "bus"), shownBy(t, w, "universal")).Allow)
	assert.EqualValues(t, 2, c.home.trusts, "one issue for all of them")
}

// An old bulletin replaces nothing.
func TestTakeRefusesARollback(t *testing.T) {
	c, err := New(Config{})
	require.NoError(t, err)
	old := c.newest()
	require.NoError(t, c.publish())
	require.NoError(t, c.bus.update())
	var refused *citycode.ListError
	require.ErrorAs(t, c.bus.take(old), &refused)
	assert.Equal(t, citycode.ListRollback, refused.Reason)
	mixed := &bulletin{trust: c.newest().trust, status: old.status}
	assert.ErrorContains(t, c.bus.take(mixed), "old status list")
	assert.True(t, scan(t, c.bus, shownBy(t, c.NewWallet(), "transit")).Allow)
}

// No two people and no two purposes share a key, an index or a pseudonym.
func TestPassesShareNothing(t *testing.T) {
	c, err := New(Config{})
	require.NoError(t, err)
	p := &cast{City: c, ride: make(map[*Citizen]*Pass), park: make(map[*Citizen]*Pass), clinic: make(map[*Citizen]*Pass)}
	require.NoError(t, p.assemble())
	keys, indices, subjects := make(map[citycode.PublicKey]bool), make(map[uint32]bool), make(map[string]bool)
	n := 0
	for _, passes := range []map[*Citizen]*Pass{p.ride, p.park, p.clinic} {
		for _, pass := range passes {
			n++
			keys[pass.key.PublicKey()], indices[pass.claims.Index], subjects[string(pass.claims.Subject)] = true, true, true
			assert.Equal(t, midnight(c.Now()), pass.claims.IssuedAt, "the second of issue would be a name")
		}
	}
	assert.Len(t, keys, n)
	assert.Len(t, indices, n)
	assert.Len(t, subjects, n)
}

func TestRegister(t *testing.T) {
	id, err := citycode.NewKeyID(Home, 1)
	require.NoError(t, err)
	r, err := newRegister(id)
	require.NoError(t, err)
	seen := make(map[uint32]bool)
	ascending := 0
	last := uint32(0)
	for range registerSize {
		i, err := r.next()
		require.NoError(t, err)
		require.False(t, seen[i])
		seen[i] = true
		if i == last+1 {
			ascending++
		}
		last = i
	}
	assert.Less(t, ascending, 50, "the order says nothing")
	_, err = r.next()
	assert.Error(t, err)
}

func TestClock(t *testing.T) {
	c := NewClock(time.Date(2026, 11, 23, 6, 0, 0, 0, time.UTC))
	assert.Equal(t, 14, c.Now().Hour(), "it shows the time of the city")
	c.Advance(time.Hour)
	c.Advance(-2 * time.Hour)
	assert.Equal(t, 15, c.Now().Hour())
	assert.Equal(t, time.Hour, c.Elapsed())

	wall := WallClock()
	before, elapsed := wall.Now(), wall.Elapsed()
	assert.InDelta(t, time.Now().Unix(), before.Unix(), 2)
	time.Sleep(2 * time.Millisecond)
	assert.Greater(t, wall.Elapsed(), elapsed)
	wall.Advance(time.Hour)
	assert.GreaterOrEqual(t, wall.Now().Sub(before), time.Hour)
}

// A journal forgets what could not be shown again anyway.
func TestJournalIsBounded(t *testing.T) {
	clock := NewClock(time.Date(2026, 11, 23, 6, 0, 0, 0, Zone))
	s, err := newStation(clock)
	require.NoError(t, err)
	for i := range 100_000 {
		clock.Advance(time.Second)
		require.NoError(t, s.Append(citycode.Accepted{Counter: uint32(i), Until: clock.Now().Unix() + 90}))
	}
	assert.Less(t, len(s.journal), 5000)
	assert.EqualValues(t, 99_999, s.journal[len(s.journal)-1].Counter)
}

// On a picture with a poster's code and a citizen code the citizen code counts.
func TestReadPictures(t *testing.T) {
	c, err := New(Config{})
	require.NoError(t, err)
	picture := shownBy(t, c.NewWallet(), "transit")
	token, _, _, refused, err := read(picture, nil, qr.ReadOptions{})
	require.NoError(t, err)
	require.Nil(t, refused)
	_, err = citycode.ParseToken(token)
	require.NoError(t, err)

	for text, reason := range map[string]qr.Reason{"https://example.org/": qr.ReasonNotCitizenCode, "CC1:": qr.ReasonNotCitizenCode} {
		symbol, err := qr.NewSymbol(text, qr.Options{})
		require.NoError(t, err)
		file, err := symbol.PNG(4)
		require.NoError(t, err)
		_, _, _, refused, err := read(file, nil, qr.ReadOptions{})
		require.NoError(t, err)
		assert.Contains(t, []string{string(reason), string(qr.ReasonTokenSize), string(qr.ReasonMalformedText)}, refused.Reason, text)
		assert.NotEmpty(t, refused.Message.Zh)
	}
	var unread *qr.Error
	_, _, _, _, err = read([]byte("no picture"), nil, qr.ReadOptions{})
	assert.ErrorAs(t, err, &unread)

	// Two citizen codes side by side: nobody but the citizen may choose. A
	// reader that reports one code only takes that one.
	left, err := png.Decode(bytes.NewReader(picture))
	require.NoError(t, err)
	right, err := png.Decode(bytes.NewReader(shownBy(t, c.NewWallet(), "transit")))
	require.NoError(t, err)
	w := left.Bounds().Dx()
	both := image.NewGray(image.Rect(0, 0, 2*w, left.Bounds().Dy()))
	draw.Draw(both, both.Bounds(), left, image.Point{}, draw.Src)
	draw.Draw(both, both.Bounds().Add(image.Pt(w, 0)), right, image.Point{}, draw.Src)
	var file bytes.Buffer
	require.NoError(t, png.Encode(&file, both))
	if d := scan(t, gate(t, c, "metro"), file.Bytes()); d.Reason != SeveralCodes {
		assert.Contains(t, []string{"ok", "no-code"}, d.Reason)
	}
}
