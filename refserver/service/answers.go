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
	status BIGINT NOT NULL, -- 0: begun and not answered
	body   TEXT   NOT NULL,
	at     BIGINT NOT NULL, -- when it was first asked, Unix seconds
	seq    BIGINT NOT NULL UNIQUE
);
CREATE INDEX IF NOT EXISTS citizencode_answer_at ON citizencode_answer (at);
`

// answers are what was answered under each Idempotency-Key. A key that comes
// again with the same request gets the same answer, byte for byte; with another
// request it is refused. Of two that come at once, one is done.
//
// A request is written down before it is done and its answer behind it. A crash
// in between leaves the request without its answer: the same request is done
// again, under the same key and at the time of the first, so that the scenario
// takes it as the same.
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

// once does the work of a request unless its key has an answer. at is when the
// request was made for the first time.
func (a *answers) once(ctx context.Context, key, asked string, do func(at time.Time) (*answer, error)) (*answer, error) {
	leave, err := a.enter(ctx, key, asked)
	if err != nil {
		return nil, err
	}
	defer leave()
	kept, err := a.find(ctx, key)
	switch {
	case err != nil:
		return nil, err
	case kept == nil:
		kept = &keptAnswer{asked: asked, at: a.now().Unix()}
		err = a.begin(ctx, key, kept)
	case kept.asked != asked:
		return nil, keyConflict()
	case kept.Status != 0:
		return &kept.answer, nil
	}
	if err != nil {
		return nil, err
	}
	done, err := do(time.Unix(kept.at, 0).UTC())
	if err != nil {
		if p := ProblemOf(err); p.Status == http.StatusBadRequest {
			// What was asked wrongly was not done: it may be put right under its key.
			err = errors.Join(err, a.exec(ctx, `DELETE FROM citizencode_answer WHERE key = $1`, key))
		}
		return nil, err
	}
	if len(done.Body) > maxAnswer {
		return nil, errors.New("service: an answer is too long to be kept")
	}
	return done, a.exec(ctx, `UPDATE citizencode_answer SET status = $1, body = $2 WHERE key = $3`, done.Status, string(done.Body), key)
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

// A keptAnswer is a row; its status is 0 where the request was not answered.
type keptAnswer struct {
	answer
	asked string
	at    int64
}

func (a *answers) find(ctx context.Context, key string) (*keptAnswer, error) {
	var k keptAnswer
	var body string
	err := a.db.QueryRowContext(ctx, `SELECT asked, status, body, at FROM citizencode_answer WHERE key = $1 AND at >= $2`,
		key, a.oldest()).Scan(&k.asked, &k.Status, &body, &k.at)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	k.Body = []byte(body)
	return &k, err
}

func (a *answers) oldest() int64 { return a.now().Add(-a.life).Unix() }

// begin writes a request down, and forgets old ones and those beyond the bound.
func (a *answers) begin(ctx context.Context, key string, k *keptAnswer) error {
	seq := a.seq.Add(1)
	return sqltx.Do(ctx, a.db, func(ctx context.Context, tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM citizencode_answer WHERE at < $1 OR seq <= $2`, a.oldest(), seq-a.most); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO citizencode_answer (key, asked, status, body, at, seq) VALUES ($1, $2, 0, '', $3, $4)`,
			key, k.asked, k.at, seq)
		return err
	})
}

// exec runs a statement that must find its row.
func (a *answers) exec(ctx context.Context, query string, args ...any) error {
	return sqltx.Do(ctx, a.db, func(ctx context.Context, tx *sql.Tx) error {
		n, err := sqltx.Exec(ctx, tx, query, args...)
		if err == nil && n != 1 {
			err = errors.New("service: a request that has begun is not in the database")
		}
		return err
	})
}
