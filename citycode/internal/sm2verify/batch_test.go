package sm2verify

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io"
	"math/big"
	mathrand "math/rand/v2"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// signedItems returns n valid signatures with their hints, of as many keys as
// asked for. Digests are made to fit, so that no private key has to sign.
func signedItems(t testing.TB, n, keys int) []Item {
	t.Helper()
	start() // else nothing is in lanes until a key is read
	random := seeded(70)
	type pair struct {
		logarithm *big.Int
		key       *Key
	}
	product := func(k *big.Int) affine {
		v := scalar(limbs(k))
		p := baseTable().multiply(&v)
		return p.affine()
	}
	pairs := make([]pair, keys)
	for i := range pairs {
		k := randomScalar(random)
		p := product(k)
		pairs[i] = pair{k, newKey(&p)}
	}
	list := make([]Item, n)
	for i := range list {
		k := pairs[i%keys]
		s, r := randomScalar(random), randomScalar(random)
		l := new(big.Int).Add(r, s)
		p := product(modulo(l.Mul(l, k.logarithm).Add(l, s)))
		x, y := p.x.bytes(), p.y.bytes()
		e := modulo(new(big.Int).Sub(r, new(big.Int).SetBytes(x[:])))
		list[i] = Item{Key: k.key, Digest: bytes32(e), Signature: signatureOf(r, s), Hint: Even + Hint(y[31]&1)}
		require.True(t, list[i].Key.Verify(&list[i].Digest, &list[i].Signature))
	}
	return list
}

// requireSingle wants the verdicts of a batch to be those of verifying alone.
func requireSingle(t require.TestingT, b *Batch, items []Item) (valid int) {
	b.Verify(items)
	for i := range items {
		want := items[i].Key.Verify(&items[i].Digest, &items[i].Signature)
		require.Equal(t, want, items[i].Valid, "%d of %d", i, len(items))
		if want {
			valid++
		}
	}
	return valid
}

// kept returns the items with their keys in the form with a table.
func kept(t testing.TB, items []Item, width int) []Item {
	t.Helper()
	tables := map[*Key]*Key{}
	list := append([]Item(nil), items...)
	for i := range list {
		k := list[i].Key
		if tables[k] == nil {
			var err error
			tables[k], err = k.WithTable(width)
			require.NoError(t, err)
		}
		list[i].Key = tables[k]
	}
	return list
}

func TestBatchSizes(t *testing.T) { withEach(func(string) { testBatchSizes(t) }) }

func testBatchSizes(t *testing.T) {
	b := NewBatch(rand.Reader)
	items := signedItems(t, combined+3, combined+3)
	known := kept(t, signedItems(t, combined+3, 2), Narrow)
	for _, n := range []int{0, 1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 33, 47, 95, 129, 200, combined - 1, combined, combined + 3} {
		if testing.Short() && n > 200 {
			continue
		}
		for _, list := range [][]Item{items[:n], known[:n], append(append([]Item(nil), items[:n/2]...), known[n/2:n]...)} {
			for i := range list {
				list[i].Valid = i%2 == 0 // what stood there before must not matter
			}
			b.Verify(list)
			for i := range list {
				require.True(t, list[i].Valid, "%d of %d", i, n)
			}
		}
	}
}

// TestBatchMixed breaks any of a batch in any way, and gives hints that are
// right, wrong or none: every verdict is that of verifying alone.
func TestBatchMixed(t *testing.T) { withEach(func(string) { testBatchMixed(t) }) }

