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

// forestLanes is what a forest needs for sums in lanes.
type forestLanes struct{}

func newForestLanes(pairs int) (l forestLanes) { return l }

func (forestLanes) bytes() int { return 0 }

const fewPairs = 0

func (f *forest) addInLanes(first int) bool { panic("unreachable") }

func rootPowerInLanes(z *[maxRoots]element) { panic("unreachable") }
