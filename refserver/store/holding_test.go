package store

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/citycodetest"
)

// tell plays the bulletins from the one numbered from on to a holding, and returns
// how many sets it has taken since the beginning.
func (s *story) tell(d *crashDisk, from, to int) (taken int, h *Holding, err error) {
	if h, err = openHolding("state", d, nil); err != nil {
		return from, nil, err
	}
	for taken = from; taken < to; taken++ {
		if _, err := h.Update(s.bulletins[taken], s.roots); err != nil {
			return taken, h, err
		}
	}
	return taken, h, nil
}

// disks returns the disk before each bulletin and after the last one.
func (s *story) disks(t testing.TB) []*crashDisk {
	d := newCrashDisk()
	list := []*crashDisk{d.clone()}
	for i := range s.bulletins {
		_, _, err := s.tell(d, i, i+1)
		require.NoError(t, err)
		list = append(list, d.clone())
	}
	return list
}

// long asks for every outcome of every failure; without it there are samples.
var long = os.Getenv("CITIZENCODE_LONG") != ""

// stride is 1: every step. The race detector looks at a few.
func stride() int {
	if testing.Short() {
		return 7
	}
	return 1
}

// failAt plays one bulletin with a failure at a step and returns the disk.
func (s *story) failAt(disks []*crashDisk, at int, how failure) (d *crashDisk, taken int, h *Holding, err error) {
	from := 0
	for from+1 < len(s.bulletins) && disks[from+1].steps < at {
		from++
	}
	d = disks[from].clone()
	d.at, d.how = at, how
	taken, h, err = s.tell(d, from, from+1)
	return d, taken, h, err
}

func TestHolding(t *testing.T) {
	t.Parallel()
	s := theStory()
	require.Len(t, slices.Compact(slices.Clone(s.prints)), len(s.bulletins), "every set is another one: %v", s.prints)
	d := newCrashDisk()
	_, h, err := s.tell(d, 0, len(s.bulletins))
	require.NoError(t, err)
	lists, err := h.Lists()
	require.NoError(t, err)
	require.Equal(t, uint32(2), lists.Roots.Epoch)
	require.Len(t, lists.Foreign, 1)
	require.NotNil(t, lists.Snapshot)
	require.True(t, s.accepts(t, lists, s.code))
	require.True(t, s.accepts(t, lists, s.guest))

	// A start reads it back, and the same bulletin writes nothing.
	steps := d.steps
	h, err = openHolding("state", d, nil)
	require.NoError(t, err)
	again, err := h.Lists()
	require.NoError(t, err)
	require.Equal(t, s.prints[len(s.prints)-1], fingerprint(again))
	require.True(t, s.accepts(t, again, s.guest))
	_, err = h.Update(s.bulletins[len(s.bulletins)-1], s.roots)
	require.NoError(t, err)
	require.Equal(t, steps, d.steps)
	// Files that are of no use any more are gone.
	require.Len(t, d.live, 2+len(h.manifest.files()))
}

// Wherever the power fails, what is found afterwards is the set before the
// update or the set after it, never older than what was in use; it verifies,
// it refuses what is older and takes what is newer.
func TestHoldingCrash(t *testing.T) {
	t.Parallel()
	s := theStory()
	disks := s.disks(t)
	outcomes := 1
	if long {
		outcomes = 20
	}
	for at := 1; at <= disks[len(disks)-1].steps; at += stride() {
		for _, how := range []failure{crashBefore, crashAfter, crashTorn} {
			d, taken, _, err := s.failAt(disks, at, how)
			require.True(t, err == nil || errors.Is(err, errCrash), "%v", err)
			for seed := range uint64(outcomes) {
				s.checkAfter(t, d.restart(rand.New(rand.NewPCG(uint64(at), seed))), taken, fmt.Sprintf("step %d, failure %d, outcome %d", at, how, seed))
			}
		}
	}
}

