package city

import (
	"github.com/citizencode/citizencode/citycode"
)

// cities is the late evening of a city that has made an agreement with its
// neighbour, and whose issuer key is then stolen.
func (p *cast) cities() ([]Step, error) {
	abroad := func(profile citycode.ProfileID, scenes citycode.Scenes) (*Pass, error) {
		return p.neighbour.issue(p.clock, application{citizen: p.guest, profile: profile, scenes: scenes})
	}
	ride, err := abroad(citycode.ProfileTransit, citycode.Transit)
	if err != nil {
		return nil, err
	}
	park, err := abroad(citycode.ProfileTransit, citycode.Parking)
	if err != nil {
		return nil, err
	}
	clinic, err := abroad(citycode.ProfileMedical, citycode.Medical)
	if err != nil {
		return nil, err
	}
	// J has a copy of the issuer's key: what he signs is as good as the city's.
	stolen, err := p.home.issue(p.clock, application{citizen: p.j, profile: citycode.ProfileTransit, scenes: citycode.Transit, days: 7})
	if err != nil {
		return nil, err
	}
	renewed := new(Pass)
	agree := func() error {
		p.home.grants = []citycode.Grant{p.neighbour.grant(citycode.Transit, citycode.TransitProfile())}
		return p.publish()
	}
	lost := func() error {
		if err := p.neighbour.setStatus(ride.serial(), citycode.StatusRevoked); err != nil {
			return err
		}
		return p.publish()
	}
	drill := func() error {
		if err := p.home.replaceIssuer(p.clock.Now()); err != nil {
			return err
		}
		again, err := p.home.issue(p.clock, application{citizen: p.a, profile: citycode.ProfileTransit, scenes: citycode.Transit, days: 7})
		if err != nil {
			return err
		}
		*renewed = *again
		return p.publish()
	}
	unknown, notAllowed := refused(citycode.UnknownIssuer), refused(citycode.IssuerNotAllowed)
	return []Step{
		{At: at(19, 0, 0), Who: p.guest.Short, Gate: p.metro1, Online: true, What: text("两市签约，乘车互认：联网闸机即刻受理", "the cities agree on rides: a gate with a network takes them at once"),
			Before: agree, Picture: code(ride, citycode.Transit), Want: allowed()},
		{At: at(19, 1, 0), Who: p.guest.Short, Gate: p.bus, What: text("断网公交还不知道", "the bus without a network has not heard of it"),
			Picture: code(ride, citycode.Transit), Want: unknown},
		{At: at(19, 10, 0), Who: p.guest.Short, Gate: p.bus, What: text("公交回场站后，断网也认邻市的码", "after the depot it takes the neighbour's code, offline"),
			Before: p.bus.update, Picture: code(ride, citycode.Transit), Want: allowed()},
		{At: at(19, 11, 0), Who: p.guest.Short, Gate: p.parkIn, Online: true, What: text("停车不在互认之列", "parking is not in the agreement"),
			Picture: code(park, citycode.Parking), Want: notAllowed},
		{At: at(19, 12, 0), Who: p.guest.Short, Gate: p.desk, Online: true, What: text("就医也不在", "nor is the hospital"),
			Picture: code(clinic, citycode.Medical), Want: notAllowed},
		{At: at(19, 20, 0), Who: p.guest.Short, Gate: p.metro1, Online: true, What: text("在本市挂失，邻市闸机照样拒绝", "reported lost at home, refused here too"),
			Before: lost, Picture: code(ride, citycode.Transit), Want: refused(citycode.Revoked)},

		{At: at(20, 0, 0), Who: p.j.Short, Gate: p.metro1, Online: true, What: text("发码密钥被盗，盗者自签的码与真码无异", "the issuer's key was stolen: what the thief signs looks like the city's"),
			Picture: code(stolen, citycode.Transit), Want: allowed()},
		{At: at(20, 10, 0), Who: p.j.Short, Gate: p.metro1, Online: true, What: text("演练：移出旧钥、列入新钥、重新签发", "the drill: the key is taken off the list, a new one listed, codes renewed"),
			Before: drill, Picture: code(stolen, citycode.Transit), Want: unknown},
		{At: at(20, 11, 0), Who: p.a.Short, Gate: p.metro1, Online: true, What: text("甲的旧码一同失效", "A's old code ended with it"),
			Picture: code(p.ride[p.a], citycode.Transit), Want: unknown},
		{At: at(20, 12, 0), Who: p.a.Short, Gate: p.metro1, Online: true, What: text("甲联网更新后通行", "and A's renewed one opens"),
			Picture: code(renewed, citycode.Transit), Want: allowed()},
		{At: at(20, 13, 0), Who: p.j.Short, Gate: p.bus, What: text("断网公交仍会放行盗签的码，直到拿到新列表", "the bus without a network still takes the thief's, until it has the list"),
			Picture: code(stolen, citycode.Transit), Want: allowed()},
		{At: at(20, 30, 0), Who: p.j.Short, Gate: p.bus, What: text("公交回场站：盗签的码不再有效", "after the depot the thief's is worth nothing"),
			Before: p.bus.update, Picture: code(stolen, citycode.Transit), Want: unknown},
		{At: at(20, 31, 0), Who: p.a.Short, Gate: p.bus, What: text("甲离线通行", "and A rides offline"),
			Picture: code(renewed, citycode.Transit), Want: allowed()},
	}, nil
}
