package terminal

import (
	"context"
	"errors"

	"github.com/citizencode/citizencode/card/apdu"
	"github.com/citizencode/citizencode/card/app"
	"github.com/citizencode/citizencode/card/purse"
)

// ReadLog reads up to limit records of the purse's log, the newest first. They are the card's word, without a
// certificate.
func (s *Session) ReadLog(ctx context.Context, limit int) ([]purse.LogRecord, error) {
	var list []purse.LogRecord
	for n := 1; n <= min(limit, app.PurseLogRecords); n++ {
		b, err := s.send(ctx, "READ RECORD", app.ReadRecord(app.SFIPurseLog, byte(n), purse.LogRecordSize))
		if errors.Is(err, apdu.RecordNotFound) {
			break
		}
		if err != nil {
			return list, err
		}
		r, err := purse.ParseLogRecord(b)
		if err != nil {
			return list, fail("READ RECORD", BadAnswer, "%w", err)
		}
		if r != (purse.LogRecord{}) { // a place that was never written
			list = append(list, r)
		}
	}
	return list, nil
}

// Balance reads the balance of the purse, in fen.
func (s *Session) Balance(ctx context.Context) (int64, error) {
	b, err := s.send(ctx, "GET BALANCE", purse.GetBalance())
	if err != nil {
		return 0, err
	}
	a, err := purse.ParseBalance(b)
	if err != nil {
		return 0, fail("GET BALANCE", BadAnswer, "%w", err)
	}
	return a.Fen(), nil
}
