package city

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/qr"
	"github.com/citizencode/citizencode/refserver/partner"
	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/agreement"
	"github.com/citizencode/citizencode/scenarios/hospital"
	"github.com/citizencode/citizencode/scenarios/hospital/ecquery"
	"github.com/citizencode/citizencode/scenarios/transit"
)

// Indices of invented people at the insurance.
const (
	insuredB = "EC-TEST-0002"
	insuredC = "EC-TEST-0003"
)

// organisation is the hospital, as the insurance knows it.
const organisation = "H21010000001"

// openCentre founds the centre of the medical code, and returns the hospital's
// line to it.
func (c *City) openCentre() (*ecquery.Client, error) {
	b, d := person("乙", "B"), person("丙", "C")
	c.centre = partner.NewCentre(c.clock.Now, []partner.Insured{
		{Index: insuredB, Name: b.Zh, IDNumber: "TEST00000000000002"}, {Index: insuredC, Name: d.Zh, IDNumber: "TEST00000000000003"},
	}, map[string][]ecquery.Business{organisation: {ecquery.Registration}})
	return ecquery.NewClient(ecquery.Config{URL: "http://localhost/localcfc/api/hsecfc/localQrCodeQuery", HTTP: &http.Client{Transport: partner.Direct(c.centre)},
		Wait:  func(ctx context.Context, _ int) error { return ctx.Err() },
		Place: ecquery.Place{Organisation: organisation, Operator: "desk-1", OperatorName: "签到台", Office: "A01", OfficeName: "门诊", SelfService: true}})
}

// fused is a morning with two codes in one picture: the medical code in front, as
// hospitals read it, and the citizen code behind, which has signed it.
func (p *cast) fused() ([]Step, error) {
	var passes []*Pass
	for who, insured := range map[*Citizen]string{p.b: insuredB, p.c: insuredC} {
		pass, err := p.home.issue(p.clock, application{citizen: who, profile: citycode.ProfileFused, scenes: citycode.Transit | citycode.Medical})
		if err != nil {
			return nil, err
		}
		p.patients.register(pass.claims.Subject, insured)
		passes = append(passes, pass)
	}
	b, c := passes[0], passes[1]
	if b.citizen != p.b {
		b, c = c, b
	}
	var one, swapped screenshot
	ofB := p.medicalCode(insuredB)
	return []Step{
		{At: at(8, 30, 0), Who: p.b.Short, Gate: p.bus, What: text("融合码：前段医保码、后段市民码；断网公交上车", "a fused code, medical in front and citizen behind: boards a bus without a network"),
			Picture: one.of(p.fusedCode(b, ofB)), Want: allowed()},
		{At: at(8, 30, 15), Who: p.b.Short, Gate: p.desk, What: text("同一张图到断网的医院：须联网", "the same picture at the desk without a network: it must be online"),
			Picture: one.again, Want: refused(citycode.OnlineRequired)},
		{At: at(8, 30, 30), Who: p.b.Short, Gate: p.desk, Online: true, What: text("网络恢复，同一张图签到：前后两码是同一人", "the network is back: the same picture checks in, both codes mean one person"),
			Picture: one.again, Want: allowed(), Also: p.decoded(1)},
		{At: at(8, 30, 45), Who: p.b.Short, Gate: p.metro1, Online: true, What: text("还是这张图，联网地铁进站", "and the same picture at the metro, online"),
			Picture: one.again, Want: allowed()},
		{At: at(8, 32, 0), Who: p.j.Short, Gate: p.desk, Online: true, What: text("换掉前段：丙的医保码放在乙的市民码前面", "the front swapped: C's medical code before B's citizen code"),
			Picture: swapped.of(p.swapped(b, p.medicalCode(insuredB), p.medicalCode(insuredC))), Want: refused(citycode.SourceMismatch), Also: p.decoded(1)},
		{At: at(8, 32, 15), Who: p.j.Short, Gate: p.bus, What: text("换过的图也上不了公交", "nor does that picture open a bus"),
			Picture: swapped.again, Want: refused(citycode.SourceMismatch)},
		{At: at(8, 34, 0), Who: p.b.Short, Gate: p.desk, Online: true, What: text("乙自己签了看来的丙的医保码：医保说是另一人", "B signs C's medical code, seen on C's phone: the insurance knows better"),
			Picture: p.fusedCode(b, p.medicalCode(insuredC)), Want: Want{Reason: hospital.MedicalCodeOther}, Also: p.decoded(2)},
		{At: at(8, 36, 0), Who: p.c.Short, Gate: p.desk, Online: true, What: text("医保平台错答他人：不签到", "the insurance answers with another patient: nobody is checked in"),
			Before:  func() error { p.centre.Misbehave(partner.OfOtherPatient); return nil },
			Picture: p.fusedCode(c, p.medicalCode(insuredC)), Want: Want{Reason: hospital.MedicalCodeOther}},
		{At: at(8, 37, 0), Who: p.c.Short, Gate: p.desk, Online: true, What: text("医保平台忙了一次，重试后签到", "the insurance is busy once; asked again, it answers"),
			Before:  func() error { p.centre.Misbehave(partner.Busy); return nil },
			Picture: p.fusedCode(c, p.medicalCode(insuredC)), Want: allowed()},
	}, nil
}

