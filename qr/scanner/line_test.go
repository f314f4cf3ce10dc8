package scanner

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/citizencode/citizencode/qr"
)

var noon = time.Unix(1_800_000_000, 0)

// However a port cuts the stream into reads, and whatever ends a scan, the same tokens come out once each.
func TestLineFrames(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		l, err := NewLine(Options{Prefix: "<", Suffix: ">"})
		require.NoError(t, err)
		var stream []byte
		var want [][]byte
		for range rapid.IntRange(1, 4).Draw(t, "scans") {
			token := someToken(r, qr.MinToken+r.IntN(100))
			text, base45, err := "", "", error(nil)
			text, err = qr.EncodeDecimal(token)
			require.NoError(t, err)
			base45, err = qr.EncodeBase45(token)
			require.NoError(t, err)
			text = rapid.SampledFrom([]string{"<" + text + ">", "<]Q1" + text + ">", "<]Q1" + base45 + ">"}).Draw(t, "text")
			stream = append(stream, rapid.SampledFrom([]string{"%\r", "%\n", "%\r\n", "\r\n%\r\n", "%\t", "\x02%\x03", "\x02%\x03\r\n", "%\x00", "\x02%\r\x03"}).Draw(t, "frame")...)
			at := bytes.LastIndexByte(stream, '%')
			stream = append(stream[:at:at], append([]byte(text), stream[at+1:]...)...)
			want = append(want, token)
		}
		var got [][]byte
		at := noon
		for len(stream) > 0 {
			n := min(len(stream), rapid.IntRange(1, 200).Draw(t, "read"))
			for _, s := range l.Push(stream[:n], at) {
				require.NoError(t, s.Err)
				got = append(got, s.Token)
			}
			stream, at = stream[n:], at.Add(DefaultIdle-1)
		}
		require.Equal(t, want, got)
		_, left := l.Close()
		require.False(t, left)
	})
}

// Without a line end a pause ends a scan, and only a pause.
func TestLinePause(t *testing.T) {
	token := someToken(rand.New(rand.NewPCG(10, 0)), 95)
	text, _ := texts(t, token)
	l, err := NewLine(Options{Idle: 20 * time.Millisecond})
	require.NoError(t, err)
	at := noon
	for i := range len(text) {
		require.Empty(t, l.Push([]byte{text[i]}, at))
		at = at.Add(19 * time.Millisecond)
	}
	require.Empty(t, l.Push(nil, at))
	scans := l.Push(nil, at.Add(time.Millisecond))
	require.Len(t, scans, 1)
	assert.Equal(t, token, scans[0].Token)
	require.Empty(t, l.Push(nil, at.Add(time.Hour)), "once")
	// The next scan's first byte may be what ends it; half a scan is half a scan.
	at = at.Add(2 * time.Hour)
	l.Push([]byte(text[:100]), at)
	scans = l.Push([]byte(text+"\r"), at.Add(time.Second))
	require.Len(t, scans, 2)
	assert.Error(t, scans[0].Err)
	assert.Equal(t, token, scans[1].Token)
	// STX ends what was not ended.
	scans = l.Push([]byte(text[:100]+"\x02"+text+"\x03"), at.Add(2*time.Second))
	require.Len(t, scans, 2)
	assert.Error(t, scans[0].Err)
	assert.Equal(t, token, scans[1].Token)
	// A clock that is set back neither ends a scan nor keeps one for ever.
	l.Push([]byte(text), at.Add(3*time.Second))
	require.Empty(t, l.Push(nil, noon))
	scans = l.Push(nil, noon.Add(time.Second))
	require.Len(t, scans, 1)
	assert.Equal(t, token, scans[0].Token)
}

// A stream that never ends costs no memory and hides nothing that comes after it.
func TestLineIsBounded(t *testing.T) {
	token := someToken(rand.New(rand.NewPCG(11, 0)), 95)
	text, _ := texts(t, token)
	for _, start := range []string{"", "\x02"} {
		l, err := NewLine(Options{})
		require.NoError(t, err)
		l.Push([]byte(start), noon)
		var scans []Scan
		for range 40 {
			scans = append(scans, l.Push(bytes.Repeat([]byte("7"), 4096), noon)...)
		}
		require.Len(t, scans, 1, "said once")
		assert.Equal(t, qr.ReasonIncompleteScan, reasonOf(t, scans[0].Err))
		assert.LessOrEqual(t, cap(l.buffer), 2*MaxScan)
		scans = l.Push([]byte("\x03\r"+text+"\r"), noon)
		require.Len(t, scans, 1)
		assert.Equal(t, token, scans[0].Token)
	}
}

func typeAll(k *Keyboard, text string, at *time.Time, gap time.Duration) (scans []Scan) {
	for _, r := range text {
		scans = append(scans, k.Push(r, *at)...)
		*at = at.Add(gap)
	}
	return scans
}

