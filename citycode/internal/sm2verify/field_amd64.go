//go:build !purego

package sm2verify

import "golang.org/x/sys/cpu"

// useADX says that multiplication goes through the routines in field_amd64.s.
// Only choose writes it, and tests.
var useADX bool

// choose takes the assembly that this processor can run and that agrees with
// Go on this processor.
func choose() {
	useADX, useIFMA = false, false
	baseLanes = newLanePoints(&base)
	ifma := hasIFMA() && checkLanes(specialLimbs(), 15) && checkChain(specialLimbs(), 15) && checkForest(specialLimbs(), 5)
	useADX = hasADX() && checkADX(specialLimbs(), 300)
	useIFMA = ifma
}

func hasADX() bool { return cpu.X86.HasADX && cpu.X86.HasBMI2 }

func hasIFMA() bool {
	return cpu.X86.HasAVX512F && cpu.X86.HasAVX512DQ && cpu.X86.HasAVX512VL && cpu.X86.HasAVX512VBMI2 && cpu.X86.HasAVX512IFMA
}

// checkADX reports whether each routine in field_amd64.s computes what its twin
// in Go does, on numbers from limb. useADX is false.
func checkADX(limb func() uint64, times int) bool {
	next := func() element { return element{limb(), limb(), limb(), limb()} }
	for range times {
		x, y := next(), next()
		var want, got element
		want.mul(&x, &y)
		if mulADX(&got, &x, &y); got != want {
			return false
		}
		u, v := next(), next()
		want.mulSub(&x, &y, &u, &v)
		if mulSubADX(&got, &x, &y, &u, &v); got != want {
			return false
		}
		want.squareTimes(&x, 2)
		if squareTimesADX(&got, &x, 2); got != want {
			return false
		}
		q := affine{next(), next()}
		p := projective{x, y, next(), next()}
		sum := p
		p.addAffine(&q)
		if finite := !sum.isInfinity(); finite && addAffineADX(&sum, &q) && !sum.same(&p) {
			return false
		}
		j := jacobian{x, y, q.x}
		twice := j
		j.double()
		doubleADX(&twice)
		if !twice.x.equal(&j.x) || !twice.y.equal(&j.y) || !twice.z.equal(&j.z) {
			return false
		}
	}
	return true
}

// same reports whether the coordinates are equal.
func (p *projective) same(q *projective) bool {
	return p.x.equal(&q.x) && p.y.equal(&q.y) && p.zz.equal(&q.zz) && p.zzz.equal(&q.zzz)
}

// mulADX sets z = x·y.
//
//go:noescape
func mulADX(z, x, y *element)

// mulSubADX sets z = x·y - u·v.
//
//go:noescape
func mulSubADX(z, x, y, u, v *element)

// squareTimesADX sets z = x^(2^n). n is at least 1.
//
//go:noescape
func squareTimesADX(z, x *element, n int)

// addAffineADX adds q to p, which is not infinity. It reports false, and leaves
// p as it is, if the two have equal x.
//
//go:noescape
func addAffineADX(p *projective, q *affine) bool

// doubleADX sets p = 2p.
//
//go:noescape
func doubleADX(p *jacobian)
