package office

import (
	"cmp"
	"encoding/hex"
	"strings"

	"github.com/citizencode/citizencode/citycode/engine"
	"github.com/citizencode/citizencode/scenarios/ledger"
	"github.com/citizencode/citizencode/scenarios/transit/tap"
)

// A share is what a party has of a person's day, or the change of it.
type share struct {
	Fen  int64 `json:"f,omitempty"`
	Legs int64 `json:"n,omitempty"`
}

func (s share) plus(t share) share { return share{s.Fen + t.Fen, s.Legs + t.Legs} }

// party returns whom the fare of a leg that begins at a place belongs to, as
// operator/line; a station's gates that name no line are their network's.
func (o *Office) party(p *place) string {
	operator, line := p.operator, p.line
	if r, ok := o.cfg.Feed.Route(o.route(p)); ok {
		operator = cmp.Or(operator, r.Agency)
		line = r.ID
	}
	if line == "" {
		line = p.network
	}
	return word(cmp.Or(operator, o.agency[p.network], "operator")) + "/" + word(line)
}

// route returns the feed's name of a gate's line; empty at a station.
func (o *Office) route(p *place) string {
	if p.kind != tap.Board {
		return ""
	}
	return cmp.Or(o.cfg.Routes[p.line], p.line)
}

// maxWord bounds the words that stand for operators, lines and people in
// accounts and keys, so that a key always fits.
const maxWord = 40

func isWord(s string) bool {
	_, err := ledger.ParseAccount(string(ledger.Income) + "/" + s)
	return err == nil && !strings.Contains(s, "/")
}

// word makes a word of an account of a name: in lower case where that is one,
// else a digest.
func word(name string) string {
	if w := strings.ToLower(name); len(w) <= maxWord && isWord(w) {
		return w
	}
	return "h-" + digest(name)
}

// digest returns 32 hexadecimal digits of SM3.
func digest(s string) string {
	h := engine.Default().NewSM3()
	h.Write([]byte(s))
	var sum [engine.DigestSize]byte
	return hex.EncodeToString(h.Sum(sum[:0])[:16])
}

// receivable returns the account of what a person owes.
func receivable(person string) ledger.Account {
	return ledger.MustAccount(ledger.Asset, "receivable", "transit", word(person))
}
