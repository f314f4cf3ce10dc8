package nvm_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/citizencode/citizencode/card/nvm"
)

func page(b byte) (p nvm.Page) {
	copy(p[:], bytes.Repeat([]byte{b}, nvm.PageSize))
	return p
}

func read(t testing.TB, m *nvm.Memory, i int) nvm.Page {
	p, err := m.Read(i)
	require.NoError(t, err)
	return p
}

// torn returns a memory whose page 1 was being written from old to fresh when the power failed.
func torn(t testing.TB, mode nvm.Mode, seed uint64, old, fresh nvm.Page) *nvm.Memory {
	m := nvm.New(3)
	for i := range 3 {
		require.NoError(t, m.Write(i, old))
	}
	m.Arm(nvm.Tear{Write: 2, Mode: mode, Seed: seed})
	require.NoError(t, m.Write(0, fresh))
	require.ErrorIs(t, m.Write(1, fresh), nvm.ErrPower)
	require.ErrorIs(t, m.Write(2, fresh), nvm.ErrPower)
	_, err := m.Read(0)
	require.ErrorIs(t, err, nvm.ErrPower)
	m.PowerOn()
	require.Equal(t, fresh, read(t, m, 0))
	require.Equal(t, old, read(t, m, 2), "a write without power does nothing")
	require.EqualValues(t, 5, m.Writes())
	return m
}

func TestModes(t *testing.T) {
	old, fresh := page(0x00), page(0xFF)
	assert.Equal(t, old, read(t, torn(t, nvm.Before, 1, old, fresh), 1))
	assert.Equal(t, fresh, read(t, torn(t, nvm.After, 1, old, fresh), 1))
	cuts := make(map[int]bool)
	for seed := range uint64(200) {
		p := read(t, torn(t, nvm.Half, seed, old, fresh), 1)
		cut := bytes.IndexByte(p[:], 0)
		require.Greater(t, cut, 0)
		require.Equal(t, append(bytes.Repeat([]byte{0xFF}, cut), make([]byte, nvm.PageSize-cut)...), p[:])
		cuts[cut] = true

		p = read(t, torn(t, nvm.Garbage, seed, old, fresh), 1)
		require.NotEqual(t, old, p)
		require.NotEqual(t, fresh, p)
	}
	assert.Greater(t, len(cuts), 50, "cut at many places")
	for _, m := range append(nvm.Modes(), 9) {
		assert.NotEmpty(t, m.String())
	}
}

// TestUnstable: loose bits are among those that were to change; at least one is loose; the page reads as new, as old and
// as neither, as the seed has it, and settles when it is written.
func TestUnstable(t *testing.T) {
	old, fresh := page(0x0F), page(0xF0)
	fresh[3], old[3] = 0xAA, 0xAA
	asNew, asOld := 0, 0
	for seed := range uint64(300) {
		m := torn(t, nvm.Unstable, seed, old, fresh)
		require.True(t, m.Loose(1))
		require.False(t, m.Loose(0))
		readings := make(map[nvm.Page]bool)
		for range 64 {
			p := read(t, m, 1)
			require.Equal(t, byte(0xAA), p[3])
			readings[p] = true
		}
		require.Greater(t, len(readings), 1)
		if readings[fresh] {
			asNew++
		}
		if readings[old] {
			asOld++
		}
		require.Len(t, m.Image(), 3*nvm.PageSize)
		c := m.Clone()
		require.NoError(t, m.Write(1, old))
		require.False(t, m.Loose(1))
		require.Equal(t, old, read(t, m, 1))
		require.True(t, c.Loose(1), "a copy has its own")
	}
	assert.Greater(t, asNew, 5)
	assert.Greater(t, asOld, 5)
	m := torn(t, nvm.Unstable, 1, old, old)
	assert.False(t, m.Loose(1), "nothing was to change")
}

// TestDeterministic: the same tear gives the same page and the same readings.
func TestDeterministic(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		mode := rapid.SampledFrom(nvm.Modes()).Draw(rt, "mode")
		seed := rapid.Uint64().Draw(rt, "seed")
		old, fresh := page(rapid.Byte().Draw(rt, "old")), page(rapid.Byte().Draw(rt, "new"))
		a, b := torn(t, mode, seed, old, fresh), torn(t, mode, seed, old, fresh)
		for range 5 {
			assert.Equal(rt, read(t, a, 1), read(t, b, 1))
		}
	})
}

func TestImage(t *testing.T) {
	m := nvm.New(2)
	require.NoError(t, m.Write(1, page(7)))
	c, err := nvm.FromImage(m.Image())
	require.NoError(t, err)
	assert.Equal(t, m.Image(), c.Image())
	assert.Equal(t, 2, c.Pages())
	require.NoError(t, c.Write(0, page(9)))
	assert.Equal(t, nvm.Page{}, read(t, m, 0), "a copy")
	for _, b := range [][]byte{nil, make([]byte, 63), make([]byte, 65), make([]byte, (nvm.MaxPages+1)*nvm.PageSize)} {
		_, err := nvm.FromImage(b)
		assert.ErrorIs(t, err, nvm.ErrImage)
	}
	m.PowerOff()
	assert.ErrorIs(t, m.Write(0, page(1)), nvm.ErrPower)
}

func Example() {
	m := nvm.New(16)
	m.Arm(nvm.Tear{Write: 2, Mode: nvm.After})
	fmt.Println(m.Write(7, nvm.Page{1}))
	fmt.Println(m.Write(8, nvm.Page{2}))
	m.PowerOn()
	p, err := m.Read(8)
	fmt.Println(p[0], err)
	// Output:
	// <nil>
	// nvm: no power
	// 2 <nil>
}
