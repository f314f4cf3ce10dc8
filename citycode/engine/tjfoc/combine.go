package tjfoc

import (
	"math/big"

	"github.com/tjfoc/gmsm/sm2"

	"github.com/citizencode/citizencode/citycode/engine"
)

var _ engine.Combiner = tjfoc{}

// Combine implements [engine.Combiner] over math/big: the library's addition is
// wrong for equal points, and an issuer can provoke those. It takes about 10 ms.
func (tjfoc) Combine(w, p engine.Key, k [32]byte) (engine.Key, error) {
	params := sm2.P256Sm2().Params()
	n := new(big.Int).Mod(new(big.Int).SetBytes(k[:]), params.N)
	sum := pointOf(w)
	base := pointOf(p)
	multiple := point{}
	for i := n.BitLen() - 1; i >= 0; i-- {
		multiple = multiple.plus(multiple, params.P)
		if n.Bit(i) == 1 {
			multiple = multiple.plus(base, params.P)
		}
	}
	sum = sum.plus(multiple, params.P)
	if sum.x == nil {
		return nil, engine.ErrPoint
	}
	compressed := make([]byte, engine.PointSize)
	compressed[0] = 2 + byte(sum.y.Bit(0))
	sum.x.FillBytes(compressed[1:])
	return tjfoc{}.Prepare(compressed)
}

// A point is affine; the zero point is infinity.
type point struct{ x, y *big.Int }

func pointOf(k engine.Key) point {
	raw := k.Bytes()
	return point{new(big.Int).SetBytes(raw[1:33]), new(big.Int).SetBytes(raw[33:])}
}

// plus implements the group law of GB/T 32918.1-2016, 3.2.3.1, with a = -3.
func (a point) plus(b point, p *big.Int) point {
	switch {
	case a.x == nil:
		return b
	case b.x == nil:
		return a
	}
	slope := new(big.Int)
	if a.x.Cmp(b.x) == 0 {
		if a.y.Cmp(b.y) != 0 || a.y.Sign() == 0 {
			return point{}
		}
		slope.Mul(a.x, a.x).Mul(slope, big.NewInt(3)).Sub(slope, big.NewInt(3))
		slope.Mul(slope, new(big.Int).ModInverse(new(big.Int).Lsh(a.y, 1), p))
	} else {
		run := new(big.Int).Sub(b.x, a.x)
		slope.Sub(b.y, a.y).Mul(slope, run.ModInverse(run.Mod(run, p), p))
	}
	slope.Mod(slope, p)
	x := new(big.Int).Mul(slope, slope)
	x.Sub(x, a.x).Sub(x, b.x).Mod(x, p)
	y := new(big.Int).Sub(a.x, x)
	y.Mul(y, slope).Sub(y, a.y).Mod(y, p)
	return point{x, y}
}
