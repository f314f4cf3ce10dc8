package citycode

import (
	"encoding/binary"
	"fmt"
	"math"
	"time"

	"github.com/citizencode/citizencode/citycode/internal/wire"
)

// A Version orders the issues of a signed list (SPEC §6.2). A higher root epoch
// is newer whatever the counters say: a list that was pushed to the highest
// counter is overtaken by a new root.
type Version struct {
	Epoch   uint32 // of the root keys
	Counter uint32 // within the epoch
}

// Before reports whether v is older than w.
func (v Version) Before(w Version) bool {
	return v.Epoch < w.Epoch || v.Epoch == w.Epoch && v.Counter < w.Counter
}

// String returns epoch and counter, as in 1.42.
func (v Version) String() string { return fmt.Sprintf("%d.%d", v.Epoch, v.Counter) }

// A ListReason says why a trust list or status list is refused (SPEC §6.5).
type ListReason uint8

// The list reasons of SPEC §6.5, in the order of the checks.
const (
	ListMalformed     ListReason = 1
	ListUnsupported   ListReason = 2
	ListForeignCity   ListReason = 3
	ListUnknownSigner ListReason = 4
	ListBadSignature  ListReason = 5
	ListRollback      ListReason = 6
	ListWrongBase     ListReason = 7
)

var listReasonNames = map[ListReason]string{
	ListMalformed: "list-malformed", ListUnsupported: "list-unsupported", ListForeignCity: "list-foreign-city",
	ListUnknownSigner: "list-unknown-signer", ListBadSignature: "list-bad-signature", ListRollback: "list-rollback",
	ListWrongBase: "list-wrong-base",
}

// String returns the word of SPEC §6.5.
func (r ListReason) String() string {
	if name, ok := listReasonNames[r]; ok {
		return name
	}
	return fmt.Sprintf("list-reason-%d", uint8(r))
}

// A ListError is the refusal of a trust list or status list. A refused list
// never replaces the one in use.
type ListError struct {
	List   string // "trust list" or "status list"
	Reason ListReason
	Err    error
}

// Error names the list and the reason.
func (e *ListError) Error() string {
	return fmt.Sprintf("citycode: %s: %s: %v", e.List, e.Reason, e.Err)
}

// Unwrap returns the detail.
func (e *ListError) Unwrap() error { return e.Err }

func listError(list string, r ListReason, format string, args ...any) error {
	return &ListError{List: list, Reason: r, Err: fmt.Errorf(format, args...)}
}

// seconds returns t on the wire: u32 seconds since 1970 UTC, to 2106 (SPEC §1.1).
func seconds(what string, t time.Time) (uint32, error) {
	s := t.Unix()
	if s < 0 || s > math.MaxUint32 {
		return 0, fmt.Errorf("citycode: %s %s is not between 1970 and 2106", what, t.UTC().Format(time.RFC3339))
	}
	return uint32(s), nil
}

func timeOf(s int64) time.Time { return time.Unix(s, 0).UTC() }

// The second byte of a list says which it is (SPEC §6.1).
const (
	kindTrust    = 'T'
	kindStatus   = 'S'
	kindDelta    = 'D'
	kindSnapshot = 'N'
	kindRoot     = 'R'
)

func readVersion(r *wire.Reader) Version { return Version{r.Uint32(), r.Uint32()} }

func readTime(r *wire.Reader) time.Time { return timeOf(int64(r.Uint32())) }

func appendVersion(b []byte, v Version) []byte {
	return binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(b, v.Epoch), v.Counter)
}

// openList begins to read a list: it has the right size, kind and version
// (SPEC §6.1).
func openList(msg []byte, name string, kind byte, most int) (*wire.Reader, error) {
	if len(msg) > most {
		return nil, listError(name, ListMalformed, "%d bytes, at most %d", len(msg), most)
	}
	r := wire.NewReader(msg)
	switch version, k := r.Uint8(), r.Uint8(); {
	case !r.OK() || version&0xf0 != 0x10 || k != kind:
		return nil, listError(name, ListMalformed, "it does not begin as a %s", name)
	case version != WireVersion:
		return nil, listError(name, ListUnsupported, "version %d", version&0x0f)
	}
	return r, nil
}