// checkAfter opens what a crash has left after taken bulletins were taken.
func (s *story) checkAfter(t *testing.T, d *crashDisk, taken int, what string) {
	t.Helper()
	h, err := openHolding("state", d, nil)
	require.NoError(t, err, what)
	lists, err := h.Lists()
	require.NoError(t, err, what)
	holds := 0
	if lists != nil {
		print := fingerprint(lists)
		holds = slices.Index(s.prints, print) + 1
		require.NotZero(t, holds, "%s: a mixed set: %s", what, print)
		require.Equal(t, holds == len(s.prints), s.accepts(t, lists, s.guest), what)
	}
	require.True(t, holds == taken || holds == taken+1, "%s: holds set %d, set %d was in use", what, holds, taken)
	if holds > 1 {
		_, err := h.Update(s.bulletins[holds-2], s.roots)
		require.Error(t, err, what)
	}
	if holds < len(s.bulletins) {
		lists, err := h.Update(s.bulletins[holds], s.roots)
		require.NoError(t, err, what)
		require.Equal(t, s.prints[holds], fingerprint(lists), what)
	}
}

// A step that fails while the machine goes on leaves the old set in use, and
// the next update does it again.
func TestHoldingDiskFails(t *testing.T) {
	t.Parallel()
	s := theStory()
	disks := s.disks(t)
	for at := 1; at <= disks[len(disks)-1].steps; at += stride() {
		d, taken, h, err := s.failAt(disks, at, failStep)
		if h == nil || err == nil { // it could not begin, or could not tidy up
			continue
		}
		require.ErrorIs(t, err, errDisk)
		lists, err := h.Lists()
		require.NoError(t, err)
		if taken > 0 {
			require.Equal(t, s.prints[taken-1], fingerprint(lists))
		} else {
			require.Nil(t, lists)
		}
		what := fmt.Sprintf("step %d fails", at)
		s.checkAfter(t, d.restart(rand.New(rand.NewPCG(uint64(at), 1))), taken, what)
		_, err = h.Update(s.bulletins[taken], s.roots)
		require.NoError(t, err)
		s.checkAfter(t, d.restart(rand.New(rand.NewPCG(uint64(at), 2))), taken+1, "after "+what)
	}
}

// holdingOnDisk plays the story into a real directory.
func holdingOnDisk(t testing.TB, s *story) string {
	dir := filepath.Join(t.TempDir(), "state")
	h, err := OpenHolding(context.Background(), dir, nil)
	require.NoError(t, err)
	defer h.Close()
	for _, b := range s.bulletins {
		_, err := h.Update(b, s.roots)
		require.NoError(t, err)
	}
	return dir
}

// heldIn opens the set in a directory.
func heldIn(dir string) (*Lists, error) {
	h, err := OpenHolding(context.Background(), dir, nil)
	if err != nil {
		return nil, err
	}
	defer h.Close()
	return h.Lists()
}

// One manifest may be missing, torn, garbage or an old one: the other stands.
// Where both are, the terminal says so, begins nothing anew, and changes no file.
func TestManifestDamaged(t *testing.T) {
	t.Parallel()
	s := theStory()
	dir := holdingOnDisk(t, s)
	want := s.prints[len(s.prints)-1]
	first, second := filepath.Join(dir, ManifestName), filepath.Join(dir, copyName)
	whole, err := os.ReadFile(first)
	require.NoError(t, err)
	older := oldManifest(t, s)
	bad := []string{"", "x", string(whole[:len(whole)/2]), string(whole) + "\n", strings.Repeat("\x00", len(whole)), manifestHead, "missing"}
	damage := func(path, content string) {
		if content == "missing" {
			require.NoError(t, os.Remove(path))
			return
		}
		put(t, path, content)
	}
	for _, path := range []string{first, second} {
		for _, content := range append(slices.Clone(bad), string(older)) {
			damage(path, content)
			lists, err := heldIn(dir)
			require.NoError(t, err, "%.40q", content)
			require.Equal(t, want, fingerprint(lists))
			b, err := os.ReadFile(path)
			require.NoError(t, err)
			require.Equal(t, string(whole), string(b), "it is written again")
		}
	}
	for i, content := range bad {
		damage(first, content)
		damage(second, bad[(i+1)%len(bad)])
		before := tree(t, dir)
		_, err := heldIn(dir)
		var stale *StaleError
		require.ErrorAs(t, err, &stale)
		require.ErrorContains(t, err, dir)
		require.Equal(t, before, tree(t, dir))
		_, err = os.Stat(first)
		put(t, first, string(whole))
		put(t, second, string(whole))
	}
}

