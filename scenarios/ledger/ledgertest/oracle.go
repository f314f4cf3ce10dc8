package ledgertest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/citizencode/citizencode/scenarios/ledger"
)

// An oracle is a ledger written another way: accounts and days are text and
// numbers, contents are compared as sentences, amounts have a sign, and a
// balance is summed over all days every time. It shares no rule with package
// ledger.
type oracle struct {
	said       map[string]string           // the sentence of each key
	booked     map[string]int              // its day
	left       map[string]map[string]int64 // what may be taken back of it; a debit is above zero
	corrected  map[string]bool
	correction map[string]bool
	moved      map[string]map[int]*ledger.Balance
	closed     int // 0: none
	undo       []func()
}

func newOracle() *oracle {
	return &oracle{said: make(map[string]string), booked: make(map[string]int), left: make(map[string]map[string]int64),
		corrected: make(map[string]bool), correction: make(map[string]bool), moved: make(map[string]map[int]*ledger.Balance)}
}

// set changes a map so that it can be undone.
func set[K comparable, V any](o *oracle, m map[K]V, k K, v V) {
	old, was := m[k]
	o.undo = append(o.undo, func() {
		if was {
			m[k] = old
		} else {
			delete(m, k)
		}
	})
	m[k] = v
}

// rollback takes back everything since the last begin.
func (o *oracle) rollback() {
	for _, f := range slices.Backward(o.undo) {
		f()
	}
}

func (o *oracle) begin() { o.undo = o.undo[:0] }

// An intent is what the test wants to post, in the oracle's terms.
type intent struct {
	key, kind         string
	at                int64
	day, origin       int // origin 0: day; days count from Day
	reverses, refunds string
	note              string
	lines             []intentLine
}

type intentLine struct {
	account string
	fen     int64 // a debit is above zero
}

func (i intent) sentence() string {
	var lines []string
	for _, l := range i.lines {
		lines = append(lines, fmt.Sprint(l.account, "=", l.fen))
	}
	slices.Sort(lines)
	origin := i.origin
	if origin == 0 {
		origin = i.day
	}
	return fmt.Sprint(i.kind, " at ", i.at, " of ", origin, " reverses ", i.reverses, " refunds ", i.refunds, " note ", i.note, " : ", strings.Join(lines, " "))
}

// draft translates an intent.
func (i intent) draft() ledger.Draft {
	d := ledger.Draft{Key: i.key, Kind: i.kind, Time: Noon.Add(time.Duration(i.at) * time.Second), Day: Day.Add(i.day), Reverses: i.reverses, Refunds: i.refunds}
	if i.origin != 0 {
		d.Origin = Day.Add(i.origin)
	}
	if i.note != "" {
		d.Attributes = map[string]string{"note": i.note}
	}
	for _, l := range i.lines {
		account, err := ledger.ParseAccount(l.account)
		if err != nil {
			panic(err)
		}
		d.Postings = append(d.Postings, ledger.Posting{Account: account, Debit: max(l.fen, 0), Credit: max(-l.fen, 0)})
	}
	return d
}

// post returns "new", "again" or the reason of a refusal.
func (o *oracle) post(i intent) string {
	if said, ok := o.said[i.key]; ok {
		if said == i.sentence() {
			return "again"
		}
		return "key-conflict"
	}
	if o.closed != 0 && i.day <= o.closed {
		return "day-closed"
	}
	old := i.reverses + i.refunds
	if old != "" {
		if _, ok := o.said[old]; !ok {
			return "unknown-transaction"
		}
		if o.correction[old] {
			return "not-correctable"
		}
		if i.reverses != "" && o.corrected[old] {
			return "already-corrected"
		}
		rest := make(map[string]int64)
		for account, fen := range o.left[old] {
			rest[account] = fen
		}
		for _, l := range i.lines {
			before := rest[l.account]
			rest[l.account] += l.fen
			after := rest[l.account]
			// Towards zero and not beyond it.
			if before > 0 && (after < 0 || after >= before) || before < 0 && (after > 0 || after <= before) || before == 0 {
				if i.reverses != "" {
					return "not-mirror"
				}
				return "exceeds-original"
			}
		}
		for _, fen := range rest {
			if i.reverses != "" && fen != 0 {
				return "not-mirror"
			}
		}
		set(o, o.left, old, rest)
		set(o, o.corrected, old, true)
		set(o, o.correction, i.key, true)
	}
	set(o, o.said, i.key, i.sentence())
	set(o, o.booked, i.key, i.day)
	left := make(map[string]int64)
	for _, l := range i.lines {
		left[l.account] = l.fen
		if o.moved[l.account] == nil {
			o.moved[l.account] = make(map[int]*ledger.Balance)
		}
		b := o.moved[l.account][i.day]
		if b == nil {
			b = &ledger.Balance{}
			o.moved[l.account][i.day] = b
		}
		side, fen := &b.Debit, l.fen
		if fen < 0 {
			side, fen = &b.Credit, -fen
		}
		*side += fen
		o.undo = append(o.undo, func() { *side -= fen })
	}
	set(o, o.left, i.key, left)
	return "new"
}

// balance sums an account up to a day.
func (o *oracle) balance(account string, day int) (sum ledger.Balance) {
	for d, b := range o.moved[account] {
		if d <= day {
			sum.Debit += b.Debit
			sum.Credit += b.Credit
		}
	}
	return sum
}
