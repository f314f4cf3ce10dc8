package transit

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/citizencode/citizencode/scenarios/sqltx"
	"github.com/citizencode/citizencode/scenarios/transit/office"
	"github.com/citizencode/citizencode/scenarios/transit/tap"
)

const queueSchema = `
CREATE TABLE IF NOT EXISTS transit_gate (
	gate TEXT   NOT NULL PRIMARY KEY,
	last BIGINT NOT NULL -- number of its last tap
);
CREATE TABLE IF NOT EXISTS transit_tap (
	gate     TEXT   NOT NULL,
	sequence BIGINT NOT NULL,
	key      TEXT   NOT NULL UNIQUE,
	data     TEXT   NOT NULL, -- JSON
	at       BIGINT NOT NULL, -- Unix seconds
	sent     BIGINT NOT NULL, -- 1: the office has it
	PRIMARY KEY (gate, sequence)
);
CREATE INDEX IF NOT EXISTS transit_tap_sent ON transit_tap (sent, at);
`

const (
	// keepSent is how long a tap that the office has stays, for a terminal
	// that lost the answer.
	keepSent = time.Hour
	// settled is how long after it a tap of this server's own gates can still
	// be on its way into the queue: longer than any request.
	settled = time.Minute
)

// A queue keeps the taps of the server's own gates until the office has them.
type queue struct {
	db      *sql.DB
	office  *office.Office
	gates   []string
	now     func() time.Time
	waiting atomic.Int64
	sending sync.Mutex
}

var _ tap.Queue = (*queue)(nil)

func openQueue(ctx context.Context, db *sql.DB, o *office.Office, gates []string, now func() time.Time) (*queue, error) {
	q := &queue{db: db, office: o, gates: gates, now: now}
	if err := sqltx.Create(ctx, db, queueSchema); err != nil {
		return nil, err
	}
	var n int64
	err := db.QueryRowContext(ctx, `SELECT COUNT(*) FROM transit_tap WHERE sent = 0`).Scan(&n)
	q.waiting.Store(n)
	return q, err
}

// Find implements [tap.Queue].
func (q *queue) Find(ctx context.Context, key string) (t tap.Tap, found bool, err error) {
	return findTap(q.db.QueryRowContext(ctx, selectTap, key))
}

const selectTap = `SELECT data FROM transit_tap WHERE key = $1`

func findTap(row *sql.Row) (t tap.Tap, found bool, err error) {
	var data string
	if err := row.Scan(&data); errors.Is(err, sql.ErrNoRows) {
		return t, false, nil
	} else if err != nil {
		return t, false, err
	}
	return t, true, json.Unmarshal([]byte(data), &t)
}

// Append implements [tap.Queue].
func (q *queue) Append(ctx context.Context, t tap.Tap) (tap.Tap, error) {
	if err := t.Check(); err != nil {
		return tap.Tap{}, err
	}
	if q.waiting.Load() >= tap.MaxQueue {
		return tap.Tap{}, tap.ErrFull
	}
	fresh := false
	err := sqltx.Do(ctx, q.db, func(ctx context.Context, tx *sql.Tx) error {
		fresh = false
		old, found, err := findTap(tx.QueryRowContext(ctx, selectTap, t.Key))
		if found || err != nil {
			t = old
			return err
		}
		if err := tx.QueryRowContext(ctx, `INSERT INTO transit_gate (gate, last) VALUES ($1, 1)
			ON CONFLICT (gate) DO UPDATE SET last = transit_gate.last + 1 RETURNING last`, t.Gate).Scan(&t.Sequence); err != nil {
			return err
		}
		data, err := json.Marshal(t)
		if err != nil {
			return err
		}
		fresh = true
		_, err = tx.ExecContext(ctx, `INSERT INTO transit_tap (gate, sequence, key, data, at, sent) VALUES ($1, $2, $3, $4, $5, 0)`,
			t.Gate, t.Sequence, t.Key, string(data), t.Time.Unix())
		return err
	})
	if err != nil {
		return tap.Tap{}, err
	}
	if fresh {
		q.waiting.Add(1)
	}
	return t, nil
}

// send gives the office what it has not got, and tells it up to when the gates
// have told all. It returns how many taps the office would not take.
func (q *queue) send(ctx context.Context) (refused int, err error) {
	q.sending.Lock()
	defer q.sending.Unlock()
	through := q.now().Add(-settled).UTC().Truncate(time.Second)
	for _, gate := range q.gates {
		for more := true; more; {
			taps, err := q.unsent(ctx, gate)
			if err != nil {
				return refused, err
			}
			batch := tap.Batch{Gate: gate, Taps: taps}
			if more = len(taps) == tap.MaxBatch; !more {
				batch.Through = through
			}
			receipt, err := q.office.Upload(ctx, batch)
			if err != nil {
				return refused, err
			}
			refused += len(receipt.NotTaken)
			if len(taps) == 0 {
				break
			}
			if err := q.acknowledge(ctx, gate, taps[len(taps)-1].Sequence); err != nil {
				return refused, err
			}
			q.waiting.Add(-int64(len(taps)))
		}
	}
	return refused, nil
}

func (q *queue) unsent(ctx context.Context, gate string) (taps []tap.Tap, err error) {
	rows, err := q.db.QueryContext(ctx, `SELECT data FROM transit_tap WHERE gate = $1 AND sent = 0 ORDER BY sequence LIMIT $2`, gate, tap.MaxBatch)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var data string
		var t tap.Tap
		if err := rows.Scan(&data); err != nil {
			return nil, err
		}
		if err := json.Unmarshal([]byte(data), &t); err != nil {
			return nil, err
		}
		taps = append(taps, t)
	}
	return taps, rows.Err()
}

// acknowledge marks the taps of a gate up to a number, and forgets old ones.
func (q *queue) acknowledge(ctx context.Context, gate string, last uint64) error {
	return sqltx.Do(ctx, q.db, func(ctx context.Context, tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `UPDATE transit_tap SET sent = 1 WHERE gate = $1 AND sequence <= $2 AND sent = 0`, gate, last); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `DELETE FROM transit_tap WHERE sent = 1 AND at < $1`, q.now().Add(-keepSent).Unix())
		return err
	})
}