// oldManifest returns the manifest of the set before the last.
func oldManifest(t *testing.T, s *story) []byte {
	d := newCrashDisk()
	_, _, err := s.tell(d, 0, len(s.bulletins)-1)
	require.NoError(t, err)
	return d.live[ManifestName].data
}

// Every bit of a manifest is under its checksum, and no byte can be left off.
func TestManifestEveryBit(t *testing.T) {
	t.Parallel()
	b := oldManifest(t, theStory())
	_, err := parseManifest(b)
	require.NoError(t, err)
	for i := range b {
		for bit := range 8 {
			b[i] ^= 1 << bit
			_, err := parseManifest(b)
			require.Error(t, err, "bit %d of byte %d", bit, i)
			b[i] ^= 1 << bit
		}
		_, err := parseManifest(b[:i])
		require.Error(t, err)
	}
}

// A message that is damaged makes the whole set unusable, never a part of it;
// the terminal says trust-stale until it is given lists, and still refuses older
// ones.
func TestMessageDamaged(t *testing.T) {
	t.Parallel()
	s := theStory()
	dir := holdingOnDisk(t, s)
	last := len(s.bulletins) - 1
	names, err := filepath.Glob(filepath.Join(dir, "*"+messageExt))
	require.NoError(t, err)
	require.Greater(t, len(names), 8)
	for i, path := range names {
		whole, err := os.ReadFile(path)
		require.NoError(t, err)
		other, err := os.ReadFile(names[(i+1)%len(names)])
		require.NoError(t, err)
		flipped := bytes.Clone(whole)
		flipped[i%len(whole)] ^= 1
		for k, content := range []string{"missing", "", string(whole[:len(whole)-1]), string(flipped), string(other)} {
			if !long && (i+k)%3 != 0 {
				continue
			}
			if content == "missing" {
				require.NoError(t, os.Remove(path))
			} else {
				put(t, path, content)
			}
			h, err := OpenHolding(context.Background(), dir, nil)
			require.NoError(t, err)
			_, err = h.Lists()
			var stale *StaleError
			require.ErrorAs(t, err, &stale)
			require.ErrorContains(t, err, path)
			_, err = h.Update(s.bulletins[last-1], s.roots)
			require.Error(t, err, "what is remembered is not lost")
			stripped := *s.bulletins[last]
			stripped.Snapshot = nil
			_, err = h.Update(&stripped, s.roots)
			require.ErrorContains(t, err, SnapshotName, "nor that there is a snapshot")
			lists, err := h.Update(s.bulletins[last], s.roots)
			require.NoError(t, err)
			require.Equal(t, s.prints[last], fingerprint(lists))
			require.False(t, lists.First)
			h.Close()
			lists, err = heldIn(dir)
			require.NoError(t, err)
			require.Equal(t, s.prints[last], fingerprint(lists))
		}
	}
}

