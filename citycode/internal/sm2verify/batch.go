package sm2verify

import "io"

// A Hint says which of the two points at x the point R of a signature is: the
// parity of its y. Who has verified a signature knows it ([Key.VerifyHint]). It
// is advice: with a wrong one, or none, a [Batch] takes longer and comes to the
// same verdict. The zero value is none.
type Hint uint8

// The hints.
const (
	NoHint Hint = 0
	Even   Hint = 2
	Odd    Hint = 3
)

// An Item is one signature of a batch.
type Item struct {
	Key       *Key
	Digest    [32]byte
	Signature [64]byte
	Hint      Hint
	Valid     bool // what Verify found
}

// Below these numbers of signatures it is cheaper to verify one by one.
const (
	fewKnown  = 8
	fewHinted = 16
)

// A Batch verifies many signatures at less than the price of each: those under
// keys with a table by additions that share their inversions, those under other
// keys, where there is a hint, in one equation with random weights. It holds the
// memory for that, and is not safe for concurrent use.
type Batch struct {
	random      io.Reader
	forest      *forest
	combination *combination
	known       []equation
	items       []*Item // of known
	hinted      []lifted
	budget      int
	picks       [lanes]picks // of signatures that are added up side by side
	sums        [lanes]projective
}

// NewBatch returns a batch. random draws the weights: crypto/rand.Reader, as
// nobody who makes signatures may know them before.
func NewBatch(random io.Reader) *Batch {
	f := newForest(forestSize, forestRefs)
	return &Batch{random: random, forest: f, combination: newCombination(f),
		known: make([]equation, 0, combined), items: make([]*Item, 0, combined), hinted: make([]lifted, 0, combined)}
}

// Bytes returns how much memory the batch holds, whatever it is given.
func (b *Batch) Bytes() int {
	const equationBytes, pointerBytes, liftedBytes = 96, 8, 168
	return b.forest.bytes() + b.combination.bytes() + combined*(equationBytes+pointerBytes+liftedBytes)
}

// Verify sets the verdict of each item: that of [Key.Verify], up to a probability
// of 2^-128. It allocates nothing. The first call of a process makes a second
// table of G, 2.75 MiB.
func (b *Batch) Verify(items []Item) {
	for len(items) > combined {
		b.verify(items[:combined])
		items = items[combined:]
	}
	b.verify(items)
}

func (b *Batch) verify(items []Item) {
	b.known, b.items, b.hinted = b.known[:0], b.items[:0], b.hinted[:0]
	for i := range items {
		item := &items[i]
		item.Valid = false
		q, ok := newEquation(&item.Digest, &item.Signature)
		if !ok {
			continue
		}
		if item.Key.table != nil {
			b.known, b.items = append(b.known, q), append(b.items, item)
			continue
		}
		if item.Hint == Even || item.Hint == Odd {
			b.hinted = append(b.hinted, lifted{equation: q, item: item})
			continue
		}
		item.Valid = item.Key.satisfies(&q)
	}
	b.verifyKnown()
	if len(b.hinted) < fewHinted {
		verifyAlone(b.hinted)
		return
	}
	b.hinted = lift(b.hinted)
	// Two more equations for each signature, and then one by one: with many bad
	// ones among them, halving would cost more than it finds.
	b.budget = 3 * len(b.hinted)
	b.settle(b.hinted, false)
}

// verifyKnown adds up, for each signature, the points that its tables give.
func (b *Batch) verifyKnown() {
	if !treesPay(len(b.known)) {
		for i := range b.known {
			b.items[i].Valid = b.items[i].Key.satisfies(&b.known[i])
		}
		return
	}
	if useIFMA {
		b.verifyInLanes()
		return
	}
	f, first := b.forest, 0
	f.clear(0)
	for i := range b.known {
		if len(f.refs)+maxTerms > 2*chosenPairs { // so that a round has one inversion
			b.finishKnown(first)
			first = i
		}
		from := len(f.refs)
		f.points = b.pick(&b.picks[0], i).terms(f.points)
		for k := from; k < len(f.points); k++ {
			f.refs = append(f.refs, ref(k)<<1)
		}
		f.close(from)
	}
	b.finishKnown(first)
}

// pick sets p to the points whose sum is R of a signature under a key with a table.
func (b *Batch) pick(p *picks, i int) *picks {
	p.n, p.negative = 0, [maxRounds]uint8{}
	batchTable().pick(p, &b.known[i].s)
	b.items[i].Key.table.pick(p, &b.known[i].t)
	return p
}

// verifyInLanes adds up the points of several signatures side by side.
func (b *Batch) verifyInLanes() {
	for first := 0; first < len(b.known); first += lanes {
		n := min(lanes, len(b.known)-first)
		for i := range n {
			b.pick(&b.picks[i], first+i)
		}
		sumEach(b.sums[:n], b.picks[:n])
		for i := range n {
			b.items[first+i].Valid = !b.sums[i].isInfinity() && b.known[first+i].accepts(&b.sums[i])
		}
	}
}

// treesPay reports whether n signatures under keys with tables cost less together.
func treesPay(n int) bool { return n >= fewKnown }

// finishKnown judges the signatures from first on whose trees are in the forest.
func (b *Batch) finishKnown(first int) {
	f := b.forest
	f.sum()
	for i, tree := range f.trees {
		if r := f.root(tree); r != nothing {
			sum := f.at(r)
			b.items[first+i].Valid = b.known[first+i].accepts(&projective{sum.x, sum.y, one, one})
		}
	}
	f.clear(0)
}

// settle finds the verdicts of list, and reports whether none needed a closer
// look. bad says that the equation of all is known not to hold. Only an equation
// that holds or a verification alone decides: a wrong hint breaks an equation as
// a forgery does, and must never refuse a signature.
func (b *Batch) settle(list []lifted, bad bool) (clean bool) {
	if len(list) < fewHinted || !bad && b.budget < len(list) {
		return verifyAlone(list)
	}
	if !bad {
		b.budget -= len(list)
		if b.combination.holds(list, b.random) {
			for i := range list {
				list[i].item.Valid = true
			}
			return true
		}
	}
	half := len(list) / 2
	clean = b.settle(list[:half], false)
	b.settle(list[half:], clean)
	return false
}

func verifyAlone(list []lifted) (clean bool) {
	clean = true
	for i := range list {
		l := &list[i]
		l.item.Valid = l.item.Key.satisfies(&l.equation)
		clean = clean && l.item.Valid
	}
	return clean
}
