package sm2verify

// An affine is a point of the curve y² = x³ - 3x + b other than infinity.
type affine struct{ x, y element }

var (
	curveB = element{0x90d230632bc0dd42, 0x71cf379ae9b537ab, 0x527981505ea51c3c, 0x240fe188ba20e2c8}
	base   = affine{ // G of GB/T 32918.5-2017, Annex A
		element{0x61328990f418029e, 0x3e7981eddca6c050, 0xd6a1ed99ac24c3c3, 0x91167a5ee1c13b05},
		element{0xc1354e593c2d0ddd, 0xc1f5e5788d3295fa, 0x8d4cfb066e2a48f8, 0x63cd65d481d735bd},
	}
)

// rightHandSide sets z = x³ - 3x + b.
func (z *element) rightHandSide(x *element) {
	var t, three element
	t.square(x)
	three.add(&one, &one)
	three.add(&three, &one)
	t.sub(&t, &three)
	t.mul(&t, x)
	z.add(&t, &curveB)
}

func (p *affine) onCurve() bool {
	var l, r element
	l.square(&p.y)
	r.rightHandSide(&p.x)
	return l.equal(&r)
}

// A projective is a point (x/zz, y/zzz) with zz³ = zzz², in the coordinates
// known as XYZZ. The zero value is infinity.
type projective struct{ x, y, zz, zzz element }

func (p *projective) isInfinity() bool { return p.zz.isZero() }

// addAffine adds q to p: 8 multiplications and 2 squarings.
func (p *projective) addAffine(q *affine) {
	if p.isInfinity() {
		*p = projective{q.x, q.y, one, one}
		return
	}
	if useADX && addAffineADX(p, q) {
		return
	}
	var d, l, t, u element
	d.mul(&q.x, &p.zz)
	d.sub(&d, &p.x)
	l.mul(&q.y, &p.zzz)
	l.sub(&l, &p.y)
	// Equal x: whoever chooses a key can make any two partial sums meet, so the
	// formula's blind spot is a way to have a signature judged wrongly.
	if d.isZero() {
		if l.isZero() {
			p.double()
		} else {
			*p = projective{}
		}
		return
	}
	t.square(&d)
	d.mul(&d, &t)
	p.zz.mul(&p.zz, &t)
	t.mul(&p.x, &t)
	p.zzz.mul(&p.zzz, &d)
	u.square(&l)
	u.sub(&u, &d)
	p.x.subTwice(&u, &t)
	t.sub(&t, &p.x)
	p.y.mulSub(&t, &l, &p.y, &d)
}

// add adds q to p: 12 multiplications and 2 squarings.
func (p *projective) add(q *projective) {
	if q.isInfinity() {
		return
	}
	if p.isInfinity() {
		*p = *q
		return
	}
	var d, l, t, u element
	u.mul(&p.x, &q.zz)
	d.mul(&q.x, &p.zz)
	d.sub(&d, &u)
	p.y.mul(&p.y, &q.zzz)
	l.mul(&q.y, &p.zzz)
	l.sub(&l, &p.y)
	if d.isZero() { // as in addAffine
		if l.isZero() {
			*p = *q
			p.double()
		} else {
			*p = projective{}
		}
		return
	}
	p.zz.mul(&p.zz, &q.zz)
	p.zzz.mul(&p.zzz, &q.zzz)
	t.square(&d)
	d.mul(&d, &t)
	p.zz.mul(&p.zz, &t)
	p.zzz.mul(&p.zzz, &d)
	t.mul(&u, &t)
	u.square(&l)
	u.sub(&u, &d)
	p.x.subTwice(&u, &t)
	t.sub(&t, &p.x)
	p.y.mulSub(&t, &l, &p.y, &d)
}

// double sets p = 2p: 6 multiplications and 4 squarings. It is right for
// infinity too, and no point has order 2.
func (p *projective) double() {
	var u, v, w, s, m element
	u.add(&p.y, &p.y)
	v.square(&u)
	w.mul(&u, &v)
	s.mul(&p.x, &v)
	m.square(&p.x)
	u.square(&p.zz)
	m.sub(&m, &u)
	u.add(&m, &m)
	m.add(&m, &u)
	p.zz.mul(&p.zz, &v)
	p.zzz.mul(&p.zzz, &w)
	p.x.square(&m)
	p.x.subTwice(&p.x, &s)
	s.sub(&s, &p.x)
	p.y.mulSub(&s, &m, &w, &p.y)
}

