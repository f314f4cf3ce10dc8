package perso

import (
	"context"
	"errors"
	"io"
	"sync"

	"github.com/citizencode/citizencode/card"
	"github.com/citizencode/citizencode/card/app"
)

// A Sink is where cards come from and go to: a [Deck], or a reader with a person or a machine beside it.
type Sink interface {
	// Blank returns the card that is to have the serial number: a blank one whose transport key is that number's, or the
	// one that an earlier run began.
	Blank(ctx context.Context, s app.Serial) (card.Transport, error)
	// Keep takes a card that is done. It is durable when Flush has returned.
	Keep(s app.Serial, t card.Transport) error
	Flush() error
	// Renews reports whether Blank and Keep destroy a card that an earlier run began under the same serial number.
	Renews() bool
}

// A readerSink has real cards: one at a time, each put in by somebody who knows which.
type readerSink struct {
	next func(context.Context, app.Serial) (card.Transport, error)
}

// ReaderSink is a Sink of cards behind a reader. next waits for the card that is to have the serial number.
func ReaderSink(next func(context.Context, app.Serial) (card.Transport, error)) Sink {
	return readerSink{next}
}

func (s readerSink) Blank(ctx context.Context, serial app.Serial) (card.Transport, error) {
	return s.next(ctx, serial)
}
func (readerSink) Keep(app.Serial, card.Transport) error { return nil }
func (readerSink) Flush() error                          { return nil }
func (readerSink) Renews() bool                          { return false }

// A Report is what a run did.
type Report struct {
	Rows    int            `json:"rows"`    // good rows
	Made    int            `json:"made"`    // cards that this run ended
	Before  int            `json:"before"`  // that were done before
	LeftOut map[Reason]int `json:"leftOut"` // rows, by reason
	Errors  []string       `json:"errors"`  // the first of them, by line
}

// maxErrors is how many errors of rows a report names.
const maxErrors = 100

func (r *Report) leave(e *RowError) {
	r.LeftOut[e.Reason]++
	if len(r.Errors) < maxErrors {
		r.Errors = append(r.Errors, e.Error())
	}
}

// A run is what Run works on.
type run struct {
	*Config
	source  Source
	sink    Sink
	journal *Journal
	report  *Report
	seen    map[app.Serial]struct{} // in this file
}

// Run makes a card for each row that has none. A row that is wrong is left out and named; anything else that goes wrong,
// as a card that was torn away, ends the run, which may be begun again.
func Run(ctx context.Context, cfg Config, source Source, sink Sink, journal *Journal) (*Report, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	r := &run{Config: &cfg, source: source, sink: sink, journal: journal, report: &Report{LeftOut: make(map[Reason]int), Errors: []string{}},
		seen: make(map[app.Serial]struct{})}
	for {
		batch, end, err := r.read(ctx)
		if err == nil {
			err = r.make(ctx, batch)
		}
		if err != nil {
			return r.report, err
		}
		if cfg.Progress != nil {
			left := 0
			for _, n := range r.report.LeftOut {
				left += n
			}
			cfg.Progress(r.report.Made+r.report.Before+left, source.Read())
		}
		if end {
			return r.report, nil
		}
	}
}

// read returns the next rows that have no card.
func (r *run) read(ctx context.Context) (batch []*Record, end bool, err error) {
	for len(batch) < max(1, r.Batch) {
		if err := ctx.Err(); err != nil {
			return nil, false, err
		}
		record, err := r.source.Next()
		var wrong *RowError
		switch {
		case err == io.EOF:
			return batch, true, nil
		case errors.As(err, &wrong):
			r.report.leave(wrong)
			continue
		case err != nil:
			return nil, false, err
		}
		if _, twice := r.seen[record.Serial]; twice {
			// Two people with one number would be one card.
			r.report.leave(&RowError{record.Line, Duplicate})
			continue
		}
		r.seen[record.Serial] = struct{}{}
		r.report.Rows++
		if r.journal.states[record.Serial] == done {
			r.report.Before++
			continue
		}
		batch = append(batch, record)
	}
	return batch, false, nil
}

// made is what became of one record of a batch.
type made struct {
	card *Done
	err  error
}

// make makes the cards of a batch. Those that are done are written down even if another one ends the run.
func (r *run) make(ctx context.Context, batch []*Record) error {
	if len(batch) == 0 {
		return nil
	}
	again := make([]bool, len(batch))
	for i, record := range batch {
		again[i] = r.journal.states[record.Serial] == begun && !r.sink.Renews()
	}
	if err := r.journal.begin(batch); err != nil {
		return err
	}
	results := make([]made, len(batch))
	next := make(chan int)
	var workers sync.WaitGroup
	for range min(max(1, r.Workers), len(batch)) {
		workers.Go(func() {
			for i := range next {
				results[i].card, results[i].err = r.one(ctx, batch[i], again[i])
			}
		})
	}
	for i := range batch {
		next <- i
	}
	close(next)
	workers.Wait()
	return r.keep(results)
}

func (r *run) one(ctx context.Context, record *Record, again bool) (*Done, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	t, err := r.sink.Blank(ctx, record.Serial)
	if err != nil {
		return nil, err
	}
	d, err := r.fill(ctx, t, record, again)
	if err == nil {
		err = r.sink.Keep(record.Serial, t)
	}
	return d, err
}

// keep writes down what was made, first the cards and then that they are done.
func (r *run) keep(results []made) error {
	var cards []*Done
	var fault error
	for _, m := range results {
		var wrong *RowError
		switch {
		case m.err == nil:
			cards = append(cards, m.card)
		case errors.As(m.err, &wrong):
			r.report.leave(wrong)
		case fault == nil:
			fault = m.err
		}
	}
	err := r.sink.Flush()
	if err == nil {
		err = r.journal.end(cards)
	}
	if err == nil {
		r.report.Made += len(cards)
	}
	return errors.Join(err, fault)
}
