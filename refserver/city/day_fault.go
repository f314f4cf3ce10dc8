package city

import (
	"time"

	"github.com/citizencode/citizencode/citycode"
)

// faults is what terminals and issuers get wrong: a gate that knows too little
// or the wrong time, and a key that says more than it may.
func (p *cast) faults() ([]Step, error) {
	now := p.clock.Now()
	people := []citycode.Profile{citycode.TransitProfile()}
	retired, err := p.home.addIssuer(indexRetired, now, people, func(e *citycode.TrustEntry) { e.IssueUntil = now.Add(-5 * day) })
	if err != nil {
		return nil, err
	}
	pilot, err := p.home.addIssuer(indexPilot, now, people, func(e *citycode.TrustEntry) { e.MaxLifetime = day })
	if err != nil {
		return nil, err
	}
	pass := func(issuer *citycode.Issuer) (*Pass, error) {
		return p.home.issue(p.clock, application{citizen: p.e, profile: citycode.ProfileTransit, scenes: citycode.Transit, issuer: issuer, days: 7})
	}
	backdated, err := pass(retired)
	if err != nil {
		return nil, err
	}
	long, err := pass(pilot)
	if err != nil {
		return nil, err
	}
	if err := p.publish(); err != nil {
		return nil, err
	}
	if err := p.bus.update(); err != nil {
		return nil, err
	}
	ride := code(p.ride[p.c], citycode.Transit)
	var shown screenshot
	return []Step{
		{At: at(16, 0, 0), Who: p.e.Short, Gate: p.bus, What: text("停用的发码密钥今天又签了码", "signed today by a key that was retired"),
			Picture: code(backdated, citycode.Transit), Want: refused(citycode.IssuerKeyNotValid)},
		{At: at(16, 1, 0), Who: p.e.Short, Gate: p.bus, What: text("试点密钥签了七天，只许一天", "signed for a week by a key that may sign for a day"),
			Picture: code(long, citycode.Transit), Want: refused(citycode.LifetimeExceeded)},
		{At: at(16, 5, 0), Who: p.c.Short, Gate: p.ownTable, What: text("闸机厂家自改了码型参数，与信任列表不符", "a gate whose vendor changed the profile table"),
			Picture: ride, Want: refused(citycode.IssuerNotAllowed)},
		{At: at(16, 10, 0), Who: p.c.Short, Gate: p.staleBus, What: text("状态名单已四天未更新", "its status list is four days old"),
			Picture: ride, Want: refused(citycode.StatusUnknown)},
		{At: at(16, 15, 0), Who: p.c.Short, Gate: p.oldBus, What: text("四十天没有联网，信任列表已过期", "without a network for forty days: the trust list has ended"),
			Picture: ride, Want: refused(citycode.TrustStale)},
		{At: at(16, 16, 0), Who: p.c.Short, Gate: p.oldBus, Online: true, What: text("联网更新后恢复", "and after it has been online"),
			Picture: ride, Want: allowed()},
		{At: at(16, 20, 0), Who: p.c.Short, Gate: p.resetBus, What: text("时钟掉电回到 2000 年", "its clock fell back to the year 2000"),
			Before: func() error {
				p.resetBus.off.Store(int64(time.Date(2000, 1, 1, 0, 0, 0, 0, Zone).Sub(p.clock.Now())))
				return nil
			}, Picture: shown.of(ride), Want: refused(citycode.TerminalClockWrong)},
		{At: at(16, 20, 30), Who: p.c.Short, Gate: p.resetBus, What: text("校时后，刚才被拒的同一个码仍可用", "set right: the code it refused is not used up"),
			Before: func() error { p.resetBus.off.Store(0); return nil }, Picture: shown.again, Want: allowed()},
	}, nil
}

// evening is the way home: the offline allowance of a ride code.
func (p *cast) evening() ([]Step, error) {
	ride := code(p.ride[p.i], citycode.Transit)
	return []Step{
		{At: at(17, 0, 0), Who: p.i.Short, Gate: p.bus, Times: 10, What: text("离线额度内连乘十次", "ten rides within the offline allowance"),
			Picture: ride, Want: allowed()},
		{At: at(17, 30, 0), Who: p.i.Short, Gate: p.bus, What: text("第十一次离线乘车", "the eleventh ride offline"),
			Picture: ride, Want: refused(citycode.OverOfflineLimit)},
		{At: at(18, 0, 0), Who: p.i.Short, Gate: p.bus, Online: true, What: text("公交联网一次", "the bus is online for a moment"),
			Picture: ride, Want: allowed()},
		{At: at(18, 5, 0), Who: p.i.Short, Gate: p.bus, What: text("额度重新计算", "and the allowance begins anew"),
			Picture: ride, Want: allowed()},
	}, nil
}
