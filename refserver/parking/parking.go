// Package parking is the reference server of a car park operator (停车): package
// scenarios/parking over HTTP. What each operation does, asks and answers stands
// there; the request's key is the Idempotency-Key.
//
//	POST /v1/plate-events               Camera; named by its event
//	POST /v1/quotes                     Quote; it changes nothing
//	POST /v1/payments                   Pay
//	POST /v1/refunds                    Refund
//	POST /v1/hand-outs                  HandOut
//	POST /v1/pay-outs                   PayOut
//	POST /v1/plates                     BindPlate
//	GET  /v1/plates                     Plates; ?person
//	POST /v1/plate-verifications        VerifyPlate
//	POST /v1/plate-suspensions          SuspendPlate
//	POST /v1/plate-resumptions          ResumePlate
//	POST /v1/plate-revocations          RevokePlate
//	POST /v1/passes                     GrantPass
//	POST /v1/reservations               Reserve
//	GET  /v1/reservations               Reservations; ?person
//	POST /v1/reservation-cancellations  CancelReservation
//	POST /v1/offers                     Offer
//	POST /v1/withdrawals                Withdraw
//	GET  /v1/free-bays                  FreeBays; ?place, from, until
//	GET  /v1/occupancy/{form}           Feed, as apds, datex or geojson
//	POST /v1/recounts                   Recount
//	GET  /v1/sessions                   Sessions; ?lot, payer, after
//	GET  /v1/sessions/{session}         Session
//	GET  /v1/reviews                    Reviews; ?lot
//	POST /v1/resolutions                Resolve
//	GET  /v1/bills/{bill}               Bill
//	GET  /v1/debts                      Debts; ?person
//	GET  /v1/notices                    Notices; ?after
//	GET  /v1/reports/{day}              Report
//	POST /v1/closings                   CloseDay
package parking

import (
	"context"
	_ "embed"
	"encoding/json"
	"net/http"
	"time"

	"github.com/citizencode/citizencode/refserver/service"
	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/ledger"
	"github.com/citizencode/citizencode/scenarios/parking"
	"github.com/citizencode/citizencode/scenarios/parking/reserve"
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
	return service.Application{Name: "parking", Terminals: o.Terminals, Open: func(ctx context.Context, b service.Books) (*service.Office, error) {
		s, err := o.open(ctx, b)
		if err != nil {
			return nil, err
		}
		return &service.Office{Scenario: s, Routes: append(operations(s), views(s)...), Chores: []service.Chore{
			{Name: "collect", Every: 5 * time.Second, Do: func(ctx context.Context, _ time.Time) error {
				_, err := s.Collect(ctx)
				return err
			}},
			{Name: "sweep", Every: time.Minute, Do: func(ctx context.Context, _ time.Time) error {
				_, err := s.Sweep(ctx)
				return err
			}},
		}}, nil
	}}, nil
}

type decision = *scenarios.Decision

// operation returns the route of an operation whose request has a key.
func operation[Q any](path string, key func(*Q) *string, do func(context.Context, Q) (decision, error)) service.Route {
	return service.Post(path, func(ctx context.Context, c *service.Call, q Q) (decision, error) {
		if err := c.Name(key(&q)); err != nil {
			return nil, err
		}
		return do(ctx, q)
	})
}

// plain returns the route of an operation whose request names itself, or that
// ends the same however often it is asked.
func plain[Q any](path string, do func(context.Context, Q) (decision, error)) service.Route {
	return service.Post(path, func(ctx context.Context, _ *service.Call, q Q) (decision, error) { return do(ctx, q) })
}

func operations(s *parking.Scenario) []service.Route {
	return []service.Route{
		plain("/v1/plate-events", s.Camera).Named(),
		plain("/v1/quotes", s.Quote).Named(),
		operation("/v1/payments", func(q *parking.PayRequest) *string { return &q.Key }, s.Pay),
		operation("/v1/refunds", func(q *parking.RefundRequest) *string { return &q.Key }, s.Refund),
		operation("/v1/hand-outs", func(q *parking.HandOutRequest) *string { return &q.Key }, s.HandOut),
		operation("/v1/pay-outs", func(q *parking.PayOutRequest) *string { return &q.Key }, s.PayOut),
		operation("/v1/plates", func(q *parking.BindRequest) *string { return &q.Key }, s.BindPlate),
		operation("/v1/plate-verifications", plateKey, s.VerifyPlate),
		operation("/v1/plate-suspensions", plateKey, s.SuspendPlate),
		operation("/v1/plate-resumptions", plateKey, s.ResumePlate),
		operation("/v1/plate-revocations", plateKey, s.RevokePlate),
		operation("/v1/passes", func(q *parking.PassRequest) *string { return &q.Key }, s.GrantPass),
		operation("/v1/reservations", func(q *parking.ReserveRequest) *string { return &q.Key }, s.Reserve),
		plain("/v1/reservation-cancellations", s.CancelReservation),
		operation("/v1/offers", func(q *parking.OfferRequest) *string { return &q.Key }, s.Offer),
		plain("/v1/withdrawals", s.Withdraw),
		operation("/v1/recounts", func(q *parking.RecountRequest) *string { return &q.Key }, s.Recount),
		operation("/v1/resolutions", func(q *parking.ResolveRequest) *string { return &q.Key }, s.Resolve),
		service.Post("/v1/closings", func(ctx context.Context, _ *service.Call, q closing) (*scenarios.Settlement, error) {
			day, err := ledger.ParseDay(q.Day)
			if err != nil {
				return nil, wrongDay
			}
			return s.CloseDay(ctx, day)
		}),
	}
}