func testBatchMixed(t *testing.T) {
	const most = 80
	distinct, few := signedItems(t, most, most), signedItems(t, most, 3)
	known := kept(t, few, 4)
	b := NewBatch(rand.Reader)
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, most).Draw(t, "n")
		badness := rapid.SampledFrom([]float64{0, 0.02, 0.1, 0.5, 1}).Draw(t, "share of bad ones")
		seed := rapid.Uint64().Draw(t, "seed")
		random := mathrand.New(mathrand.NewPCG(seed, 0))
		items, bad := make([]Item, n), 0
		for i := range items {
			switch random.IntN(3) {
			case 0:
				items[i] = distinct[random.IntN(most)] // duplicates are likely
			case 1:
				items[i] = few[i]
			default:
				items[i] = known[i]
			}
			item := &items[i]
			if random.Float64() < badness {
				bad++
				switch random.IntN(4) {
				case 0:
					item.Digest[random.IntN(32)] ^= 1 << random.IntN(8)
				case 1:
					item.Signature[random.IntN(64)] ^= 1 << random.IntN(8)
				case 2:
					item.Key = distinct[(i+1)%most].Key
				default:
					item.Signature = [64]byte(bytes.Repeat([]byte{byte(random.IntN(2) * 255)}, 64))
				}
			}
			switch random.IntN(12) {
			case 0:
				item.Hint ^= 1
			case 1:
				item.Hint = NoHint
			case 2:
				item.Hint = Hint(random.Uint32())
			}
		}
		valid := requireSingle(t, b, items)
		if n > 0 && badness == 0 {
			require.Equal(t, n, valid)
		}
	})
}

// One bad signature at each place, one wrong hint at each place, all bad, all
// hints wrong.
func TestBatchOneBad(t *testing.T) {
	withEach(func(string) { testBatchOneBad(t, signedItems(t, 40, 40)) })
	testBatchOneBad(t, kept(t, signedItems(t, 40, 1), Narrow))
}

func testBatchOneBad(t *testing.T, list []Item) {
	b := NewBatch(rand.Reader)
	for i := range list {
		list[i].Digest[5] ^= 1
		require.Equal(t, len(list)-1, requireSingle(t, b, list))
		list[i].Digest[5] ^= 1
		list[i].Hint ^= 1
		require.Equal(t, len(list), requireSingle(t, b, list))
		list[i].Hint ^= 1
	}
	for i := range list {
		list[i].Hint ^= 1
	}
	require.Equal(t, len(list), requireSingle(t, b, list))
	for i := range list {
		list[i].Signature[63] ^= 1
	}
	require.Zero(t, requireSingle(t, b, list))
}

// constant gives the same weights to all signatures: 1, in Montgomery's or any
// other form.
type constant struct{}

func (constant) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte((i % weightBytes) / (weightBytes - 1))
	}
	return len(p), nil
}

// TestBatchCancelling puts pairs of forgeries together whose errors cancel: with
// equal weights the equation of all holds, and the forgeries would be accepted.
func TestBatchCancelling(t *testing.T) { withEach(func(string) { testBatchCancelling(t) }) }

func testBatchCancelling(t *testing.T) {
	items := signedItems(t, 64, 64)
	// R stays where it was, as r - e does, and t moves by d for both: the errors
	// are d·P and, under a key of the opposite sign, -d·P.
	d := randomScalar(seeded(71))
	for i := 0; i < len(items); i += 2 {
		a, c := &items[i], &items[i+1]
		*c = *a
		opposite := a.Key.point
		opposite.y.sub(&element{}, &opposite.y)
		c.Key = newKey(&opposite)
		// s·G - t·P is another sum: fit the digest to it.
		s, r := new(big.Int).SetBytes(a.Signature[32:]), new(big.Int).SetBytes(a.Signature[:32])
		v, w := scalar(limbs(s)), scalar(limbs(modulo(new(big.Int).Add(s, r))))
		sum := c.Key.combine(&v, &w)
		p := sum.affine()
		x, y := p.x.bytes(), p.y.bytes()
		c.Digest = bytes32(modulo(new(big.Int).Sub(r, new(big.Int).SetBytes(x[:]))))
		c.Hint = Even + Hint(y[31]&1)
		require.True(t, c.Key.Verify(&c.Digest, &c.Signature))
		for _, item := range []*Item{a, c} {
			moved := modulo(new(big.Int).Add(new(big.Int).SetBytes(item.Signature[:32]), d))
			e := modulo(new(big.Int).Add(new(big.Int).SetBytes(item.Digest[:]), d))
			item.Signature, item.Digest = signatureOf(moved, s), bytes32(e)
			require.False(t, item.Key.Verify(&item.Digest, &item.Signature))
		}
	}
	// The attack is real: with weights that can be foreseen all are accepted.
	foreseen := NewBatch(constant{})
	foreseen.Verify(items)
	for i := range items {
		require.True(t, items[i].Valid)
	}
	for range 4 {
		require.Zero(t, requireSingle(t, NewBatch(rand.Reader), items))
	}
}