// What a person typed into the field before is not a part of the scan, and a scan without Enter ends with a pause.
func TestKeyboardFrames(t *testing.T) {
	token := someToken(rand.New(rand.NewPCG(12, 0)), 95)
	text, base45 := texts(t, token)
	k, err := NewKeyboard(Options{})
	require.NoError(t, err)
	at := noon
	scans := typeAll(k, "Zhang", &at, 300*time.Millisecond)
	scans = append(scans, typeAll(k, text+"\r", &at, 8*time.Millisecond)...)
	require.NotEmpty(t, scans)
	for _, s := range scans[:len(scans)-1] {
		assert.Equal(t, qr.ReasonNotCitizenCode, reasonOf(t, s.Err))
	}
	assert.Equal(t, token, scans[len(scans)-1].Token)
	require.Empty(t, typeAll(k, "\n\t", &at, 8*time.Millisecond), "nothing stands between line ends")

	require.Empty(t, typeAll(k, base45, &at, 16*time.Millisecond))
	require.Empty(t, k.Pause(at))
	scans = k.Pause(at.Add(DefaultIdle))
	require.Len(t, scans, 1)
	assert.Equal(t, token, scans[0].Token)
	require.Empty(t, k.Pause(at.Add(time.Hour)))

	at = at.Add(time.Hour)
	scans = typeAll(k, strings.Repeat("７", MaxScan/3+40), &at, time.Millisecond)
	require.Len(t, scans, 1)
	assert.Equal(t, qr.ReasonIncompleteScan, reasonOf(t, scans[0].Err))
	scans = typeAll(k, "\r"+text+"\r", &at, time.Millisecond)
	require.Len(t, scans, 1)
	assert.Equal(t, token, scans[0].Token)
}

// reports returns what a USB keyboard with the US layout sends: key down, key up.
func reports(t testing.TB, text string) (all []Report) {
	t.Helper()
	const us = "abcdefghijklmnopqrstuvwxyz1234567890"
	usage := map[rune][2]byte{'\r': {0, 0x28}, ' ': {0, 0x2C}, '-': {0, 0x2D}, ']': {0, 0x30}, '.': {0, 0x37}, '/': {0, 0x38},
		'$': {2, 0x21}, '%': {2, 0x22}, '*': {2, 0x25}, '+': {2, 0x2E}, ':': {0x20, 0x33}}
	for i, r := range us {
		usage[r] = [2]byte{0, byte(4 + i)}
		if i < 26 {
			usage[r-32] = [2]byte{2, byte(4 + i)}
		}
	}
	for _, r := range text {
		u, ok := usage[r]
		require.True(t, ok, "%q", r)
		all = append(all, Report{u[0], 0, u[1]}, Report{})
	}
	return all
}

// Keys themselves know no layout.
func TestKeyboardReports(t *testing.T) {
	token := someToken(rand.New(rand.NewPCG(13, 0)), 200)
	text, base45 := texts(t, token)
	k, err := NewKeyboard(Options{})
	require.NoError(t, err)
	send := func(all []Report) (scans []Scan) {
		for _, r := range all {
			scans = append(scans, k.Report(r, noon)...)
		}
		return scans
	}
	for _, in := range []string{text, base45, "]Q1" + text, "]Q1" + base45} {
		all := reports(t, in+"\r")
		scans := send(all)
		require.Len(t, scans, 1)
		require.NoError(t, scans[0].Err)
		assert.Equal(t, token, scans[0].Token)
		// A report that is sent twice is one key, since the key was not let go.
		twice := append([]Report{all[0]}, all...)
		scans = send(twice)
		require.Len(t, scans, 1)
		assert.Equal(t, token, scans[0].Token)
	}
	// Fast scanners press the next key before they let go of the last.
	var rolled []Report
	last := byte(0)
	for _, r := range reports(t, text) {
		if r[2] == last && last != 0 {
			rolled = append(rolled, Report{})
			last = 0
		}
		if r[2] != 0 {
			rolled = append(rolled, Report{0, 0, last, r[2]}, Report{0, 0, r[2]})
			last = r[2]
		}
	}
	scans := send(append(rolled, Report{}, Report{0, 0, 0x28}, Report{}))
	require.Len(t, scans, 1)
	assert.Equal(t, token, scans[0].Token)
	// Keys of the number pad, shortcuts, and control characters typed with Ctrl.
	all := reports(t, text)
	for i := range all {
		if key := all[i][2]; key != 0 {
			all[i][2] = key - 0x1E + 0x59
		}
	}
	all = append(all, Report{0x04, 0, 0x04}, Report{}, Report{0x01, 0, 0x10}, Report{})
	scans = send(all)
	require.Len(t, scans, 1)
	assert.Equal(t, token, scans[0].Token)
	// Keys that went lost are said to be lost.
	all = reports(t, text+"\r")
	all[40] = Report{0, 0, 1, 1, 1, 1, 1, 1}
	scans = send(all)
	require.Len(t, scans, 1)
	assert.Equal(t, qr.ReasonIncompleteScan, reasonOf(t, scans[0].Err))
	assert.Empty(t, scans[0].Content)
}
