package service_test

import (
	"context"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/refserver/service"
	"github.com/citizencode/citizencode/refserver/service/servicetest"
	"github.com/citizencode/citizencode/scenarios"
)

// A door is a scenario that does what a test says, and an application of it.
type door struct {
	handle func(context.Context, *scenarios.Visit) (*scenarios.Decision, error)
	order  func(ctx context.Context, key, what string) (string, error)
	orders atomic.Int64
}

func (*door) ID() scenarios.ID { return "door" }

func (*door) Accepts(p citycode.Profile) bool {
	return p.ID == citycode.ProfileTransit || p.ID == citycode.ProfileCard
}

func (*door) Describe() scenarios.Description {
	return scenarios.Description{Purpose: scenarios.Text{Zh: "进门", En: "to come in"}, Group: scenarios.Public, Audience: citycode.Transit,
		Actions: []string{"open"}, Identity: scenarios.Pseudonym, Claims: scenarios.BenefitClass,
		Offline: scenarios.Offline{Policy: scenarios.WithinBudget, Uses: 3, Spacing: time.Second}}
}

type openParams struct {
	Wide bool `json:"wide"`
}

func (d *door) Handle(ctx context.Context, v *scenarios.Visit) (*scenarios.Decision, error) {
	var p openParams
	if err := scenarios.ReadParams(v.Params, &p); err != nil {
		return nil, err
	}
	if d.handle != nil {
		return d.handle(ctx, v)
	}
	return scenarios.Allowed(scenarios.Text{Zh: "请进", En: "Come in"}, map[string]any{"wide": p.Wide, "benefit": v.Citizen.Benefit()})
}

func (*door) Reverse(_ context.Context, r scenarios.Reversal) (*scenarios.Decision, error) {
	return scenarios.Allowed(scenarios.Text{Zh: "已撤销", En: "Taken back"}, r)
}

func (*door) Settle(_ context.Context, day string) (*scenarios.Settlement, error) {
	return &scenarios.Settlement{Day: day, Lines: []scenarios.SettlementLine{{Party: "door", Count: 2, Fen: 200}}}, nil
}

func (*door) Metrics() []scenarios.Metric {
	return []scenarios.Metric{{Name: "open", Help: scenarios.Text{Zh: "开着的门", En: "doors that are open"}, Value: 1}}
}

type orderRequest struct {
	What string `json:"what"`
}

type orderAnswer struct {
	Number int64  `json:"number"`
	What   string `json:"what"`
}

func (d *door) take(ctx context.Context, c *service.Call, q orderRequest) (orderAnswer, error) {
	n := d.orders.Add(1)
	if d.order != nil {
		what, err := d.order(ctx, c.Key, q.What)
		return orderAnswer{n, what}, err
	}
	return orderAnswer{n, q.What}, nil
}

func (d *door) application() service.Application {
	return service.Application{Name: "door", Terminals: []string{"front", "back"}, Open: func(context.Context, service.Books) (*service.Office, error) {
		return &service.Office{Scenario: d, Routes: []service.Route{
			service.Post("/v1/orders", d.take),
			service.Get("/v1/orders/{number}", []string{"copies"}, func(_ context.Context, c *service.Call) (map[string]any, error) {
				copies, err := c.QueryInt("copies", 1)
				return map[string]any{"number": c.Path("number"), "copies": copies}, err
			}),
		}, Problem: func(err error) *service.Problem {
			if err == errSoldOut {
				return service.NewProblem(http.StatusConflict, "sold-out", "nothing is left")
			}
			return nil
		}}, nil
	}}
}

type soldOut struct{}

func (soldOut) Error() string { return "sold out" }

var errSoldOut error = soldOut{}

// open returns a world, its server and the door.
func open(t testing.TB) (*servicetest.World, *service.Server, *door) {
	t.Helper()
	w, d := servicetest.New(t), new(door)
	return w, w.Open(d.application()), d
}
