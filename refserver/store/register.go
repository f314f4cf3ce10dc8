package store

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"slices"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/refserver/slot"
)

const maxRegisterFile = 64 << 20

// A Register is what an authority must never forget: which status indices of
// each issuer key are given out, in an order that only it knows, the version
// of each list that it has signed, and who is suspended or revoked. Every change is on disk before the method that
// makes it returns, so a crash can waste an index or a version and never use
// one twice.
//
// An open Register holds the lock of its file; Close it.
type Register struct {
	path string
	lock *lock
	file registerFile
}

type registerFile struct {
	City     int            `json:"city"`
	Epoch    uint32         `json:"epoch"`    // of the root keys
	Trust    uint32         `json:"trust"`    // counter of the last trust list
	Snapshot uint32         `json:"snapshot"` // counter of the last snapshot
	Seals    uint64         `json:"seals"`    // that the seal key has made
	Lists    []registerList `json:"lists"`
}

type registerList struct {
	Issuer    string   `json:"issuer"`
	List      uint8    `json:"list"`
	Size      uint32   `json:"size"`    // entries of the list
	Order     string   `json:"order"`   // key of the order of the indices, in hex
	Next      uint32   `json:"next"`    // how many indices were given out
	Version   uint32   `json:"version"` // counter of the last list
	Suspended []uint32 `json:"suspended"`
	Revoked   []uint32 `json:"revoked"`
}

// CreateRegister writes the register of a new city: one status list 0 of size
// entries for each issuer key, and no list signed yet. It never replaces one.
func CreateRegister(path string, city int, size uint32, issuers ...citycode.KeyID) error {
	file := registerFile{City: city, Epoch: 1}
	for _, id := range issuers {
		order := make([]byte, slot.KeySize)
		rand.Read(order)
		file.Lists = append(file.Lists, registerList{Issuer: id.String(), Size: size, Order: hex.EncodeToString(order), Suspended: []uint32{}, Revoked: []uint32{}})
	}
	if err := file.check(); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if _, err := os.Lstat(path); err == nil {
		return &fs.PathError{Op: "create", Path: path, Err: fs.ErrExist}
	}
	return writeJSON(path, file, Secret)
}

// OpenRegister reads a register and keeps others from changing it.
func OpenRegister(ctx context.Context, path string) (*Register, error) {
	// Without this look a mistyped directory would be given a lock file.
	if _, err := os.Stat(path); err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: plain(err)}
	}
	lock, err := lockFile(ctx, path)
	if err != nil {
		return nil, err
	}
	r := &Register{path: path, lock: lock}
	b, err := ReadFile(path, maxRegisterFile)
	if err == nil {
		if err = parseRegister(b, &r.file); err != nil {
			err = &DamagedError{path, err}
		}
	}
	if err != nil {
		lock.unlock()
		return nil, err
	}
	return r, nil
}

func parseRegister(b []byte, file *registerFile) error {
	if err := parseJSON(b, file); err != nil {
		return err
	}
	return file.check()
}

// check finds a register that was edited into giving an index out twice.
func (f *registerFile) check() error {
	if f.City < citycode.MinCity || f.City > citycode.MaxCity || f.Epoch == 0 {
		return errors.New("it names no city or no epoch")
	}
	seen := make(map[statusName]bool)
	for _, l := range f.Lists {
		issuer, err := citycode.ParseKeyID(l.Issuer)
		if err != nil {
			return err
		}
		name := statusName{issuer, l.List}
		switch {
		case issuer.City() != f.City:
			return fmt.Errorf("key %s is not of city %06d", issuer, f.City)
		case seen[name]:
			return fmt.Errorf("status list %d of %s stands twice", l.List, issuer)
		case l.Size > citycode.MaxStatusEntries || l.Next > l.Size:
			return fmt.Errorf("status list %d of %s: %d indices of %d are given out", l.List, issuer, l.Next, l.Size)
		}
		seen[name] = true
		order, err := l.order()
		if err != nil {
			return fmt.Errorf("status list %d of %s: %w", l.List, issuer, err)
		}
		for _, set := range [][]uint32{l.Suspended, l.Revoked} {
			for i, index := range set {
				if index >= l.Size || order.Place(index) >= l.Next || i > 0 && set[i-1] >= index {
					return fmt.Errorf("status list %d of %s: index %d was never given out, or does not ascend", l.List, issuer, index)
				}
			}
		}
		for _, index := range l.Suspended {
			if _, both := slices.BinarySearch(l.Revoked, index); both {
				return fmt.Errorf("status list %d of %s: index %d is suspended and revoked", l.List, issuer, index)
			}
		}
	}
	return nil
}

// order returns the order in which the indices of the list are given out.
func (l *registerList) order() (*slot.Order, error) {
	key, err := hex.DecodeString(l.Order)
	if err != nil || hex.EncodeToString(key) != l.Order {
		return nil, errors.New("the key of its order is not hexadecimal")
	}
	return slot.NewOrder(key, l.Size)
}

// Close lets others change the register.
func (r *Register) Close() { r.lock.unlock() }

// City returns the GB/T 2260 code.
func (r *Register) City() int { return r.file.City }

// Trust returns the version of the last trust list that was signed, or is
// being signed.
func (r *Register) Trust() citycode.Version {
	return citycode.Version{Epoch: r.file.Epoch, Counter: r.file.Trust}
}

// NextTrust reserves the version of the next trust list.
func (r *Register) NextTrust() (citycode.Version, error) { return r.nextVersion(&r.file.Trust) }

