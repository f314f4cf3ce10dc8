package parking

import (
	"context"
	"strings"
	"time"
)

// A NoticeKind says what a citizen is told.
type NoticeKind string

// The kinds.
const (
	NoticePlate       NoticeKind = "plate-state" // 车牌状态变更
	NoticePaid        NoticeKind = "paid"        // 支付结果
	NoticeUnpaid      NoticeKind = "unpaid"
	NoticeRefunded    NoticeKind = "refunded"
	NoticeCompensated NoticeKind = "compensated" // a bay was taken back by its owner
)

// A Notice is a message to a citizen's app.
type Notice struct {
	Seq        int64      `json:"seq"`
	Person     string     `json:"person"`
	Kind       NoticeKind `json:"kind"`
	At         time.Time  `json:"at"`
	Plate      string     `json:"plate,omitempty"` // masked
	PlateState PlateState `json:"plateState,omitempty"`
	Bill       string     `json:"bill,omitempty"`
	Fen        int64      `json:"fen,omitempty"`
}

// MaxNotices is how many notices are kept, and MaxNoticePage how many are read
// at once.
const (
	MaxNotices    = 100_000
	MaxNoticePage = 1000
)

// Notices returns the notices behind a place, the oldest first: whoever sends
// them keeps the place and asks again, so that none is lost.
func (s *Scenario) Notices(ctx context.Context, after int64) (list []Notice, err error) {
	err = s.stream.View(ctx, func() error {
		st := s.state
		from := min(max(0, after-st.noticed), int64(len(st.notices)))
		for i, n := range st.notices[from:min(from+MaxNoticePage, int64(len(st.notices)))] {
			n.Seq = st.noticed + from + int64(i) + 1
			list = append(list, n)
		}
		return nil
	})
	return list, err
}

// platePayer is before the name of a plate that stands for a payer whom nobody
// knows.
const platePayer = "plate-"

func (st *state) notify(person string, kind NoticeKind, at time.Time, bill string, fen int64) {
	if strings.HasPrefix(person, platePayer) {
		return
	}
	st.notices = append(st.notices, Notice{Person: person, Kind: kind, At: at, Bill: bill, Fen: fen})
}
