package office

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/citizencode/citizencode/scenarios/ledger"
)

// partiesAtOnce is how many parties one transaction has, so that with the
// person's account it fits.
const partiesAtOnce = ledger.MaxPostings - 1

// drafts returns the transactions of a change of fares: none where no money
// moves, and more than one for whoever rode with very many lines in a day.
func (o *Office) drafts(f fares) []ledger.Draft {
	var parties []string
	for _, party := range slices.Sorted(maps.Keys(f.Shares)) {
		if f.Shares[party].Fen != 0 {
			parties = append(parties, party)
		}
	}
	var list []ledger.Draft
	for part := range slices.Chunk(parties, partiesAtOnce) {
		d := ledger.Draft{
			Key:  fmt.Sprintf("transit.fare:%s:%s:%d:%d.%d", o.cfg.Name, word(f.Person), f.Day, f.Revision, len(list)),
			Kind: "transit.fare", Time: f.at, Day: bookDay(f.Day)}
		if f.Revision > 1 {
			d.Kind = "transit.fare.adjustment"
		}
		var owed int64
		for _, party := range part {
			fen := f.Shares[party].Fen
			owed += fen
			d.Postings = append(d.Postings, posting(income(party), -fen))
		}
		if owed != 0 {
			d.Postings = append(d.Postings, posting(receivable(f.Person), owed))
		}
		list = append(list, d)
	}
	return list
}

// posting debits an account where fen is above zero, and else credits it.
func posting(a ledger.Account, fen int64) ledger.Posting {
	if fen > 0 {
		return ledger.Posting{Account: a, Debit: fen}
	}
	return ledger.Posting{Account: a, Credit: -fen}
}

func income(party string) ledger.Account {
	operator, line, _ := strings.Cut(party, "/")
	return ledger.MustAccount(ledger.Income, "transit", operator, line)
}

func partyOf(a ledger.Account) string {
	return strings.TrimPrefix(a.String(), string(ledger.Income)+"/transit/")
}
