package service

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/citizencode/citizencode/scenarios/sqltx"
)

// How long answers are kept under their keys, and how many.
const (
	AnswerLife = 24 * time.Hour
	MaxAnswers = 100_000
	MaxKey     = 64 // characters of a key
)

// patience is how long a request waits for another one with the same key.
const patience = 5 * time.Second

const answersSchema = `
CREATE TABLE IF NOT EXISTS citizencode_answer (
	key    TEXT   NOT NULL PRIMARY KEY,
	asked  TEXT   NOT NULL, -- SHA-256 of method, path and body
	status BIGINT NOT NULL,
	body   TEXT   NOT NULL,
	at     BIGINT NOT NULL, -- Unix seconds
	seq    BIGINT NOT NULL UNIQUE
);
CREATE INDEX IF NOT EXISTS citizencode_answer_at ON citizencode_answer (at);
`

// answers are what was answered under each Idempotency-Key. A key that comes
// again with the same request gets the same answer, byte for byte; with another
// request it is refused. Of two that come at once, one is done.
//
// An answer is kept when the work is done. A crash in between leaves the work
// without its answer: the same request is done again, under the same key, which
// the scenarios take as the same request.
type answers struct {
	db  *sql.DB
	now func() time.Time
	seq atomic.Int64

	life     time.Duration
	most     int64
	patience time.Duration

	mu   sync.Mutex
	busy map[string]*flight
}

// A flight is a request that is being worked on.
type flight struct {
	asked string
	done  chan struct{}
}

func openAnswers(ctx context.Context, db *sql.DB, now func() time.Time) (*answers, error) {
	a := &answers{db: db, now: now, life: AnswerLife, most: MaxAnswers, patience: patience, busy: make(map[string]*flight)}
	if err := sqltx.Create(ctx, db, answersSchema); err != nil {
		return nil, err
	}
	var last int64
	if err := db.QueryRowContext(ctx, `SELECT COALESCE(MAX(seq), 0) FROM citizencode_answer`).Scan(&last); err != nil {
		return nil, err
	}
	a.seq.Store(last)
	return a, nil
}

// fingerprint tells two requests apart. The body is compared byte for byte.
func fingerprint(r *http.Request, body []byte) string {
	h := sha256.New()
	h.Write([]byte(r.Method + "\n" + r.URL.Path + "\n"))
	h.Write(body)
	return hex.EncodeToString(h.Sum(nil))
}

// keyOf reads the Idempotency-Key, with or without the quotes of a structured
// field; empty if there is none.
func keyOf(r *http.Request) (string, error) {
	values := r.Header.Values("Idempotency-Key")
	if len(values) == 0 {
		return "", nil
	}
	key := values[0]
	if n := len(key); n > 2 && key[0] == '"' && key[n-1] == '"' {
		key = key[1 : n-1]
	}
	if len(values) > 1 || key == "" || len(key) > MaxKey || strings.Trim(key, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.:@/#") != "" {
		return "", NewProblem(http.StatusBadRequest, KeyMalformed, "one key of 1 to 64 letters, digits and -_.:@/# belongs here").at("Idempotency-Key")
	}
	return key, nil
}

func keyMissing() *Problem {
	return NewProblem(http.StatusBadRequest, KeyMissing, "a request that changes something names itself").at("Idempotency-Key")
}

// once does the work of a request unless its key has an answer.
func (a *answers) once(ctx context.Context, key, asked string, do func() (*answer, error)) (*answer, error) {
	leave, err := a.enter(ctx, key, asked)
	if err != nil {
		return nil, err
	}
	defer leave()
	kept, before, err := a.find(ctx, key)
	switch {
	case err != nil:
		return nil, err
	case kept != nil && before != asked:
		return nil, keyConflict()
	case kept != nil:
		return kept, nil
	}
	done, err := do()
	if err != nil {
		return nil, err
	}
	if len(done.Body) > maxAnswer {
		return nil, errors.New("service: an answer is too long to be kept")
	}
	return done, a.keep(ctx, key, asked, done)
}

func keyConflict() *Problem {
	return NewProblem(http.StatusConflict, KeyConflict, "this key was used for another request").at("Idempotency-Key")
}

// enter waits until nobody else works on the key.
func (a *answers) enter(ctx context.Context, key, asked string) (leave func(), err error) {
	ctx, cancel := context.WithTimeout(ctx, a.patience)
	defer cancel()
	for {
		a.mu.Lock()
		other := a.busy[key]
		if other == nil {
			mine := &flight{asked, make(chan struct{})}
			a.busy[key] = mine
			a.mu.Unlock()
			return func() {
				a.mu.Lock()
				delete(a.busy, key)
				a.mu.Unlock()
				close(mine.done)
			}, nil
		}
		a.mu.Unlock()
		if other.asked != asked {
			return nil, keyConflict()
		}
		select {
		case <-other.done:
		case <-ctx.Done():
			return nil, NewProblem(http.StatusConflict, KeyInProgress, "the same request is being worked on").at("Idempotency-Key").after(1)
		}
	}
}

func (a *answers) find(ctx context.Context, key string) (kept *answer, asked string, err error) {
	kept = new(answer)
	var body string
	err = a.db.QueryRowContext(ctx, `SELECT asked, status, body FROM citizencode_answer WHERE key = $1 AND at >= $2`,
		key, a.oldest()).Scan(&asked, &kept.Status, &body)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, "", nil
	}
	kept.Body = []byte(body)
	return kept, asked, err
}

func (a *answers) oldest() int64 { return a.now().Add(-a.life).Unix() }

// keep makes an answer durable, and forgets old ones and those beyond the bound.
func (a *answers) keep(ctx context.Context, key, asked string, done *answer) error {
	seq := a.seq.Add(1)
	return sqltx.Do(ctx, a.db, func(ctx context.Context, tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM citizencode_answer WHERE at < $1 OR seq <= $2`, a.oldest(), seq-a.most); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO citizencode_answer (key, asked, status, body, at, seq) VALUES ($1, $2, $3, $4, $5, $6)`,
			key, asked, done.Status, string(done.Body), a.now().Unix(), seq)
		return err
	})
}