// NextSnapshot reserves the version of the next snapshot.
func (r *Register) NextSnapshot() (citycode.Version, error) {
	return r.nextVersion(&r.file.Snapshot)
}

func (r *Register) nextVersion(counter *uint32) (citycode.Version, error) {
	if *counter == math.MaxUint32 {
		return citycode.Version{}, fmt.Errorf("%s: no version is left in this epoch", r.path)
	}
	*counter++
	return citycode.Version{Epoch: r.file.Epoch, Counter: *counter}, r.save()
}

// NextSeal counts a seal before it is made and returns how many there were.
func (r *Register) NextSeal() (uint64, error) {
	r.file.Seals++
	return r.file.Seals - 1, r.save()
}

// BeginEpoch begins to count anew under new root keys, with a trust list that
// they have signed already. It does nothing if that was done before.
func (r *Register) BeginEpoch(trust citycode.Version) error {
	if trust.Epoch <= r.file.Epoch {
		return nil
	}
	r.file.Epoch, r.file.Trust, r.file.Snapshot = trust.Epoch, trust.Counter, 0
	for i := range r.file.Lists {
		r.file.Lists[i].Version = 0
	}
	return r.save()
}

// Reserve takes a free index of an issuer key. It is never given out
// again, whatever becomes of the credential.
func (r *Register) Reserve(issuer citycode.KeyID) (citycode.Serial, error) {
	list, err := r.ReserveMany(issuer, 1)
	if err != nil {
		return citycode.Serial{}, err
	}
	return list[0], nil
}

// ReserveMany takes up to n free indices of one list at once, at least one, for an
// issuer of many: the register is written once for all of them.
func (r *Register) ReserveMany(issuer citycode.KeyID, n int) ([]citycode.Serial, error) {
	for i := range r.file.Lists {
		l := &r.file.Lists[i]
		if l.Issuer != issuer.String() || l.Next >= l.Size {
			continue
		}
		order, err := l.order()
		if err != nil {
			return nil, err
		}
		var list []citycode.Serial
		for ; len(list) < max(1, n) && l.Next < l.Size; l.Next++ {
			list = append(list, citycode.Serial{Issuer: issuer, List: l.List, Index: order.At(l.Next)})
		}
		return list, r.save()
	}
	return nil, fmt.Errorf("%s: no status index is left for key %s", r.path, issuer)
}

// Lists calls yield with the issuer key and the number of each status list.
func (r *Register) Lists(yield func(citycode.KeyID, uint8) bool) {
	for _, l := range r.file.Lists {
		issuer, _ := citycode.ParseKeyID(l.Issuer) // checked when it was read
		if !yield(issuer, l.List) {
			return
		}
	}
}

// Status returns the version of the last issue of a status list.
func (r *Register) Status(issuer citycode.KeyID, list uint8) (citycode.Version, error) {
	l, err := r.find(issuer, list)
	if err != nil {
		return citycode.Version{}, err
	}
	return citycode.Version{Epoch: r.file.Epoch, Counter: l.Version}, nil
}

// NextStatus reserves the version of the next issue of a status list and
// returns it with the states to be signed.
func (r *Register) NextStatus(issuer citycode.KeyID, list uint8) (citycode.Version, *citycode.StatusRegister, error) {
	fail := func(err error) (citycode.Version, *citycode.StatusRegister, error) {
		return citycode.Version{}, nil, err
	}
	l, err := r.find(issuer, list)
	if err != nil {
		return fail(err)
	}
	states, err := citycode.NewStatusRegister(issuer, list, int(l.Size))
	if err != nil {
		return fail(err)
	}
	for _, index := range l.Suspended {
		err = errors.Join(err, states.Set(index, citycode.StatusSuspended))
	}
	for _, index := range l.Revoked {
		err = errors.Join(err, states.Set(index, citycode.StatusRevoked))
	}
	if err != nil {
		return fail(err)
	}
	version, err := r.nextVersion(&l.Version)
	return version, states, err
}

// SetStatus changes the state of a credential that was issued. A revocation is
// for good.
func (r *Register) SetStatus(s citycode.Serial, status citycode.Status) error {
	l, err := r.find(s.Issuer, s.List)
	if err != nil {
		return err
	}
	order, err := l.order()
	if err != nil {
		return err
	}
	if s.Index >= l.Size || order.Place(s.Index) >= l.Next {
		return fmt.Errorf("%s: %s was never issued", r.path, s)
	}
	suspended, isSuspended := slices.BinarySearch(l.Suspended, s.Index)
	revoked, isRevoked := slices.BinarySearch(l.Revoked, s.Index)
	if isRevoked {
		if status == citycode.StatusRevoked {
			return nil
		}
		return fmt.Errorf("%s: %s is revoked for good", r.path, s)
	}
	if isSuspended {
		l.Suspended = slices.Delete(l.Suspended, suspended, suspended+1)
	}
	switch status {
	case citycode.StatusValid:
	case citycode.StatusSuspended:
		l.Suspended = slices.Insert(l.Suspended, suspended, s.Index)
	case citycode.StatusRevoked:
		l.Revoked = slices.Insert(l.Revoked, revoked, s.Index)
	default:
		return fmt.Errorf("%s: no state %s", r.path, status)
	}
	return r.save()
}

func (r *Register) find(issuer citycode.KeyID, list uint8) (*registerList, error) {
	for i := range r.file.Lists {
		if l := &r.file.Lists[i]; l.Issuer == issuer.String() && l.List == list {
			return l, nil
		}
	}
	return nil, fmt.Errorf("%s: there is no status list %d of key %s", r.path, list, issuer)
}

func (r *Register) save() error { return writeJSON(r.path, r.file, Secret) }
