package city

import (
	"fmt"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/refserver/slot"
)

const registerSize = 20_000

// A register hands out the status indices of one issuer key and keeps their
// states. It hands them out in a secret order: neighbours in a list that were
// issued together would say who applied together.
type register struct {
	states *citycode.StatusRegister
	order  *slot.Order
	given  uint32
}

func newRegister(issuer citycode.KeyID) (*register, error) {
	states, err := citycode.NewStatusRegister(issuer, 0, registerSize)
	if err != nil {
		return nil, err
	}
	order, err := slot.NewOrder(random(slot.KeySize), registerSize)
	return &register{states: states, order: order}, err
}

// next returns an index that was never returned before.
func (r *register) next() (uint32, error) {
	if r.given == registerSize {
		return 0, fmt.Errorf("city: all %d status indices are in use", registerSize)
	}
	r.given++
	return r.order.At(r.given - 1), nil
}
