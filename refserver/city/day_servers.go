package city

import (
	"bufio"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/citizencode/citizencode/citycode"
	hospitalserver "github.com/citizencode/citizencode/refserver/hospital"
	parkingserver "github.com/citizencode/citizencode/refserver/parking"
	"github.com/citizencode/citizencode/refserver/service"
	transitserver "github.com/citizencode/citizencode/refserver/transit"
	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/hospital"
	"github.com/citizencode/citizencode/scenarios/parking"
	"github.com/citizencode/citizencode/scenarios/transit"
	"github.com/citizencode/citizencode/scenarios/transit/office"
	"github.com/citizencode/citizencode/scenarios/transit/tap"
)

// A call is one thing that happens at a server on the day after.
type call struct {
	at     time.Duration // after midnight of the first day
	who    string
	server *server
	what   scenarios.Text
	want   string // reason
	do     func(context.Context) (*scenarios.Decision, error)
}

// servers are the three reference servers, and what the script keeps between
// its steps.
type servers struct {
	city                       *City
	dir                        string
	hospital, parking, transit *server
	patient, driver, rider     *Pass

	appointment hospital.Appointment
	ticket      hospital.Ticket
	bill        hospital.Statement
	passage     parking.Passage
	ride        string // a code that was shown
}

// openServers starts the servers with their example configurations, the demo's
// people put in, over lists of this moment and data of their own.
func (c *City) openServers(ctx context.Context) (_ *servers, err error) {
	s := &servers{city: c}
	if s.dir, err = os.MkdirTemp("", "citycode-demo-"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	now := c.clock.Now()
	for _, p := range []struct {
		at      **Pass
		who     *Citizen
		profile citycode.ProfileID
		scenes  citycode.Scenes
	}{
		{&s.patient, person("丙", "C"), citycode.ProfileMedical, citycode.Medical},
		{&s.driver, person("甲", "A"), citycode.ProfileTransit, citycode.Parking},
		{&s.rider, person("丁", "D"), citycode.ProfileTransit, citycode.Transit},
	} {
		if *p.at, err = c.home.issue(c.clock, application{citizen: p.who, profile: p.profile, scenes: p.scenes}); err != nil {
			return nil, err
		}
	}
	b, err := c.home.publish(now)
	if err != nil {
		return nil, err
	}
	if err := c.home.write(filepath.Join(s.dir, "public"), b); err != nil {
		return nil, err
	}
	const mandate = "m-0001"
	for _, v := range []struct {
		at      **server
		zh, en  string
		example []byte
		change  map[string]any
		read    func([]byte) (service.Application, error)
	}{
		{&s.hospital, "医院服务", "hospital server", hospitalserver.Example, map[string]any{"patients": map[string]string{hex.EncodeToString(s.patient.claims.Subject): "P-0001"}}, hospitalserver.New},
		{&s.parking, "停车服务", "parking server", parkingserver.Example, nil, parkingserver.New},
		{&s.transit, "乘车服务", "transit server", transitserver.Example, map[string]any{"simulated": map[string]any{
			"payers": map[string]string{s.rider.person().String(): mandate}, "mandates": map[string]int64{mandate: 100_000}}}, transitserver.New},
	} {
		app, err := configured(v.example, v.change, v.read)
		if err != nil {
			return nil, err
		}
		*v.at = &server{name: text(v.zh, v.en), app: app, options: service.Options{Lists: filepath.Join(s.dir, "public"), Data: filepath.Join(s.dir, app.Name), Now: c.clock.Now, Elapsed: c.clock.Elapsed}}
		if err := (*v.at).start(ctx); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// configured returns an application of its example configuration with fields changed.
func configured(example []byte, change map[string]any, read func([]byte) (service.Application, error)) (service.Application, error) {
	fields := make(map[string]any)
	if err := json.Unmarshal(example, &fields); err != nil {
		return service.Application{}, err
	}
	for name, v := range change {
		fields[name] = v
	}
	b, err := json.Marshal(fields)
	if err != nil {
		return service.Application{}, err
	}
	return read(b)
}

func (s *servers) close() error {
	var faults []error
	for _, v := range []*server{s.hospital, s.parking, s.transit} {
		if v != nil {
			faults = append(faults, v.end())
		}
	}
	return errors.Join(append(faults, os.RemoveAll(s.dir))...)
}

// person returns the pseudonym of a pass.
func (p *Pass) person() scenarios.Person {
	return scenarios.Person{City: p.issuer.City(), Subject: string(p.claims.Subject)}
}

// playServers lets the day after happen at servers over HTTP, and writes a line
// for each step, numbered behind those before.
func (c *City) playServers(ctx context.Context, w io.Writer, before int) (played int, failed []int, err error) {
	today := c.today
	c.clock.Advance(today.Add(day + at(7, 30, 0)).Sub(c.clock.Now()))
	s, err := c.openServers(ctx)
	if err != nil {
		return 0, nil, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	calls := s.calls()
	failed, err = s.play(ctx, w, today, before, calls)
	return len(calls), failed, err
}

// play returns the numbers of the calls that ended otherwise than they should.
func (s *servers) play(ctx context.Context, w io.Writer, today time.Time, before int, calls []call) (failed []int, err error) {
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, "\n第二天，经 HTTP · The day after, over HTTP\n三个参考服务器在本机空闲端口上，各用自己的 SQLite 数据 · Three reference servers on free ports of this computer, each with SQLite data of its own.\n\n")
	for i, step := range calls {
		if err := ctx.Err(); err != nil {
			return failed, err
		}
		s.city.clock.Advance(today.Add(step.at).Sub(s.city.clock.Now()))
		start := time.Now()
		d, err := step.do(ctx)
		if err == nil && d.Reason != step.want {
			err = fmt.Errorf("got %s; the script says %s", d.Reason, step.want)
		}
		writeRow(out, step.row(before+i+1, d, time.Since(start)))
		if err != nil {
			failed = append(failed, before+i+1)
			fmt.Fprintf(out, "    ! %v\n", err)
		}
		if err := out.Flush(); err != nil {
			return failed, fmt.Errorf("city: write: %w", err)
		}
	}
	if len(failed) == 0 {
		fmt.Fprintf(out, "\n✓ 服务器 %d 步全部与剧本一致 · all %d steps at the servers ended as the script says\n", len(calls), len(calls))
	} else {
		fmt.Fprintf(out, "\n✗ 服务器 %d 步中有 %d 步与剧本不符 · %d of %d steps at the servers ended otherwise than the script says\n", len(calls), len(failed), len(failed), len(calls))
	}
	if err := out.Flush(); err != nil {
		return failed, fmt.Errorf("city: write: %w", err)
	}
	return failed, nil
}

func (k *call) row(n int, d *scenarios.Decision, took time.Duration) [columns]string {
	cells := [columns]string{fmt.Sprint(n), time.Time{}.Add(k.at).Format(time.TimeOnly), k.who, k.server.name.Zh + " " + k.server.name.En, "online",
		"! 故障 fault", "-", milliseconds(took), k.what.Zh + " · " + k.what.En}
	if d != nil {
		v := verdictOf(Want{Allow: d.Allow})
		cells[5], cells[6] = v.Zh+" "+v.En, d.Reason
	}
	return cells
}

// calls is the day after, at the servers.
func (s *servers) calls() []call {
	return slices.Concat(s.visit(), s.park(), s.travel())
}

// allow is the answer of an operation that decides nothing about a person.
func allow(err error) (*scenarios.Decision, error) {
	if err != nil {
		return nil, err
	}
	return scenarios.Allowed(scenarios.Text{}, nil)
}

// again is the step in which a server stops and starts on the same data.
func (s *servers) again(at time.Duration, v *server) call {
	return call{at, "-", v, text("服务停机，用同一数据重新启动", "the server stops, and starts again on the same data"), "ok",
		func(ctx context.Context) (*scenarios.Decision, error) { return allow(v.restart(ctx)) }}
}

func (s *servers) visit() []call {
	h, who := s.hospital, s.patient.citizen.Short
	start := midnight(s.city.clock.Now()).Add(9 * time.Hour)
	order := func(station hospital.Station, fen int64) func(context.Context) (*scenarios.Decision, error) {
		return func(ctx context.Context) (*scenarios.Decision, error) {
			var o hospital.Order
			d, err := h.decide(ctx, "/v1/orders", hospital.OrderRequest{Encounter: s.ticket.Encounter, By: "d-17", Items: []hospital.Item{{Station: station, Code: "demo", Fen: fen}}}, &o)
			if err == nil && o.Status != hospital.OrderSettled {
				err = fmt.Errorf("the order is %s", o.Status)
			}
			return d, err
		}
	}
	return []call{
		{day + at(8, 0, 0), who, h, text("预约内科号", "books a slot"), "ok", func(ctx context.Context) (*scenarios.Decision, error) {
			slot := hospital.Slot{ID: "demo-1", Department: "internal", Start: start, End: start.Add(15 * time.Minute)}
			if _, err := h.decide(ctx, "/v1/slots", hospital.AddSlotsRequest{Slots: []hospital.Slot{slot}}, nil); err != nil {
				return nil, err
			}
			return h.decide(ctx, "/v1/appointments", hospital.BookRequest{Slot: slot.ID, Patient: "P-0001"}, &s.appointment)
		}},
		{day + at(8, 50, 0), who, h, text("扫码签到，同意先诊疗后付费", "checks in by code, to be treated first and pay later"), "ok", func(ctx context.Context) (*scenarios.Decision, error) {
			d, err := h.scan(ctx, s.patient, citycode.Medical, "kiosk-1", hospital.CheckIn, map[string]any{"department": "internal", "credit": true})
			if err != nil {
				return nil, err
			}
			err = decoded(d, &s.ticket)
			if err == nil && s.ticket.Appointment != s.appointment.ID {
				err = errors.New("the check-in has not found the appointment")
			}
			return d, err
		}},
		{day + at(9, 10, 0), "d-17", h, text("开检验单，即时结算，不去收费窗", "orders a test: settled at once, no cashier"), "ok", order(hospital.Lab, 11_000)},
		s.again(day+at(9, 20, 0), h),
		{day + at(9, 30, 0), "d-17", h, text("再开药，医保之后记入信用额度", "orders medicine: what the insurance leaves goes on credit"), "ok", order(hospital.Pharmacy, 5_000)},
		{day + at(9, 40, 0), who, h, text("取药后扫码离院，账单未付", "leaves with an open statement"), "ok", func(ctx context.Context) (*scenarios.Decision, error) {
			d, err := h.scan(ctx, s.patient, citycode.Medical, "pharmacy-1", hospital.Leave, map[string]any{})
			if err != nil {
				return nil, err
			}
			err = decoded(d, &s.bill)
			if err == nil && s.bill.Owed <= 0 {
				err = errors.New("nothing is owed")
			}
			return d, err
		}},
		{day + at(12, 0, 0), who, h, text("在家用手机还清", "pays all of it at home, by phone"), "ok", func(ctx context.Context) (*scenarios.Decision, error) {
			var paid hospital.Repayment
			d, err := h.decide(ctx, "/v1/repayments", hospital.RepayRequest{Patient: "P-0001", Fen: s.bill.Owed, Mandate: "m-0001"}, &paid)
			if err == nil && paid.Owed != 0 {
				err = fmt.Errorf("%d fen are still owed", paid.Owed)
			}
			return d, errors.Join(err, h.balanced(ctx))
		}},
	}
}

func (s *servers) park() []call {
	v, who := s.parking, s.driver.citizen.Short
	from := midnight(s.city.clock.Now()).Add(13 * time.Hour)
	drive := func(terminal, action string) func(context.Context) (*scenarios.Decision, error) {
		return func(ctx context.Context) (*scenarios.Decision, error) {
			d, err := v.scan(ctx, s.driver, citycode.Parking, terminal, action, map[string]any{})
			if err != nil {
				return nil, err
			}
			return d, decoded(d, &s.passage)
		}
	}
	return []call{
		{day + at(12, 5, 0), who, v, text("预约下午的车位", "reserves a bay for the afternoon"), "ok", func(ctx context.Context) (*scenarios.Decision, error) {
			return v.decide(ctx, "/v1/reservations", parking.ReserveRequest{Place: "north", Person: s.driver.person().String(), From: from, Until: from.Add(2 * time.Hour)}, nil)
		}},
		{day + at(13, 5, 0), who, v, text("扫码入场，预约生效", "drives in by code; the reservation holds"), "ok", func(ctx context.Context) (*scenarios.Decision, error) {
			d, err := drive("north-in", parking.Enter)(ctx)
			if err == nil && s.passage.Reservation == "" {
				err = errors.New("the entry has not honoured the reservation")
			}
			return d, err
		}},
		s.again(day+at(13, 30, 0), v),
		{day + at(14, 20, 0), who, v, text("出场前未缴费", "wants out and has not paid"), parking.PaymentDue, drive("north-out", parking.Leave)},
		{day + at(14, 21, 0), who, v, text("扫码缴费", "pays what is due"), "ok", func(ctx context.Context) (*scenarios.Decision, error) {
			return v.decide(ctx, "/v1/payments", parking.PayRequest{Bill: s.passage.Session, Fen: s.passage.Due, Method: parking.ByQR, Reference: "demo"}, nil)
		}},
		{day + at(14, 22, 0), who, v, text("扫码出场", "drives out"), "ok", func(ctx context.Context) (*scenarios.Decision, error) {
			d, err := drive("north-out", parking.Leave)(ctx)
			return d, errors.Join(err, v.balanced(ctx))
		}},
	}
}

func (s *servers) travel() []call {
	v, who := s.transit, s.rider.citizen.Short
	stop := func(name string) map[string]string { return map[string]string{"network": "metro", "stop": name} }
	var batch []tap.Tap
	upload := func(taps []tap.Tap, fresh int) func(context.Context) (*scenarios.Decision, error) {
		return func(ctx context.Context) (*scenarios.Decision, error) {
			var r office.Receipt
			err := v.post(ctx, "/v1/batches", tap.Batch{Gate: "bus-b1-7", Taps: taps}, &r)
			if err == nil && (r.New != fresh || r.New+r.Known != len(taps)) {
				err = fmt.Errorf("%d new and %d known of %d", r.New, r.Known, len(taps))
			}
			return allow(err)
		}
	}
	first := midnight(s.city.clock.Now()).Add(7 * time.Hour).UTC()
	for i := range 20 {
		showing := fmt.Sprintf("%s@%d.%d", s.rider.serial(), first.Unix(), 1000+i)
		batch = append(batch, tap.Tap{Gate: "bus-b1-7", Sequence: uint64(i + 1), Key: showing + "@bus-b1-7", Showing: showing, Serial: s.rider.serial().String(), Carrier: "phone",
			Person: fmt.Sprintf("%06d-%016x", Home, i), Time: first.Add(time.Duration(i) * time.Minute), Kind: tap.Board, Line: "B1"})
	}
	twice := slices.Concat(batch, batch)
	rand.New(rand.NewPCG(1, 1)).Shuffle(len(twice), func(i, j int) { twice[i], twice[j] = twice[j], twice[i] })
	return []call{
		{day + at(15, 0, 0), who, v, text("扫码进站", "taps in at the metro"), "ok", func(ctx context.Context) (*scenarios.Decision, error) {
			return v.scan(ctx, s.rider, citycode.Transit, "m1-00-gate-1", transit.Enter, stop("M1-00-A"))
		}},
		{day + at(15, 20, 0), who, v, text("扫码出站", "taps out"), "ok", func(ctx context.Context) (d *scenarios.Decision, err error) {
			if s.ride, err = scanned(s.rider, citycode.Transit); err != nil {
				return nil, err
			}
			return v.show(ctx, s.ride, "m1-08-gate-1", transit.Exit, stop("M1-08-A"))
		}},
		{day + at(15, 20, 30), who, v, text("截图在另一通道再刷", "a screenshot of it at another gate"), citycode.Replayed.String(), func(ctx context.Context) (*scenarios.Decision, error) {
			return v.show(ctx, s.ride, "m1-00-gate-1", transit.Enter, stop("M1-00-A"))
		}},
		{day + at(16, 0, 0), "bus-b1-7", v, text("离线公交上传 20 条刷码记录", "a bus that was offline uploads 20 taps"), "ok", upload(batch, 20)},
		{day + at(16, 1, 0), "bus-b1-7", v, text("又传两遍，顺序打乱：一条不多", "and twice more, shuffled: not one more"), "ok", upload(twice, 0)},
		s.again(day+at(16, 10, 0), v),
		{2*day + at(4, 0, 0), "-", v, text("日终：计费、扣款、分账，账目为零", "the day is settled: fares, charges, books at zero"), "ok", func(ctx context.Context) (*scenarios.Decision, error) {
			var booked office.Booking
			if err := v.post(ctx, "/v1/bookings", office.BookRequest{Through: s.city.clock.Now().Add(-day).Format(time.DateOnly)}, &booked); err != nil {
				return nil, err
			}
			var charged office.ChargeReport
			if err := v.post(ctx, "/v1/charges", office.ChargeRequest{Day: s.city.clock.Now().Format(time.DateOnly)}, &charged); err != nil {
				return nil, err
			}
			var account office.Account
			err := v.get(ctx, "/v1/accounts/"+url.PathEscape(s.rider.person().String()), &account)
			if err == nil && (booked.People != 21 || charged.Paid != 1 || charged.Fen != 300 || charged.Declined != 20 || account.Fen != 0) {
				err = fmt.Errorf("%d people booked, %d paid %d fen, %d could not; the account stands at %d", booked.People, charged.Paid, charged.Fen, charged.Declined, account.Fen)
			}
			return allow(errors.Join(err, v.balanced(ctx)))
		}},
	}
}