// medicalCode is the text that a wallet fetches from the insurance.
func (p *cast) medicalCode(insured string) func() (string, error) {
	return func() (string, error) { return p.centre.Show(insured) }
}

// fusedCode is the picture of both codes.
func (p *cast) fusedCode(pass *Pass, front func() (string, error)) picture {
	return p.swapped(pass, front, nil)
}

// swapped signs one text and puts another in front; nil leaves it.
func (p *cast) swapped(pass *Pass, signed, shown func() (string, error)) picture {
	return func() ([]byte, error) {
		front, err := signed()
		if err != nil {
			return nil, err
		}
		t, err := pass.Present(citycode.Presentation{Time: p.clock.Now(), Prefix: front})
		if err != nil {
			return nil, err
		}
		if shown != nil {
			if front, err = shown(); err != nil {
				return nil, err
			}
		}
		content, err := qr.EncodePrefixed(front, t.Bytes(), qr.Decimal)
		if err != nil {
			return nil, err
		}
		return drawText(content)
	}
}

// decoded says how many medical codes the insurance has decoded by then.
func (p *cast) decoded(n int) func(*scenarios.Decision) error {
	return func(*scenarios.Decision) error {
		if got := p.centre.Decodes(); got != n {
			return fmt.Errorf("the insurance has decoded %d codes; the script says %d", got, n)
		}
		return nil
	}
}

// contract is the end of an old contract: until then a line takes the code of its
// partner only, and the wallet shows that one; a moment later the same gate, the
// same program, takes the citizen code (切换).
func (p *cast) contract() ([]Step, error) {
	until := p.today.Format(time.DateOnly)
	registry, err := agreement.New(agreement.Spec{Agreements: []agreement.AgreementSpec{{
		ID: "line-20", Operator: "line-20", Places: []string{"20"}, From: p.today.AddDate(-1, 0, 0).Format(time.DateOnly),
		Accepts: []agreement.Scheme{agreement.CitizenCode, agreement.OperatorCode},
		Exclusive: &agreement.ExclusiveSpec{Until: until, Accepts: []agreement.Scheme{agreement.OperatorCode},
			Switch: agreement.Switch{Scheme: agreement.OperatorCode, Wallet: "line-20-code", Name: scenarios.Text{Zh: "20路乘车码", En: "the line 20 ride code"}}},
	}}})
	if err != nil {
		return nil, err
	}
	line, err := agreement.NewGate(agreement.GateConfig{Scenario: transit.New(transit.Config{Lines: []string{"20"}}), Registry: registry, Operator: "line-20", Place: "20"})
	if err != nil {
		return nil, err
	}
	gate, err := p.newGate(&Gate{Name: text("20路公交", "bus 20"), scenario: line, action: transit.Board, params: json.RawMessage(`{"line":"20"}`)}, p.newest())
	if err != nil {
		return nil, err
	}
	// The wallet asks the same register and shows what the line takes.
	shows := func(want agreement.Scheme) func(*scenarios.Decision) error {
		return func(*scenarios.Decision) error {
			profile := registry.Profile("line-20", "20", p.clock.Now())
			if got := profile.Switch; (got == nil) != (want == agreement.CitizenCode) || got != nil && got.Scheme != want {
				return fmt.Errorf("the wallet shows another code than %s", want)
			}
			return nil
		}
	}
	rider := new(Pass)
	// The issuer's key may have been replaced in the evening.
	renew := func() error {
		again, err := p.home.issue(p.clock, application{citizen: p.d, profile: citycode.ProfileTransit, scenes: citycode.Transit, days: 7})
		if err != nil {
			return err
		}
		*rider = *again
		return p.publish()
	}
	return []Step{
		{At: at(23, 59, 30), Who: p.d.Short, Gate: gate, Online: true, What: text("旧约未满：本线只收20路乘车码，钱包自动切换", "the old contract holds: this line takes its partner's code, and the wallet switches to it"),
			Before: renew, Picture: code(rider, citycode.Transit), Want: Want{Reason: agreement.SwitchCode}, Also: shows(agreement.OperatorCode)},
		{At: at(24, 0, 15), Who: p.d.Short, Gate: gate, Online: true, What: text("零点旧约到期：同一闸机不改一行即受理市民码", "midnight, the contract is over: the same gate takes the citizen code, unchanged"),
			Picture: code(rider, citycode.Transit), Want: allowed(), Also: shows(agreement.CitizenCode)},
	}, nil
}
