package sm2verify

import (
	"errors"
	"sync"
)

// The widths of a key's table: what a sum costs against what a table takes.
const (
	Small  = 6  // 43 additions, 86 KiB
	Narrow = 8  // 32 additions, 256 KiB
	Wide   = 10 // 26 additions, 832 KiB
	Widest = 12 // 22 additions, 2.75 MiB
)

const (
	baseWidth  = Wide   // of the table of G, of which a process has one
	batchWidth = Widest // of the other one, for batches
	maxTerms   = 96     // of a sum: 26 and a table of width 4 or more; a multiple of lanes
)

var (
	// ErrPoint means that bytes are not a compressed point of the curve.
	ErrPoint = errors.New("sm2verify: not a compressed point")

	// ErrSelfTest means that this processor or its memory computed wrongly.
	ErrSelfTest = errors.New("sm2verify: self-test failed")
)

// A Key is a public key: a point of the curve other than infinity. It is safe
// for concurrent use.
type Key struct {
	point affine
	raw   [65]byte
	table *table // or nil
}

// NewKey decompresses 02 or 03‖x, 33 bytes (GB/T 32918.1-2016, 4.2.10). It
// returns ErrPoint for any other form, x >= p, and an x without a point.
func NewKey(compressed []byte) (*Key, error) {
	k := new(Key)
	if err := k.Set(compressed); err != nil {
		return nil, err
	}
	return k, nil
}

// Set makes k the key that NewKey returns, in the memory of one that nobody uses
// any more. After an error k is of no use.
func (k *Key) Set(compressed []byte) error {
	if len(compressed) != 33 || compressed[0]&^1 != 2 {
		return ErrPoint
	}
	var p affine
	if !p.x.setBytes((*[32]byte)(compressed[1:])) || !p.setY(compressed[0]&1) {
		return ErrPoint
	}
	k.set(&p)
	return nil
}

// setY sets p.y to that of the point at p.x which is odd, or even. It reports
// false if there is none.
func (p *affine) setY(odd byte) bool {
	var g element
	g.rightHandSide(&p.x)
	if !p.y.root(&g) {
		return false
	}
	p.setOdd(odd)
	return true
}

// setOdd sets p to that of p and -p whose y has the parity.
func (p *affine) setOdd(odd byte) {
	if y := p.y.bytes(); y[31]&1 != odd {
		p.y.sub(&element{}, &p.y)
	}
}

func newKey(p *affine) *Key {
	k := new(Key)
	k.set(p)
	return k
}

func (k *Key) set(p *affine) {
	k.point, k.table = *p, nil
	k.raw[0] = 4
	x, y := p.x.bytes(), p.y.bytes()
	copy(k.raw[1:], x[:])
	copy(k.raw[33:], y[:])
}

// Bytes returns 04‖x‖y.
func (k *Key) Bytes() [65]byte { return k.raw }

// WithTable returns the key with a table of its multiples, of one of the widths
// above. A Narrow one makes each later verification about five times as fast and
// costs about fifteen of them now. It returns ErrSelfTest if the table is not right.
func (k *Key) WithTable(width int) (*Key, error) {
	return k.withTable(newTable(&k.point, width))
}

func (k *Key) withTable(t *table) (*Key, error) {
	if !t.check(&k.point) {
		return nil, ErrSelfTest
	}
	return &Key{point: k.point, raw: k.raw, table: t}, nil
}

// TableBytes returns how much memory the table of the key takes.
func (k *Key) TableBytes() int {
	if k.table == nil {
		return 0
	}
	return len(k.table.points) * pointBytes
}

// The tables of G, 832 KiB and 2.75 MiB. Each is made when it is first needed.
var (
	baseTable  = sync.OnceValue(func() *table { return newBaseTable(baseWidth) })
	batchTable = sync.OnceValue(func() *table { return newBaseTable(batchWidth) })
)

func newBaseTable(width int) *table {
	t := newTable(&base, width)
	if !t.check(&base) {
		panic(ErrSelfTest) // no verdict of this process can be trusted
	}
	return t
}

