package epurse

// answers are the uses of one card's identity key. A card counts each answer,
// so what is missing was given to somebody who does not say so.
type answers struct {
	seen  row
	first map[uint32]string // place and time that reported a counter first
	twice []Finding
}

func (a *answers) add(x Answer) {
	place := x.Place + " at " + x.Time.UTC().Format("2006-01-02 15:04:05")
	if a.seen.add(x.Counter) {
		a.first[x.Counter] = place
		return
	}
	if first := a.first[x.Counter]; first != place && len(a.twice) < maxRefused {
		a.twice = append(a.twice, Finding{Kind: CounterTwice, Of: x.Serial, Detail: first + ", " + place})
	}
}

// has reports whether exactly this answer was added before.
func (a *answers) has(x Answer) bool {
	return a != nil && a.first[x.Counter] == x.Place+" at "+x.Time.UTC().Format("2006-01-02 15:04:05")
}

// judge looks for counters that were used and not reported.
func (a *answers) judge(serial string) []Finding {
	list := a.twice
	for _, hole := range a.seen.holes(1) {
		list = append(list[:len(list):len(list)], Finding{Kind: CounterGap, Of: serial, Detail: hole.String()})
	}
	return list
}
