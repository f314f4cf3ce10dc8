package tariff

import (
	"fmt"
	"strconv"
	"time"

	"github.com/citizencode/citizencode/scenarios"
)

// A LineKind says what a line of a charge is about.
type LineKind uint8

// The kinds of lines.
const (
	FreeMinutes LineKind = iota + 1 // Seconds are free
	OnDuty                          // the vehicle never pays
	Covered                         // Seconds are covered by a pass
	Units                           // Units of Seconds at UnitFen in Band
	BandCap                         // the cap UnitFen of Band took off Fen
	WindowCap                       // the cap UnitFen of 24 hours or a day took off Fen
	VisitCap                        // the cap UnitFen of the visit took off Fen
	Percentage                      // the class pays Units percent
	More                            // everything that found no room
)

// MaxLines is how many lines of units and caps a charge has; what is more is
// summed up in one. A stay of years would have thousands.
const MaxLines = 60

// A Line explains a part of a charge.
type Line struct {
	Kind        LineKind
	Band        string
	From, Until time.Time // UTC; the time that was charged
	Units       int64
	Seconds     int64 // of one unit, or what is free or covered
	UnitFen     int64
	Fen         int64 // what the line adds; a cap takes off

	window window
}

// Text says the line to a driver. Times are in the zone of the tariff.
func (t *Tariff) Text(l Line) scenarios.Text {
	clock := func(at time.Time) string { return at.Add(seconds(t.zone)).Format("01-02 15:04") }
	span := clock(l.From) + "–" + clock(l.Until)
	switch l.Kind {
	case FreeMinutes:
		return text("免费停放 %[1]s", "%[2]s free", minutesZh(l.Seconds), minutesEn(l.Seconds))
	case OnDuty:
		return scenarios.Text{Zh: "执行任务车辆免费", En: "a vehicle on duty is free"}
	case Covered:
		return text("通行证覆盖 %[1]s", "%[2]s covered by a pass", minutesZh(l.Seconds), minutesEn(l.Seconds))
	case Units:
		return scenarios.Text{
			Zh: fmt.Sprintf("%s %s：%d × %s，每次 %s 元，共 %s 元", l.Band, span, l.Units, minutesZh(l.Seconds), yuan(l.UnitFen), yuan(l.Fen)),
			En: fmt.Sprintf("%s %s: %d × %s at %s yuan = %s yuan", l.Band, span, l.Units, minutesEn(l.Seconds), yuan(l.UnitFen), yuan(l.Fen)),
		}
	case BandCap:
		return text("%[1]s 封顶 %[2]s 元，减 %[3]s 元", "%[1]s is capped at %[2]s yuan: %[3]s yuan less", l.Band, yuan(l.UnitFen), yuan(-l.Fen))
	case WindowCap:
		if l.window == calendarDay {
			return text("每日封顶 %s 元，减 %s 元", "a day is capped at %s yuan: %s yuan less", yuan(l.UnitFen), yuan(-l.Fen))
		}
		return text("24 小时封顶 %s 元，减 %s 元", "24 hours are capped at %s yuan: %s yuan less", yuan(l.UnitFen), yuan(-l.Fen))
	case VisitCap:
		return text("单次封顶 %s 元，减 %s 元", "a visit is capped at %s yuan: %s yuan less", yuan(l.UnitFen), yuan(-l.Fen))
	case Percentage:
		return text("按 %s%% 收取，减 %s 元", "this class pays %s %%: %s yuan less", strconv.FormatInt(l.Units, 10), yuan(-l.Fen))
	case More:
		return text("其余时段合计 %s 元", "the rest of the stay: %s yuan", yuan(l.Fen))
	}
	return scenarios.Text{}
}

func text(zh, en string, args ...any) scenarios.Text {
	return scenarios.Text{Zh: fmt.Sprintf(zh, args...), En: fmt.Sprintf(en, args...)}
}

// yuan writes an amount of fen, which is not negative, as 12.50.
func yuan(fen int64) string { return fmt.Sprintf("%d.%02d", fen/100, fen%100) }

func minutesZh(seconds int64) string { return fmt.Sprintf("%d 分钟", begun(seconds, 60)) }

func minutesEn(seconds int64) string { return fmt.Sprintf("%d min", begun(seconds, 60)) }