// Verify implements GB/T 32918.2-2016, 7.1, B1, B2 and B4 to B7: it reports
// whether signature, r‖s, is valid for digest, e. It allocates nothing. The
// first call of a process makes the table of G, and panics with ErrSelfTest if
// that is not right.
func (k *Key) Verify(digest *[32]byte, signature *[64]byte) bool {
	q, ok := newEquation(digest, signature)
	return ok && k.satisfies(&q)
}

// VerifyHint is Verify, and returns for a valid signature the hint that makes it
// cheap to verify again in a [Batch]. It costs about a twentieth more.
func (k *Key) VerifyHint(digest *[32]byte, signature *[64]byte) (Hint, bool) {
	q, ok := newEquation(digest, signature)
	if !ok {
		return NoHint, false
	}
	sum := k.combine(&q.s, &q.t)
	if sum.isInfinity() || !q.accepts(&sum) {
		return NoHint, false
	}
	r := sum.affine()
	y := r.y.bytes()
	return Even + Hint(y[31]&1), true
}

// An equation is what a signature claims: that x(s·G + t·P) = v mod n.
type equation struct{ s, t, v scalar }

// newEquation reports false for a signature that no key has.
func newEquation(digest *[32]byte, signature *[64]byte) (q equation, ok bool) {
	r := scalar(words((*[32]byte)(signature[:32])))
	s := scalar(words((*[32]byte)(signature[32:])))
	// Zero lets r or s drop out of the equation; r+n and s+n would be second
	// spellings of a signature.
	if r.isZero() || s.isZero() || !r.less(&order) || !s.less(&order) {
		return q, false
	}
	t := r.addModulo(&s)
	if t.isZero() { // the key would drop out
		return q, false
	}
	e := scalar(words(digest)).reduced()
	return equation{s, t, r.subModulo(&e)}, true
}

func (k *Key) satisfies(q *equation) bool {
	sum := k.combine(&q.s, &q.t)
	return !sum.isInfinity() && q.accepts(&sum)
}

// accepts reports whether the sum, which is not infinity, is as claimed.
func (q *equation) accepts(sum *projective) bool {
	if sum.hasX(&q.v) {
		return true
	}
	// The x of a point is below p, not n: it may be v+n.
	v, carry := q.v.plus(&order)
	return carry == 0 && v.less((*scalar)(&prime)) && sum.hasX(&v)
}

// combine returns s·G + t·P.
func (k *Key) combine(s, t *scalar) projective {
	if useIFMA && k.table == nil {
		if sum, ok := k.point.combineIFMA(s, t); ok {
			return sum
		}
		// Two sums that a blind spot of the formulas made 0.
	}
	var p picks
	baseTable().pick(&p, s)
	if k.table != nil {
		k.table.pick(&p, t)
		return p.sum()
	}
	sum := p.sum()
	product := k.point.multiply(t)
	q := product.projective()
	sum.add(&q)
	return sum
}

// Combine returns w + [m]p, where m is a big-endian number that is taken modulo
// n. It returns ErrPoint if that is infinity.
func Combine(w, p *Key, m *[32]byte) (*Key, error) {
	k := new(Key)
	if err := k.SetCombined(w, p, m); err != nil {
		return nil, err
	}
	return k, nil
}

// SetCombined makes k the key that Combine returns, as Set does. k may be w.
func (k *Key) SetCombined(w, p *Key, m *[32]byte) error {
	var sum projective
	n := scalar(words(m)).reduced()
	if p.table != nil {
		var terms picks
		p.table.pick(&terms, &n)
		spare := terms.n%lanes != 0 // a lane that has nothing to add in the last round
		if spare {
			terms.add(&w.point)
		}
		if sum = terms.sum(); !spare {
			sum.addAffine(&w.point)
		}
	} else {
		product := p.point.multiply(&n)
		sum = product.projective()
		sum.addAffine(&w.point)
	}
	if sum.isInfinity() {
		return ErrPoint
	}
	q := sum.affine()
	k.set(&q)
	return nil
}