func plateKey(q *parking.PlateRequest) *string { return &q.Key }

// closing ends a business day, YYYY-MM-DD.
type closing struct {
	Day string `json:"day"`
}

var (
	wrongDay = service.NewProblem(http.StatusBadRequest, service.BadRequest, "the day is none such as 2026-11-22")
	notHere  = service.NewProblem(http.StatusNotFound, service.NotFound, "there is none, or it is no longer kept")
)

func views(s *parking.Scenario) []service.Route {
	return []service.Route{
		service.Get("/v1/plates", []string{"person"}, func(ctx context.Context, c *service.Call) ([]parking.BoundPlate, error) {
			return s.Plates(ctx, c.Query("person"))
		}),
		service.Get("/v1/reservations", []string{"person"}, func(ctx context.Context, c *service.Call) ([]reserve.Reservation, error) {
			return s.Reservations(ctx, c.Query("person"))
		}),
		service.Get("/v1/free-bays", []string{"place", "from", "until"}, func(ctx context.Context, c *service.Call) (map[string]int, error) {
			from, err := c.QueryTime("from", c.Time)
			if err != nil {
				return nil, err
			}
			until, err := c.QueryTime("until", from.Add(reserve.SlotLength))
			if err != nil {
				return nil, err
			}
			free, err := s.FreeBays(ctx, c.Query("place"), from, until)
			return map[string]int{"free": free}, err
		}),
		service.Get("/v1/occupancy/{form}", nil, func(_ context.Context, c *service.Call) (json.RawMessage, error) {
			feed := s.Feed()
			switch c.Path("form") {
			case "apds":
				return feed.APDS()
			case "datex":
				return feed.DATEX()
			case "geojson":
				return feed.GeoJSON()
			}
			return nil, notHere
		}),
		service.Get("/v1/sessions", []string{"lot", "payer", "after"}, func(ctx context.Context, c *service.Call) ([]parking.Session, error) {
			return s.Sessions(ctx, parking.SessionFilter{Lot: c.Query("lot"), Payer: c.Query("payer"), After: c.Query("after")})
		}),
		service.Get("/v1/sessions/{session}", nil, func(ctx context.Context, c *service.Call) (parking.Session, error) {
			return found(s.Session(ctx, c.Path("session")))
		}),
		service.Get("/v1/reviews", []string{"lot"}, func(ctx context.Context, c *service.Call) ([]parking.Session, error) {
			return s.Reviews(ctx, c.Query("lot"))
		}),
		service.Get("/v1/bills/{bill}", nil, func(ctx context.Context, c *service.Call) (parking.Bill, error) {
			return found(s.Bill(ctx, c.Path("bill")))
		}),
		service.Get("/v1/debts", []string{"person"}, func(ctx context.Context, c *service.Call) ([]parking.Bill, error) {
			return s.Debts(ctx, c.Query("person"), "")
		}),
		service.Get("/v1/notices", []string{"after"}, func(ctx context.Context, c *service.Call) ([]parking.Notice, error) {
			after, err := c.QueryInt("after", 0)
			if err != nil {
				return nil, err
			}
			return s.Notices(ctx, after)
		}),
		service.Get("/v1/reports/{day}", nil, func(ctx context.Context, c *service.Call) ([]parking.LotReport, error) {
			day, err := ledger.ParseDay(c.Path("day"))
			if err != nil {
				return nil, wrongDay
			}
			return s.Report(ctx, day)
		}),
	}
}

// found makes a problem of what is not there.
func found[A any](a A, there bool, err error) (A, error) {
	if err == nil && !there {
		err = notHere
	}
	return a, err
}
