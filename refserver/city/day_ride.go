package city

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"time"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/qr"
	"github.com/citizencode/citizencode/scenarios/transit"
)

// rides is the morning rush: buses without a network and a metro station.
func (p *cast) rides() ([]Step, error) {
	var first, slow, lane, outage, lost screenshot
	ride := func(who *Citizen) picture { return code(p.ride[who], citycode.Transit) }
	replayed := refused(citycode.Replayed)
	same := allowed()
	same.Repeated = true
	return []Step{
		{At: at(6, 40, 0), Who: p.a.Short, Gate: p.bus, What: text("断网公交，亮码上车", "boards a bus that has no network"),
			Picture: first.of(ride(p.a)), Want: allowed()},
		{At: at(6, 40, 1), Who: p.a.Short, Gate: p.bus, What: text("镜头又看到同一个码：同一结果，不再开门", "the camera sees it again: same answer, opens once"),
			Picture: first.again, Want: same},
		{At: at(6, 40, 6), Who: p.a.Short, Gate: p.bus, What: text("六秒后再用同一个码", "the same code six seconds later"),
			Picture: first.again, Want: replayed},
		{At: at(6, 40, 20), Who: p.a.Short, Gate: p.bus, What: text("刷新后为同行人再刷一次", "a fresh code for a companion"),
			Picture: ride(p.a), Want: allowed()},
		{At: at(6, 41, 0), Who: p.b.Short, Gate: p.bus, What: text("通用码离线乘车", "the universal code rides offline"),
			Picture: code(p.universal, 0), Want: allowed()},
		{At: at(6, 42, 0), Who: p.c.Short, Gate: p.bus, What: text("手机倒拿、深色模式：白码黑底", "phone upside down, light on dark"),
			Picture: upsideDown(ride(p.c)), Want: allowed()},
		{At: at(6, 43, 0), Who: p.d.Short, Gate: p.bus, What: text("Base45 文本形式的码", "the Base45 text form"),
			Picture: inBase45(p.ride[p.d]), Want: allowed()},
		{At: at(6, 44, 0), Who: p.e.Short, Gate: p.bus, What: text("两分钟前的码", "a code made two minutes ago"),
			Before:  func() (err error) { _, err = slow.of(late(p.ride[p.e], 2*time.Minute))(); return err },
			Picture: slow.again, Want: refused(citycode.CodeTooOld)},
		{At: at(6, 45, 0), Who: p.e.Short, Gate: p.bus, What: text("手机时钟快十分钟", "the phone's clock is ten minutes ahead"),
			Before: func() error { p.ride[p.e].ahead = 10 * time.Minute; return nil }, Picture: ride(p.e), Want: refused(citycode.ClockAhead)},
		{At: at(6, 45, 30), Who: p.e.Short, Gate: p.bus, What: text("校准后再试", "and when it is set right"),
			Before: func() error { p.ride[p.e].ahead = 0; return nil }, Picture: ride(p.e), Want: allowed()},
		{At: at(6, 50, 0), Who: p.f.Short, Gate: p.unlistedBus, What: text("运营方尚未接入的线路", "a line whose operator has not joined"),
			Picture: ride(p.f), Want: Want{Reason: transit.LineNotAccepted}},

		{At: at(7, 0, 0), Who: p.a.Short, Gate: p.metro1, Online: true, What: text("进地铁站", "enters the metro"),
			Picture: lane.of(ride(p.a)), Want: allowed()},
		{At: at(7, 0, 10), Who: p.j.Short, Gate: p.metro2, Online: true, What: text("拿甲的截屏到同站另一闸机", "A's screenshot at another gate of the station"),
			Picture: lane.again, Want: replayed},
		{At: at(7, 0, 30), Who: p.j.Short, Gate: p.otherBus, What: text("同一截屏在互不相通的公交：一分钟内挡不住，结算时查出", "the same at a bus that shares nothing: cannot be seen here, settlement finds it"),
			Picture: lane.again, Want: allowed()},
		{At: at(7, 0, 40), Who: p.a.Short, Gate: p.metro2, Online: true, What: text("带着答案的码：答的是别处的提问", "a code that answers a question asked elsewhere"),
			Picture: answering(p.ride[p.a]), Want: refused(citycode.ChallengeMismatch)},

		{At: at(7, 10, 0), Who: p.f.Short, Gate: p.metro1, Online: true, What: text("进站，随后停电", "enters; then the power fails"),
			Picture: outage.of(ride(p.f)), Want: allowed()},
		{At: at(7, 10, 20), Who: p.j.Short, Gate: p.metro1, Online: true, What: text("重启后有日志：旧码仍被认出", "after the reboot, with its journal: still known"),
			Before: func() error { return p.metro1.station.reboot(p.clock, true) }, Picture: outage.again, Want: replayed},
		{At: at(7, 12, 0), Who: p.d.Short, Gate: p.metro1, Online: true, What: text("进站，随后硬盘也坏了", "enters; then the disk fails too"),
			Picture: lost.of(ride(p.d)), Want: allowed()},
		{At: at(7, 12, 20), Who: p.j.Short, Gate: p.metro1, Online: true, What: text("重启后无日志：开机前的码一律不认", "after a reboot without journal nothing older is taken"),
			Before: func() error { return p.metro1.station.reboot(p.clock, false) }, Picture: lost.again, Want: refused(citycode.ReplayUnknown)},
		{At: at(7, 13, 0), Who: p.c.Short, Gate: p.metro1, Online: true, What: text("开机半分钟后的新码", "a code made half a minute after the start"),
			Picture: ride(p.c), Want: allowed()},
	}, nil
}

// late draws a code that was made a while before.
func late(p *Pass, d time.Duration) picture {
	return func() ([]byte, error) {
		t, err := p.Present(citycode.Presentation{Time: p.clock.Now().Add(-d), Audience: citycode.Transit})
		if err != nil {
			return nil, err
		}
		return drawToken(t.Bytes(), qr.Options{})
	}
}

// answering draws a code that answers a challenge.
func answering(p *Pass) picture {
	return func() ([]byte, error) {
		t, err := p.answer(citycode.Transit, random(8))
		if err != nil {
			return nil, err
		}
		return drawToken(t.Bytes(), qr.Options{})
	}
}

func inBase45(p *Pass) picture {
	return func() ([]byte, error) {
		t, err := p.Show(citycode.Transit)
		if err != nil {
			return nil, err
		}
		return drawToken(t.Bytes(), qr.Options{Form: qr.Base45})
	}
}

// upsideDown turns a picture by half a turn and makes it light on dark.
func upsideDown(p picture) picture {
	return func() ([]byte, error) {
		file, err := p()
		if err != nil {
			return nil, err
		}
		img, err := png.Decode(bytes.NewReader(file))
		if err != nil {
			return nil, err
		}
		b := img.Bounds()
		turned := image.NewGray(image.Rect(0, 0, b.Dx(), b.Dy()))
		for y := range b.Dy() {
			for x := range b.Dx() {
				light := color.GrayModel.Convert(img.At(b.Max.X-1-x, b.Max.Y-1-y)).(color.Gray).Y
				turned.SetGray(x, y, color.Gray{Y: 255 - light})
			}
		}
		var out bytes.Buffer
		err = png.Encode(&out, turned)
		return out.Bytes(), err
	}
}
