package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/citizencode/citizencode/citycode"
)

// FloorName is the file in a terminal's state directory that keeps its floor.
const FloorName = "floor.json"

const maxFloorFile = 256 << 10

// A floor is what a terminal must never go back behind: the highest version of
// every list that it accepted, and the highest time that anybody signed. An
// old trust list that is put back would list a key that was taken off it.
type floor struct {
	city    int
	trust   citycode.Version
	status  map[statusName]citycode.Version
	time    int64
	changed bool
}

// A statusName says which status list is meant.
type statusName struct {
	issuer citycode.KeyID
	list   uint8
}

type floorFile struct {
	City   int          `json:"city"`
	Trust  versionJSON  `json:"trust"`
	Status []statusJSON `json:"status"`
	Time   time.Time    `json:"time"`
}

type versionJSON struct {
	Epoch   uint32 `json:"epoch"`
	Counter uint32 `json:"counter"`
}

type statusJSON struct {
	Issuer  string      `json:"issuer"`
	List    uint8       `json:"list"`
	Version versionJSON `json:"version"`
}

// readFloor reads floor.json. A terminal that was never started has none.
func readFloor(path string) (*floor, error) {
	b, err := ReadFile(path, maxFloorFile)
	if errors.Is(err, fs.ErrNotExist) {
		return &floor{status: make(map[statusName]citycode.Version)}, nil
	}
	if err != nil {
		return nil, err
	}
	f, err := parseFloor(b)
	if err != nil {
		return nil, &DamagedError{path, err}
	}
	return f, nil
}

func parseFloor(b []byte) (*floor, error) {
	var file floorFile
	if err := parseJSON(b, &file); err != nil {
		return nil, err
	}
	// A floor of nothing would forget everything without a word.
	if file.City < citycode.MinCity || file.City > citycode.MaxCity || file.Trust == (versionJSON{}) || file.Time.Unix() <= 0 {
		return nil, errors.New("it names no city, no version or no time")
	}
	f := &floor{city: file.City, trust: citycode.Version(file.Trust), status: make(map[statusName]citycode.Version), time: file.Time.Unix()}
	for _, s := range file.Status {
		issuer, err := citycode.ParseKeyID(s.Issuer)
		if err != nil {
			return nil, err
		}
		name := statusName{issuer, s.List}
		if _, twice := f.status[name]; twice {
			return nil, fmt.Errorf("status list %d of %s stands twice", s.List, issuer)
		}
		f.status[name] = citycode.Version(s.Version)
	}
	return f, nil
}

// write makes the floor durable.
func (f *floor) write(path string) error {
	file := floorFile{City: f.city, Trust: versionJSON(f.trust), Time: time.Unix(f.time, 0).UTC(), Status: []statusJSON{}}
	for _, name := range sortedNames(f.status) {
		file.Status = append(file.Status, statusJSON{name.issuer.String(), name.list, versionJSON(f.status[name])})
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return writeJSON(path, file, Secret)
}

// raise takes note of the lists that are about to be used.
func (f *floor) raise(l *Lists) {
	f.city = l.Roots.City
	if v := l.Trust.Version(); f.trust.Before(v) {
		f.trust, f.changed = v, true
	}
	f.raiseTime(l.Trust.IssuedAt())
	for _, s := range l.Status {
		name := statusName{s.Issuer(), s.List()}
		if v := s.Version(); f.status[name].Before(v) {
			f.status[name], f.changed = v, true
		}
		f.raiseTime(s.IssuedAt())
	}
}

func (f *floor) raiseTime(t time.Time) {
	if s := t.Unix(); s > f.time {
		f.time, f.changed = s, true
	}
}
