package city

import (
	"crypto/rand"
	"fmt"
	"math/big"

	"github.com/citizencode/citizencode/citycode"
)

const registerSize = 20_000

// A register hands out the status indices of one issuer key and keeps their
// states. It hands them out in random order: neighbours in a list that were
// issued together would say who applied together.
type register struct {
	states *citycode.StatusRegister
	used   map[uint32]bool
}

func newRegister(issuer citycode.KeyID) (*register, error) {
	states, err := citycode.NewStatusRegister(issuer, 0, registerSize)
	return &register{states, make(map[uint32]bool)}, err
}

// next returns an index that was never returned before.
func (r *register) next() (uint32, error) {
	if len(r.used) == registerSize {
		return 0, fmt.Errorf("city: all %d status indices are in use", registerSize)
	}
	for {
		n, err := rand.Int(rand.Reader, big.NewInt(registerSize))
		if err != nil {
			return 0, err
		}
		if i := uint32(n.Uint64()); !r.used[i] {
			r.used[i] = true
			return i, nil
		}
	}
}
