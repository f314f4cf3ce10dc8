package parking

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/eventlog"
	"github.com/citizencode/citizencode/scenarios/parking/tariff"
)

// MaxRequestKey is how long the key of a request may be, in bytes; that of a
// visit may be as long as it likes. MaxRequest is how long a request may be, as
// JSON.
const (
	MaxRequestKey = 256
	MaxRequest    = 4 << 10
)

// do answers a request: as it was answered before, or else as decide says, with
// the facts that follow. request, where it is not nil, must be the same again.
func (s *Scenario) do(ctx context.Context, space, key string, request any, at time.Time, decide func(st *state) (*scenarios.Decision, []fact, error)) (*scenarios.Decision, error) {
	asked := ""
	if request != nil {
		if key == "" || len(key) > MaxRequestKey {
			return nil, badRequest("key", "not 1 to "+fmt.Sprint(MaxRequestKey)+" bytes")
		}
		b, err := json.Marshal(request)
		if err != nil {
			return nil, err
		}
		if len(b) > MaxRequest {
			return nil, badRequest("request", "too long")
		}
		// Under the key: what is asked may be a plate, and there are few enough
		// of them to try all.
		asked = s.seal.print(fmt.Sprintf("%T %s", request, b))
	}
	name := space + digest(key)
	var d *scenarios.Decision
	err := s.stream.Change(ctx, func() ([]eventlog.Event, error) {
		if old := s.state.replies[name]; old != nil {
			if d = old.decision; old.request != asked {
				d = refuse(KeyReused)
			}
			return nil, nil
		}
		reply, facts, err := decide(s.state)
		if d = reply; err != nil || len(facts) == 0 {
			return nil, err
		}
		return s.state.stage(name, at, asked, reply, facts)
	})
	if err != nil {
		return nil, err
	}
	if err := s.finish(ctx); err != nil {
		return nil, err
	}
	again := *d // the one in the state is not the caller's
	return &again, nil
}

// finish does what follows from events elsewhere.
func (s *Scenario) finish(ctx context.Context) error {
	if err := s.endReservations(ctx); err != nil {
		return err
	}
	return s.post(ctx)
}

func checkClass(path string, c tariff.Class) error {
	switch c {
	case "", tariff.Small, tariff.Large, tariff.NewEnergy, tariff.NewEnergyLarge, tariff.Disabled, tariff.Motorcycle, tariff.Emergency:
		return nil
	}
	return &scenarios.RequestError{Path: path, Err: errors.New("unknown class")}
}

func badRequest(path, why string) error {
	return &scenarios.RequestError{Path: path, Err: errors.New(why)}
}

// isPerson reports whether a word may be a citizen's pseudonym. What begins as
// the plates of people whom nobody knows do, is none.
func isPerson(s string) bool { return isWord(s) && !strings.HasPrefix(s, platePayer) }