// What is refused leaves the set in use and the disk as they are.
func TestHoldingRefuses(t *testing.T) {
	t.Parallel()
	s := theStory()
	const held = 2 // bulletins
	next := func(change func(*Bulletin)) *Bulletin {
		b := *s.bulletins[held]
		b.Status, b.Deltas = slices.Clone(b.Status), slices.Clone(b.Deltas)
		change(&b)
		return &b
	}
	dalian := newWorld(t, 210200).publish()
	flip := func(m Message) Message {
		b := bytes.Clone(m.Bytes)
		b[len(b)-1] ^= 1
		return Message{m.Name, b}
	}
	first := s.bulletins[0]
	for name, c := range map[string]struct {
		b    *Bulletin
		want string
	}{
		"older":                     {s.bulletins[0], "trust: citycode: trust list: list-rollback"},
		"older snapshot":            {next(func(b *Bulletin) { b.Snapshot = first.Snapshot }), "snapshot: citycode: snapshot: list-rollback"},
		"no snapshot":               {next(func(b *Bulletin) { b.Snapshot = nil }), "list-wrong-base"},
		"damaged trust list":        {next(func(b *Bulletin) { m := flip(*b.Trust); b.Trust = &m }), "trust: citycode: trust list: list-bad-signature"},
		"damaged delta":             {next(func(b *Bulletin) { b.Deltas[1] = flip(b.Deltas[1]) }), "delta status-2-0.list: citycode: status delta: list-bad-signature"},
		"older whole list":          {next(func(b *Bulletin) { b.Deltas[0] = s.bulletins[1].Deltas[0] }), "the snapshot does not name status list 0 of 210100/1"},
		"trust list alone":          {&Bulletin{Publication: Publication{Trust: s.bulletins[held].Trust}}, "list-wrong-base"},
		"delta without its list":    {next(func(b *Bulletin) { b.Deltas[2] = dalian.Status[0] }), "follows a list that is not at hand"},
		"twice":                     {next(func(b *Bulletin) { b.Status = append(first.Status, first.Status[0]) }), "list 0 of 210100/1 stands twice"},
		"another city's trust list": {next(func(b *Bulletin) { b.Trust = dalian.Trust }), "list-foreign-city"},
		"another city's list":       {next(func(b *Bulletin) { b.Status = append(b.Status, dalian.Status[0]) }), "list-foreign-city"},
		"another city altogether":   {dalian, "list-foreign-city"},
		"root change of none":       {next(func(b *Bulletin) { b.Changes = []Message{{"change", []byte{0x11}}} }), "change: citycode: root change: list-malformed"},
		"later root change":         {s.bulletins[4], "list-unknown-signer"},
		"root change alone":         {&Bulletin{Changes: s.bulletins[3].Changes}, "list-unknown-signer"},
	} {
		d := newCrashDisk()
		_, h, err := s.tell(d, 0, held)
		require.NoError(t, err)
		steps := d.steps
		_, err = h.Update(c.b, s.roots)
		require.ErrorContains(t, err, c.want, name)
		require.Equal(t, steps, d.steps, name)
		lists, err := h.Lists()
		require.NoError(t, err)
		require.Equal(t, s.prints[held-1], fingerprint(lists), name)
		lists, err = h.Update(s.bulletins[held], s.roots)
		require.NoError(t, err)
		require.Equal(t, s.prints[held], fingerprint(lists), name)
	}
}

// Another city's lists that are refused leave its earlier ones in use, and this
// city's new ones are taken.
func TestForeignRefused(t *testing.T) {
	t.Parallel()
	w, neighbour := newWorld(t, citycodetest.Shenyang), newWorld(t, 210200)
	w.grant(neighbour)
	old := neighbour.publish().Publication
	newer := neighbour.publish().Publication
	abroad := func(p Publication) *Bulletin {
		b := w.publish()
		b.Foreign = map[int]Publication{neighbour.city.Code: p}
		return b
	}
	h, err := openHolding("state", newCrashDisk(), nil)
	require.NoError(t, err)
	lists, err := h.Update(abroad(newer), w.built())
	require.NoError(t, err)
	require.Empty(t, lists.Refused)
	broken := newer
	broken.Status = newer.Status[1:]
	own := w.publish().Publication
	for name, p := range map[string]Publication{"older": old, "incomplete": broken, "ours": own, "nothing": {Trust: &Message{"empty", nil}}} {
		b := abroad(p)
		lists, err = h.Update(b, nil)
		require.NoError(t, err, name)
		if name == "incomplete" { // what is held completes it
			require.Empty(t, lists.Refused)
		} else {
			require.Len(t, lists.Refused, 1, name)
		}
		require.Equal(t, w.city.Draft.Version, lists.Trust.Version())
		require.Len(t, lists.Foreign, 1)
		require.Equal(t, citycode.Version{Epoch: 1, Counter: 2}, lists.Foreign[0].Version(), name)
	}
	// A city that is granted nothing any more is forgotten at once.
	w.city.Draft.Grants = nil
	lists, err = h.Update(abroad(newer), nil)
	require.NoError(t, err)
	require.Empty(t, lists.Foreign)
	require.Len(t, lists.Status, 3)
}