// hasX reports whether the affine x of p, which is not infinity, is the number v.
func (p *projective) hasX(v *scalar) bool {
	var x element
	x.setWords((*[4]uint64)(v))
	x.mul(&x, &p.zz)
	return x.equal(&p.x)
}

// equal reports whether p = q. Neither is infinity.
func (p *projective) equal(q *projective) bool {
	var l, r element
	l.mul(&p.x, &q.zz)
	r.mul(&q.x, &p.zz)
	if !l.equal(&r) {
		return false
	}
	l.mul(&p.y, &q.zzz)
	r.mul(&q.y, &p.zzz)
	return l.equal(&r)
}

// affine returns p, which is not infinity.
func (p *projective) affine() (q affine) {
	var i, t element
	i.invert(&p.zzz) // 1/z³
	q.y.mul(&p.y, &i)
	t.mul(&p.zz, &i) // 1/z
	t.square(&t)
	q.x.mul(&p.x, &t)
	return q
}

// A jacobian is a point (x/z², y/z³). The zero value is infinity.
type jacobian struct{ x, y, z element }

func (p *jacobian) isInfinity() bool { return p.z.isZero() }

// projective returns p in the other coordinates.
func (p *jacobian) projective() (q projective) {
	q.x, q.y = p.x, p.y
	q.zz.square(&p.z)
	q.zzz.mul(&p.z, &q.zz)
	return q
}

// double sets p = 2p: 4 multiplications and 4 squarings. It is right for
// infinity too, and no point has order 2. All coordinates are those of the usual
// formula with z/2 for z, which spares additions: m = 3/2·(x² - z⁴), x' = m² - 2xy²,
// y' = m·(xy² - x') - y⁴, z' = yz.
func (p *jacobian) double() {
	if useADX {
		doubleADX(p)
		return
	}
	var d, g, m, t element
	d.square(&p.z)
	p.z.mul(&p.z, &p.y)
	m.add(&p.x, &d)
	d.sub(&p.x, &d)
	m.mul(&m, &d)
	d.half(&m)
	m.add(&m, &d)
	g.square(&p.y)
	t.mul(&p.x, &g)
	p.x.square(&m)
	p.x.subTwice(&p.x, &t)
	t.sub(&t, &p.x)
	p.y.mulSub(&t, &m, &g, &g)
}

// A cached is a jacobian that is added often: it knows its z² and z³.
type cached struct {
	jacobian
	zz, zzz element
}

func newCached(p *jacobian) (c cached) {
	c.jacobian = *p
	c.zz.square(&p.z)
	c.zzz.mul(&p.z, &c.zz)
	return c
}

// add adds ±q to p: 11 multiplications and 3 squarings. q is not infinity.
func (p *jacobian) add(q *cached, negative bool) {
	qy := q.y
	if negative {
		qy.sub(&element{}, &q.y)
	}
	if p.isInfinity() {
		*p = jacobian{q.x, qy, q.z}
		return
	}
	var h, l, s, t, u element
	t.square(&p.z)
	h.mul(&q.x, &t)
	t.mul(&t, &p.z)
	l.mul(&qy, &t)
	u.mul(&p.x, &q.zz)
	s.mul(&p.y, &q.zzz)
	h.sub(&h, &u)
	l.sub(&l, &s)
	if h.isZero() { // as in addAffine
		if l.isZero() {
			p.double()
		} else {
			*p = jacobian{}
		}
		return
	}
	t.mul(&p.z, &q.z)
	p.z.mul(&t, &h)
	t.square(&h)
	h.mul(&h, &t)
	u.mul(&u, &t)
	p.x.square(&l)
	p.x.sub(&p.x, &h)
	p.x.subTwice(&p.x, &u)
	u.sub(&u, &p.x)
	p.y.mulSub(&u, &l, &s, &h)
}
