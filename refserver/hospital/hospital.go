// Package hospital is the reference server of a hospital (就医): package
// scenarios/hospital over HTTP. What each operation does, asks and answers
// stands there; the request's Key is the Idempotency-Key and its time is when
// it was made.
//
//	POST /v1/slots                      AddSlots
//	GET  /v1/slots                      Slots; ?department, from, to, limit
//	POST /v1/appointments               Book
//	GET  /v1/appointments               Appointments; ?patient
//	POST /v1/appointment-cancellations  CancelAppointment
//	POST /v1/orders                     Order
//	GET  /v1/orders                     Orders; ?encounter
//	POST /v1/order-confirmations        Confirm
//	POST /v1/order-cancellations        CancelOrder
//	POST /v1/departures                 Leave
//	GET  /v1/statements                 Statements; ?patient
//	GET  /v1/statements/{encounter}     Statement
//	POST /v1/repayments                 Repay
//	POST /v1/returns                    Return
//	POST /v1/emergencies                BreakGlass
//	POST /v1/identifications            Identify
//	POST /v1/approvals                  Approve
//	POST /v1/recoveries                 AskInsurer
//	POST /v1/write-offs                 WriteOff
//	GET  /v1/advances                   Advances
package hospital

import (
	"context"
	_ "embed"
	"fmt"
	"time"

	"github.com/citizencode/citizencode/refserver/service"
	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/hospital"
)

// Example is a configuration that works as it is.
//
//go:embed example.json
var Example []byte

// New reads a configuration. Its error has the path of what is wrong.
func New(raw []byte) (service.Application, error) {
	var c config
	if err := service.ReadConfig(raw, &c); err != nil {
		return service.Application{}, err
	}
	cfg, err := c.scenario()
	if err != nil {
		return service.Application{}, fmt.Errorf("config.medicalCode: %w", err)
	}
	if err := cfg.Validate(); err != nil {
		return service.Application{}, err
	}
	return service.Application{Name: "hospital", Terminals: c.Terminals, Open: func(ctx context.Context, b service.Books) (*service.Office, error) {
		s, err := c.open(ctx, b)
		if err != nil {
			return nil, err
		}
		return &service.Office{Scenario: s, Routes: routes(s), Chores: []service.Chore{
			{Name: "resume", Every: 5 * time.Second, Do: func(ctx context.Context, _ time.Time) error { return s.Resume(ctx) }},
			{Name: "no-shows", Every: time.Minute, Do: func(ctx context.Context, now time.Time) error {
				_, err := s.MarkNoShows(ctx, now.Add(-lateness))
				return err
			}},
		}}, nil
	}}, nil
}

// lateness is how long after a slot its patient may still come.
const lateness = time.Hour

// Bounds of a list of slots.
const (
	defaultSlots = 100
	maxSlots     = 1000
	defaultAhead = 14 * 24 * time.Hour
)

