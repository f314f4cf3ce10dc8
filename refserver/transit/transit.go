// Package transit is the reference server of a transit operator (乘车): package
// scenarios/transit, the gates, and their back office, over HTTP. What each
// operation does, asks and answers stands in scenarios/transit/office.
//
//	POST /v1/batches            Upload: taps of a gate that decides by itself
//	POST /v1/rechecks           Recheck: every code again, by the lists of its time
//	POST /v1/bookings           Book
//	POST /v1/charges            Charge
//	POST /v1/repayments         Repay
//	POST /v1/archives           Archive
//	GET  /v1/accounts/{person}  Account
//	GET  /v1/debtors            Debtors: the deny list
//	GET  /v1/journeys           Journeys; ?person, month
//	GET  /v1/findings           Findings; ?month
//	GET  /v1/snapshot           Snapshot, for inspectors; ?gates, since
//
// The taps of the server's own terminals go to the office by themselves, each with
// the code, its hint and the name of the lists that it was judged by. The server
// keeps these lists for as long as it takes taps of them (store.Archive).
package transit

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/citizencode/citizencode/refserver/service"
	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/transit"
	"github.com/citizencode/citizencode/scenarios/transit/deny"
	"github.com/citizencode/citizencode/scenarios/transit/office"
	"github.com/citizencode/citizencode/scenarios/transit/tap"
)

// Example is a configuration that works as it is.
//
//go:embed example.json
var Example []byte

// New reads a configuration. Its error has the path of what is wrong.
func New(raw []byte) (service.Application, error) {
	o, err := readConfig(raw)
	if err != nil {
		return service.Application{}, err
	}
	return service.Application{Name: "transit", Terminals: o.Terminals, Open: func(ctx context.Context, b service.Books) (*service.Office, error) {
		s, err := o.open(ctx, b)
		if err != nil {
			return nil, err
		}
		return &service.Office{Scenario: s, Routes: s.routes(), Problem: problem, Chores: []service.Chore{
			{Name: "taps", Every: 5 * time.Second, Do: s.sendTaps},
			{Name: "codes", Every: time.Minute, Do: s.recheckTaps},
			{Name: "debtors", Every: time.Minute, Do: func(ctx context.Context, _ time.Time) error { return s.learnDebtors(ctx) }},
		}}, nil
	}}, nil
}

// A system is the gates and their back office as one scenario.
type system struct {
	*transit.Scenario
	*office.Office
	queue *queue
	deny  *deny.Holder
}

var _ interface {
	scenarios.Scenario
	scenarios.Reverser
	scenarios.Settler
	scenarios.Meter
} = (*system)(nil)

// Metrics implements [scenarios.Meter].
func (s *system) Metrics() []scenarios.Metric {
	return slices.Concat(s.Scenario.Metrics(), s.Office.Metrics())
}

// sendTaps is the chore. Taps that are not taken are gone, and somebody must
// look into them: the log says so.
func (s *system) sendTaps(ctx context.Context, _ time.Time) error {
	refused, err := s.queue.send(ctx)
	if err == nil && refused > 0 {
		err = fmt.Errorf("%d taps were not taken", refused)
	}
	return err
}

// recheckTaps is the chore: so a booking has little left to check. Codes that are
// refused are findings, and the log says that somebody must look there.
func (s *system) recheckTaps(ctx context.Context, _ time.Time) error {
	checked, err := s.Recheck(ctx)
	if err == nil && checked.Refused > 0 {
		err = fmt.Errorf("%d codes were refused", checked.Refused)
	}
	return err
}

// learnDebtors brings the newest deny list to the server's own gates.
func (s *system) learnDebtors(ctx context.Context) error {
	list, err := s.Debtors(ctx)
	if err != nil {
		return err
	}
	return s.deny.Set(list)
}

// problem says what the office's own errors mean.
func problem(err error) *service.Problem {
	switch {
	case errors.Is(err, office.ErrNotBooked):
		return service.NewProblem(http.StatusConflict, "not-booked", "the month is not booked to its end")
	case errors.Is(err, office.ErrOrder):
		return service.NewProblem(http.StatusConflict, "not-in-order", "an earlier month is not archived")
	case errors.Is(err, tap.ErrFull):
		return service.NewProblem(http.StatusServiceUnavailable, "queue-full", "taps wait for the office")
	}
	return nil
}

func (s *system) routes() []service.Route {
	return []service.Route{
		service.Post("/v1/batches", func(ctx context.Context, _ *service.Call, q tap.Batch) (*office.Receipt, error) {
			return s.Upload(ctx, q)
		}).Upload(),
		service.Post("/v1/rechecks", func(ctx context.Context, _ *service.Call, _ struct{}) (*office.Rechecked, error) {
			if _, err := s.queue.send(ctx); err != nil {
				return nil, err
			}
			return s.Recheck(ctx)
		}),
		service.Post("/v1/bookings", func(ctx context.Context, _ *service.Call, q office.BookRequest) (*office.Booking, error) {
			// What the server's own gates have seen belongs to it.
			if _, err := s.queue.send(ctx); err != nil {
				return nil, err
			}
			return s.Book(ctx, q)
		}),
		service.Post("/v1/charges", func(ctx context.Context, _ *service.Call, q office.ChargeRequest) (*office.ChargeReport, error) {
			report, err := s.Charge(ctx, q)
			if err != nil {
				return nil, err
			}
			return report, s.learnDebtors(ctx)
		}),
		service.Post("/v1/repayments", func(ctx context.Context, c *service.Call, q repayment) (*office.Account, error) {
			account, err := s.Repay(ctx, office.RepayRequest{Request: c.Key, Person: q.Person})
			if err != nil {
				return nil, err
			}
			return account, s.learnDebtors(ctx)
		}),
		service.Post("/v1/archives", func(ctx context.Context, _ *service.Call, q office.ArchiveRequest) (office.ArchiveRequest, error) {
			return q, s.Archive(ctx, q)
		}),
		service.Get("/v1/accounts/{person}", nil, func(ctx context.Context, c *service.Call) (*office.Account, error) {
			return s.Account(ctx, office.AccountRequest{Person: c.Path("person")})
		}),
		service.Get("/v1/debtors", nil, func(ctx context.Context, _ *service.Call) (*deny.List, error) { return s.Debtors(ctx) }),
		service.Get("/v1/journeys", []string{"person", "month"}, func(ctx context.Context, c *service.Call) (*office.Journeys, error) {
			return s.Journeys(ctx, office.JourneysRequest{Person: c.Query("person"), Month: c.Query("month")})
		}),
		service.Get("/v1/findings", []string{"month"}, func(ctx context.Context, c *service.Call) ([]office.Finding, error) {
			return s.Findings(ctx, office.FindingsRequest{Month: c.Query("month")})
		}),
		service.Get("/v1/snapshot", []string{"gates", "since"}, func(ctx context.Context, c *service.Call) ([]tap.Batch, error) {
			since, err := c.QueryTime("since", c.Time.Add(-2*time.Hour))
			if err != nil {
				return nil, err
			}
			return s.Snapshot(ctx, office.SnapshotRequest{Gates: strings.Split(c.Query("gates"), ","), Since: since})
		}),
	}
}

// repayment asks to try a debt again; see [office.RepayRequest].
type repayment struct {
	Person string `json:"person"`
}
