package sm2verify

import (
	"errors"
	"sync"
)

// The widths of a key's table: what a sum costs against what a table takes.
const (
	Narrow = 8  // 32 additions, 256 KiB
	Wide   = 10 // 26 additions, 832 KiB
)

const (
	baseWidth = Wide // of the table of G, of which a process has one
	maxTerms  = 96   // of a sum: 26 and a table of width 4 or more; a multiple of lanes
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
	if len(compressed) != 33 || compressed[0]&^1 != 2 {
		return nil, ErrPoint
	}
	var p affine
	var g element
	if !p.x.setBytes((*[32]byte)(compressed[1:])) {
		return nil, ErrPoint
	}
	g.rightHandSide(&p.x)
	if !p.y.root(&g) {
		return nil, ErrPoint
	}
	if y := p.y.bytes(); y[31]&1 != compressed[0]&1 {
		p.y.sub(&element{}, &p.y)
	}
	return newKey(&p), nil
}

func newKey(p *affine) *Key {
	k := &Key{point: *p}
	k.raw[0] = 4
	x, y := p.x.bytes(), p.y.bytes()
	copy(k.raw[1:], x[:])
	copy(k.raw[33:], y[:])
	return k
}

// Bytes returns 04‖x‖y.
func (k *Key) Bytes() [65]byte { return k.raw }

// WithTable returns the key with a table of its multiples, Narrow or Wide,
// which makes each later verification about five times as fast and costs about
// fifteen of them now. It returns ErrSelfTest if the table is not right.
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

// baseTable is the table of G, 832 KiB. It is made when it is first needed.
var baseTable = sync.OnceValue(func() *table {
	t := newTable(&base, baseWidth)
	if !t.check(&base) {
		panic(ErrSelfTest) // no verdict of this process can be trusted
	}
	return t
})

// Verify implements GB/T 32918.2-2016, 7.1, B1, B2 and B4 to B7: it reports
// whether signature, r‖s, is valid for digest, e. It allocates nothing. The
// first call of a process makes the table of G, and panics with ErrSelfTest if
// that is not right.
func (k *Key) Verify(digest *[32]byte, signature *[64]byte) bool {
	r := scalar(words((*[32]byte)(signature[:32])))
	s := scalar(words((*[32]byte)(signature[32:])))
	// Zero lets r or s drop out of the equation; r+n and s+n would be second
	// spellings of a signature.
	if r.isZero() || s.isZero() || !r.less(&order) || !s.less(&order) {
		return false
	}
	t := r.addModulo(&s)
	if t.isZero() { // the key would drop out
		return false
	}
	sum := k.combine(&s, &t)
	if sum.isInfinity() {
		return false
	}
	e := scalar(words(digest)).reduced()
	v := r.subModulo(&e)
	if sum.hasX(&v) {
		return true
	}
	// The x of a point is below p, not n: it may be v+n.
	v, carry := v.plus(&order)
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
	var sum projective
	k := scalar(words(m)).reduced()
	if p.table != nil {
		sum = p.table.multiply(&k)
	} else {
		product := p.point.multiply(&k)
		sum = product.projective()
	}
	sum.addAffine(&w.point)
	if sum.isInfinity() {
		return nil, ErrPoint
	}
	q := sum.affine()
	return newKey(&q), nil
}