func routes(s *hospital.Scenario) []service.Route {
	type decision = *scenarios.Decision
	return []service.Route{
		service.Post("/v1/slots", func(ctx context.Context, c *service.Call, q hospital.AddSlotsRequest) (decision, error) {
			q.Key, q.At = c.Key, c.Time
			return s.AddSlots(ctx, q)
		}),
		service.Get("/v1/slots", []string{"department", "from", "to", "limit"}, func(ctx context.Context, c *service.Call) ([]hospital.Slot, error) {
			from, err := c.QueryTime("from", c.Time)
			if err != nil {
				return nil, err
			}
			to, err := c.QueryTime("to", from.Add(defaultAhead))
			if err != nil {
				return nil, err
			}
			limit, err := c.QueryInt("limit", defaultSlots)
			if err != nil {
				return nil, err
			}
			return s.Slots(ctx, c.Query("department"), from, to, int(min(limit, maxSlots)))
		}),
		service.Post("/v1/appointments", func(ctx context.Context, c *service.Call, q hospital.BookRequest) (decision, error) {
			q.Key, q.At = c.Key, c.Time
			return s.Book(ctx, q)
		}),
		service.Get("/v1/appointments", []string{"patient"}, func(ctx context.Context, c *service.Call) ([]hospital.Appointment, error) {
			return s.Appointments(ctx, c.Query("patient"))
		}),
		service.Post("/v1/appointment-cancellations", func(ctx context.Context, c *service.Call, q hospital.CancelAppointmentRequest) (decision, error) {
			q.Key, q.At = c.Key, c.Time
			return s.CancelAppointment(ctx, q)
		}),
		service.Post("/v1/orders", func(ctx context.Context, c *service.Call, q hospital.OrderRequest) (decision, error) {
			q.Key, q.At = c.Key, c.Time
			return s.Order(ctx, q)
		}),
		service.Get("/v1/orders", []string{"encounter"}, func(ctx context.Context, c *service.Call) ([]hospital.Order, error) {
			return s.Orders(ctx, c.Query("encounter"))
		}),
		service.Post("/v1/order-confirmations", func(ctx context.Context, c *service.Call, q hospital.ConfirmRequest) (decision, error) {
			q.Key, q.At = c.Key, c.Time
			return s.Confirm(ctx, q)
		}),
		service.Post("/v1/order-cancellations", func(ctx context.Context, c *service.Call, q hospital.CancelOrderRequest) (decision, error) {
			q.Key, q.At = c.Key, c.Time
			return s.CancelOrder(ctx, q)
		}),
		service.Post("/v1/departures", func(ctx context.Context, c *service.Call, q hospital.LeaveRequest) (decision, error) {
			q.Key, q.At = c.Key, c.Time
			return s.Leave(ctx, q)
		}),
		service.Get("/v1/statements", []string{"patient"}, func(ctx context.Context, c *service.Call) ([]hospital.Statement, error) {
			return s.Statements(ctx, c.Query("patient"), c.Time)
		}),
		service.Get("/v1/statements/{encounter}", nil, func(ctx context.Context, c *service.Call) (*hospital.Statement, error) {
			return s.Statement(ctx, c.Path("encounter"), c.Time)
		}),
		service.Post("/v1/repayments", func(ctx context.Context, c *service.Call, q hospital.RepayRequest) (decision, error) {
			q.Key, q.At = c.Key, c.Time
			return s.Repay(ctx, q)
		}),
		service.Post("/v1/returns", func(ctx context.Context, c *service.Call, q hospital.ReturnRequest) (decision, error) {
			q.Key, q.At = c.Key, c.Time
			return s.Return(ctx, q)
		}),
		service.Post("/v1/emergencies", func(ctx context.Context, c *service.Call, q hospital.BreakGlassRequest) (decision, error) {
			q.Key, q.At = c.Key, c.Time
			return s.BreakGlass(ctx, q)
		}),
		service.Post("/v1/identifications", func(ctx context.Context, c *service.Call, q hospital.IdentifyRequest) (decision, error) {
			q.Key, q.At = c.Key, c.Time
			return s.Identify(ctx, q)
		}),
		service.Post("/v1/approvals", func(ctx context.Context, c *service.Call, q hospital.ApproveRequest) (decision, error) {
			q.Key, q.At = c.Key, c.Time
			return s.Approve(ctx, q)
		}),
		service.Post("/v1/recoveries", func(ctx context.Context, c *service.Call, q hospital.RecoverRequest) (decision, error) {
			q.Key, q.At = c.Key, c.Time
			return s.AskInsurer(ctx, q)
		}),
		service.Post("/v1/write-offs", func(ctx context.Context, c *service.Call, q hospital.RecoverRequest) (decision, error) {
			q.Key, q.At = c.Key, c.Time
			return s.WriteOff(ctx, q)
		}),
		service.Get("/v1/advances", nil, func(ctx context.Context, _ *service.Call) ([]hospital.Advance, error) {
			return s.Advances(ctx)
		}),
	}
}