// A status list whose signer has left the trust list ends with him.
func TestSignerLeaves(t *testing.T) {
	t.Parallel()
	w := newWorld(t, citycodetest.Shenyang)
	h, err := openHolding("state", newCrashDisk(), nil)
	require.NoError(t, err)
	_, err = h.Update(w.publish(), w.built())
	require.NoError(t, err)
	w.city.Draft.Entries = slices.DeleteFunc(w.city.Draft.Entries, func(e citycode.TrustEntry) bool { return e.Use == citycode.UseStatus })
	w.city.Draft.Previous = nil
	w.counter++
	w.city.Draft.Version.Counter = w.counter
	body, err := w.city.Draft.Body()
	require.NoError(t, err)
	_, err = h.Update(&Bulletin{Publication: Publication{Trust: &Message{"trust", w.city.SignTrust(body, 0, 1)}, Snapshot: nil}}, nil)
	require.Error(t, err, "a set without status lists is none")
}

const childEnv = "CITYCODE_HOLDING_CHILD"

// TestHoldingChild is no test: it is the process that TestHoldingKilled kills.
func TestHoldingChild(t *testing.T) {
	dir := os.Getenv(childEnv)
	if dir == "" {
		t.Skip("no test but the process that TestHoldingKilled starts")
	}
	w := newWorld(t, citycodetest.Shenyang)
	h, err := OpenHolding(context.Background(), dir, nil)
	require.NoError(t, err)
	lists, err := h.Lists()
	require.NoError(t, err)
	if lists != nil {
		w.counter = lists.Trust.Version().Counter
	}
	for range 10_000 {
		_, err := h.Update(w.publish(), w.built())
		require.NoError(t, err)
		fmt.Printf("holds %d\n", w.counter)
	}
}

// A process that is killed in the middle of its updates has left a whole set,
// at least as new as the last one that it said it had.
func TestHoldingKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("the child is another process: runs without -short")
	}
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "state")
	r := rand.New(rand.NewPCG(1, 2))
	said := 0
	for range 8 {
		cmd := exec.Command(os.Args[0], "-test.run=^TestHoldingChild$", "-test.count=1")
		cmd.Env = append(os.Environ(), childEnv+"="+dir)
		out, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		lines := bufio.NewScanner(out)
		// It goes on while this process reads: where it is killed, chance decides.
		for range 1 + r.IntN(5) {
			require.True(t, lines.Scan())
			n, err := strconv.Atoi(strings.TrimPrefix(lines.Text(), "holds "))
			require.NoError(t, err, lines.Text())
			said = n
		}
		require.NoError(t, cmd.Process.Kill())
		for lines.Scan() { // what it still said before it died
			if n, err := strconv.Atoi(strings.TrimPrefix(lines.Text(), "holds ")); err == nil {
				said = n
			}
		}
		require.Error(t, cmd.Wait())
		lists, err := heldIn(dir)
		require.NoError(t, err)
		v := lists.Trust.Version()
		require.Contains(t, []uint32{uint32(said), uint32(said) + 1}, v.Counter)
		require.Equal(t, v, lists.Snapshot.Version())
		for _, l := range lists.Status {
			require.Equal(t, v, l.Version())
		}
	}
}
