package city

import (
	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/scenarios/parking"
)

// carParks is the forenoon at a car park of two bays.
func (p *cast) carParks() ([]Step, error) {
	car := func(who *Citizen) picture { return code(p.park[who], citycode.Parking) }
	because := func(reason string) Want { return Want{Reason: reason} }
	return []Step{
		{At: at(9, 0, 0), Who: p.b.Short, Gate: p.parkIn, Online: true, What: text("通用码入场", "drives in with the universal code"),
			Picture: code(p.universal, citycode.Parking), Want: allowed()},
		{At: at(9, 1, 0), Who: p.b.Short, Gate: p.parkIn, Online: true, What: text("已在场内又入场", "drives in again without having left"),
			Picture: code(p.universal, citycode.Parking), Want: because(parking.AlreadyInside)},
		{At: at(9, 5, 0), Who: p.a.Short, Gate: p.parkIn, What: text("停车码离线入场", "drives in with a parking code, offline"),
			Picture: car(p.a), Want: allowed()},
		{At: at(9, 6, 0), Who: p.c.Short, Gate: p.parkIn, Online: true, What: text("两个车位都满了", "both bays are taken"),
			Picture: car(p.c), Want: because(parking.CarParkFull)},
		{At: at(9, 7, 0), Who: p.d.Short, Gate: p.parkOut, Online: true, What: text("没入场却要出场", "wants out without having come in"),
			Picture: car(p.d), Want: because(parking.NotInside)},
		{At: at(9, 8, 0), Who: p.a.Short, Gate: p.parkIn, Online: true, What: text("在停车场出示乘车码", "shows a ride code at the barrier"),
			Picture: code(p.ride[p.a], citycode.Transit), Want: refused(citycode.WrongAudience)},
		{At: at(11, 0, 0), Who: p.b.Short, Gate: p.parkOut, Online: true, What: text("通用码出场", "drives out with the universal code"),
			Picture: code(p.universal, 0), Want: allowed()},
		{At: at(11, 1, 0), Who: p.c.Short, Gate: p.parkIn, Online: true, What: text("有空位了", "and there is room again"),
			Picture: car(p.c), Want: allowed()},
	}, nil
}