// TestBatchCollisions has points meet in the trees and buckets: one key many
// times, keys of opposite signs, multiples of G, the same signature twice.
func TestBatchCollisions(t *testing.T) {
	b := NewBatch(rand.Reader)
	same := signedItems(t, 64, 1)
	withEach(func(string) {
		require.Equal(t, 64, requireSingle(t, b, same))
		twins := append([]Item(nil), same[:1]...)
		for len(twins) < 64 {
			twins = append(twins, twins[0])
		}
		require.Equal(t, 64, requireSingle(t, b, twins))
		twins[17].Hint ^= 1
		require.Equal(t, 64, requireSingle(t, b, twins))
		twins[17].Digest[0] ^= 1
		require.Equal(t, 63, requireSingle(t, b, twins))
	})

	// P = k·G with structured k, and s and t so that the table's points are equal
	// or opposite: s·G = ±t·P among them.
	random := seeded(72)
	var items []Item
	for i := range int64(48) {
		k := big.NewInt(1 + i/6)
		if i%2 == 0 {
			k.Sub(curve.N, k)
		}
		p := judgedBase.times(k)
		multiplier := randomScalar(random)
		if i%3 == 0 {
			multiplier = new(big.Int).Lsh(big.NewInt(1), uint(12*(i%20)))
		}
		s := modulo(new(big.Int).Mul(multiplier, k))
		if i%4 == 1 {
			s = modulo(s.Neg(s))
		}
		r := modulo(new(big.Int).Sub(multiplier, s))
		sum := judgedBase.times(new(big.Int).Add(s, new(big.Int).Mul(multiplier, k)))
		e := modulo(new(big.Int).Sub(r, sum.x))
		items = append(items, Item{Key: p.key(t), Digest: bytes32(e), Signature: signatureOf(r, s), Hint: Even + Hint(sum.y.Bit(0))})
	}
	valid := 0
	withEach(func(string) { valid = requireSingle(t, b, items) })
	assert.NotZero(t, valid)
	assert.Less(t, valid, len(items), "sums that are infinity")
	for _, width := range []int{4, Narrow, Widest} {
		if testing.Short() && width == Widest {
			continue
		}
		require.Equal(t, valid, requireSingle(t, b, kept(t, items, width)))
	}
}

// An x of R in n..p-1 is not where the hint is looked for.
func TestBatchLargeX(t *testing.T) { withEach(func(string) { testBatchLargeX(t) }) }

func testBatchLargeX(t *testing.T) {
	b := NewBatch(rand.Reader)
	x := new(big.Int).Add(curve.N, big.NewInt(4))
	sum := judged{x, rootOf(x)}
	items := signedItems(t, 20, 20)
	random := seeded(73)
	for i := range items {
		s, r := randomScalar(random), randomScalar(random)
		p := sum.plus(judgedBase.times(s).negated()).times(new(big.Int).ModInverse(new(big.Int).Add(r, s), curve.N))
		items[i] = Item{Key: p.key(t), Digest: bytes32(modulo(new(big.Int).Sub(r, x))), Signature: signatureOf(r, s), Hint: Even + Hint(i%2)}
	}
	require.Equal(t, len(items), requireSingle(t, b, items))
	require.Equal(t, len(items), requireSingle(t, b, kept(t, items, 4)))
}

