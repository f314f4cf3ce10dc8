package city

import (
	"encoding/json"
	"fmt"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/hospital"
)

// desks is the morning at the hospital, which works online only.
func (p *cast) desks() ([]Step, error) {
	medical := func(who *Citizen) picture { return code(p.clinic[who], citycode.Medical) }
	offline := refused(citycode.OnlineRequired)
	wrong := refused(citycode.WrongAudience)
	return []Step{
		{At: at(8, 0, 0), Who: p.c.Short, Gate: p.desk, Online: true, What: text("医保码签到，取一号", "checks in with the medical code, number 1"),
			Picture: medical(p.c), Want: allowed(), Also: queue(1)},
		{At: at(8, 2, 0), Who: p.d.Short, Gate: p.desk, What: text("窗口断网：离线不能解码", "the desk has lost its network: nothing can be resolved"),
			Picture: medical(p.d), Want: offline},
		{At: at(8, 3, 0), Who: p.b.Short, Gate: p.desk, What: text("通用码在断网窗口同样不行", "nor with the universal code"),
			Picture: code(p.universal, 0), Want: offline},
		{At: at(8, 5, 0), Who: p.d.Short, Gate: p.desk, Online: true, What: text("网络恢复，刷新后签到，取二号", "the network is back: a fresh code, number 2"),
			Picture: medical(p.d), Want: allowed(), Also: queue(2)},
		{At: at(8, 6, 0), Who: p.b.Short, Gate: p.desk, Online: true, What: text("同一通用码联网就医，取三号", "the universal code online, number 3"),
			Picture: code(p.universal, citycode.Medical), Want: allowed(), Also: queue(3)},
		{At: at(8, 7, 0), Who: p.c.Short, Gate: p.desk, Online: true, What: text("再签一次：还是一号", "checks in again and keeps number 1"),
			Picture: medical(p.c), Want: allowed(), Also: queue(1)},
		{At: at(8, 8, 0), Who: p.e.Short, Gate: p.desk, Online: true, What: text("本院没有档案的人", "is not known to this hospital"),
			Picture: medical(p.e), Want: Want{Reason: hospital.PatientUnknown}},
		{At: at(8, 9, 0), Who: p.a.Short, Gate: p.desk, Online: true, What: text("在医院出示乘车码", "shows a ride code at the hospital"),
			Picture: code(p.ride[p.a], citycode.Transit), Want: wrong},
		{At: at(8, 20, 0), Who: p.c.Short, Gate: p.bus, What: text("在公交出示医保码", "shows a medical code on the bus"),
			Picture: medical(p.c), Want: wrong},
	}, nil
}

func queue(n int) func(*scenarios.Decision) error {
	return func(d *scenarios.Decision) error {
		var ticket hospital.Ticket
		if err := json.Unmarshal(d.Outcome, &ticket); err != nil {
			return err
		}
		if ticket.Queue != n {
			return fmt.Errorf("got number %d; the script says %d", ticket.Queue, n)
		}
		return nil
	}
}
