//go:build !amd64 || purego

package sm2verify

const useADX, useIFMA = false, false

func choose() {}

func mulADX(z, x, y *element) { panic("unreachable") }

func mulSubADX(z, x, y, u, v *element) { panic("unreachable") }

func squareTimesADX(z, x *element, n int) { panic("unreachable") }

func addAffineADX(p *projective, q *affine) bool { panic("unreachable") }

func doubleADX(p *jacobian) { panic("unreachable") }

func (p *picks) sumIFMA() (projective, bool) { panic("unreachable") }

func (p *affine) combineIFMA(s, t *scalar) (projective, bool) { panic("unreachable") }

func sumEachIFMA(sums []projective, list []picks) bool { panic("unreachable") }