// Without random weights an equation proves nothing, so none is used.
func TestBatchWithoutRandom(t *testing.T) {
	items := signedItems(t, 40, 40)
	items[3].Digest[0] ^= 1
	for _, random := range []io.Reader{iotest.ErrReader(errors.New("no entropy")), bytes.NewReader(make([]byte, 7))} {
		require.Equal(t, 39, requireSingle(t, NewBatch(random), items))
	}
}

// A counted reader says how many weights were drawn: what equations cost.
type counted struct{ n int }

func (c *counted) Read(p []byte) (int, error) {
	c.n += len(p)
	return rand.Read(p)
}

// TestBatchIsBounded: however many are bad, no more than three weights are drawn
// for each signature, and to find one bad one takes no more than that either.
func TestBatchIsBounded(t *testing.T) {
	items := signedItems(t, combined, combined)
	for _, step := range []int{1, 40, combined} {
		list := append([]Item(nil), items...)
		for i := 0; i < len(list); i += step {
			list[i].Digest[9] ^= 2
		}
		drawn := new(counted)
		NewBatch(drawn).Verify(list)
		for i := range list {
			require.Equal(t, i%step != 0, list[i].Valid)
		}
		assert.LessOrEqual(t, drawn.n, 3*combined*weightBytes, "one of %d is bad", step)
		assert.Positive(t, drawn.n)
	}
	drawn := new(counted)
	NewBatch(drawn).Verify(items)
	assert.Equal(t, combined*weightBytes, drawn.n)
}

func TestBatchAllocates(t *testing.T) {
	b := NewBatch(rand.Reader)
	items := append(signedItems(t, 100, 100), kept(t, signedItems(t, 100, 1), Narrow)...)
	items[50].Digest[0] ^= 1
	b.Verify(items)
	assert.Zero(t, testing.AllocsPerRun(3, func() { b.Verify(items) }))
	assert.Less(t, b.Bytes(), 2<<20)
	assert.Greater(t, b.Bytes(), cap(b.forest.points)*pointBytes)
}

// A hint is that of the R that was found, for every form of a key.
func TestVerifyHint(t *testing.T) {
	items := signedItems(t, 20, 20)
	found := map[Hint]int{}
	for i, item := range append(items, kept(t, items, Small)...) {
		hint, ok := item.Key.VerifyHint(&item.Digest, &item.Signature)
		require.True(t, ok)
		require.Equal(t, items[i%20].Hint, hint)
		found[hint]++
		item.Digest[i%20] ^= 1
		hint, ok = item.Key.VerifyHint(&item.Digest, &item.Signature)
		require.False(t, ok)
		require.Equal(t, NoHint, hint)
		item.Signature = [64]byte{}
		_, ok = item.Key.VerifyHint(&item.Digest, &item.Signature)
		require.False(t, ok)
	}
	assert.Len(t, found, 2)
	item := items[0]
	assert.Zero(t, testing.AllocsPerRun(10, func() { item.Key.VerifyHint(&item.Digest, &item.Signature) }))
}

// FuzzBatch gives a batch of eight keys and hints to the judgement of verifying
// alone, as it comes from the input.
func FuzzBatch(f *testing.F) {
	items := signedItems(f, 24, 8)
	known := kept(f, items, 4)
	f.Add([]byte{}, uint32(0))
	f.Add(bytes.Repeat([]byte{1}, 24), uint32(0xffffff))
	f.Add(bytes.Repeat([]byte{3, 64, 130}, 8), uint32(0xf0f0f0))
	b := NewBatch(rand.Reader)
	f.Fuzz(func(t *testing.T, change []byte, tabled uint32) {
		list := append([]Item(nil), items...)
		for i := range list {
			if tabled>>i&1 != 0 {
				list[i] = known[i]
			}
			if i < len(change) {
				c := change[i]
				list[i].Hint = Hint(c & 3)
				if c > 3 {
					list[i].Signature[c%64] ^= c
				}
			}
		}
		requireSingle(t, b, list)
	})
}
