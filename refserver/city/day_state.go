package city

import (
	"github.com/citizencode/citizencode/citycode"
)

// states is noon: credentials that are too old, too new, lost, suspended and
// replaced, and how soon a gate learns of it.
func (p *cast) states() ([]Step, error) {
	now := p.clock.Now()
	expired, err := p.home.issue(p.clock, application{citizen: p.f, profile: citycode.ProfileTransit, scenes: citycode.Transit, on: now.Add(-8 * day), days: 7})
	if err != nil {
		return nil, err
	}
	early, err := p.home.issue(p.clock, application{citizen: p.f, profile: citycode.ProfileTransit, scenes: citycode.Transit, on: now.Add(day), days: 7})
	if err != nil {
		return nil, err
	}
	newPhone, err := p.home.issue(p.clock, application{citizen: p.g, profile: citycode.ProfileTransit, scenes: citycode.Transit, days: 7})
	if err != nil {
		return nil, err
	}
	ride := func(who *Citizen) picture { return code(p.ride[who], citycode.Transit) }
	set := func(who *Citizen, to citycode.Status) func() error {
		return func() error {
			if err := p.home.setStatus(p.ride[who].serial(), to); err != nil {
				return err
			}
			return p.publish()
		}
	}
	revoked, suspended := refused(citycode.Revoked), refused(citycode.Suspended)
	return []Step{
		{At: at(12, 0, 0), Who: p.f.Short, Gate: p.bus, What: text("凭证昨天到期", "the credential ended yesterday"),
			Picture: code(expired, citycode.Transit), Want: refused(citycode.Expired)},
		{At: at(12, 1, 0), Who: p.f.Short, Gate: p.bus, What: text("凭证明天才生效", "the credential begins tomorrow"),
			Picture: code(early, citycode.Transit), Want: refused(citycode.NotYetValid)},

		{At: at(12, 10, 0), Who: p.g.Short, Gate: p.bus, What: text("手机丢了，已挂失；断网公交还没拿到名单", "phone lost and reported; the bus has not heard of it"),
			Before: set(p.g, citycode.StatusRevoked), Picture: ride(p.g), Want: allowed()},
		{At: at(12, 11, 0), Who: p.g.Short, Gate: p.metro1, Online: true, What: text("联网闸机立刻知道", "a gate with a network knows at once"),
			Picture: ride(p.g), Want: revoked},
		{At: at(12, 30, 0), Who: p.g.Short, Gate: p.bus, What: text("公交回场站取得名单", "the bus has been at the depot for the list"),
			Before: p.bus.update, Picture: ride(p.g), Want: revoked},
		{At: at(12, 31, 0), Who: p.g.Short, Gate: p.bus, What: text("本人新手机不受影响", "the same person's new phone rides on"),
			Picture: code(newPhone, citycode.Transit), Want: allowed()},

		{At: at(12, 40, 0), Who: p.h.Short, Gate: p.metro2, Online: true, What: text("本人暂停用码", "has suspended the code"),
			Before: set(p.h, citycode.StatusSuspended), Picture: ride(p.h), Want: suspended},
		{At: at(12, 45, 0), Who: p.h.Short, Gate: p.metro2, Online: true, What: text("恢复用码", "and resumed it"),
			Before: set(p.h, citycode.StatusValid), Picture: ride(p.h), Want: allowed()},
	}, nil
}
