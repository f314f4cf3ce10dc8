package city

import (
	"fmt"
	"sync"
	"time"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/scenarios"
)

// A Kind is one of the codes that a citizen can choose to show (场景).
type Kind struct {
	ID      string // a word such as transit
	Name    scenarios.Text
	profile citycode.ProfileID
	scenes  citycode.Scenes // of the credential
	shown   citycode.Scenes // audience of the code; 0: any
}

// Kinds returns the codes in a wallet, in the order in which they are offered.
func Kinds() []Kind {
	return []Kind{
		{"transit", text("乘车", "Ride"), citycode.ProfileTransit, citycode.Transit, citycode.Transit},
		{"medical", text("就医", "Hospital"), citycode.ProfileMedical, citycode.Medical, citycode.Medical},
		{"parking", text("停车", "Parking"), citycode.ProfileTransit, citycode.Parking, citycode.Parking},
		{"universal", text("通用", "Universal"), citycode.ProfileUniversal, citycode.Transit | citycode.Medical | citycode.Parking, 0},
	}
}

// A Wallet is the citizen code on one phone: a pass of every kind. It is safe
// for concurrent use.
type Wallet struct {
	city  *City
	owner *Citizen

	mu     sync.Mutex
	passes map[string]*Pass
}

// NewWallet gives a made-up person, 测试甲, a phone with an empty wallet. The
// hospital knows that person.
func (c *City) NewWallet() *Wallet {
	return &Wallet{city: c, owner: person("甲", "A"), passes: make(map[string]*Pass)}
}

// Owner returns whose wallet it is.
func (w *Wallet) Owner() *Citizen { return w.owner }

// Show makes a code of a kind at the moment. A credential is fetched at the
// first time and again after it has ended, as a phone does.
func (w *Wallet) Show(id string) (*citycode.Token, error) {
	for _, k := range Kinds() {
		if k.ID != id {
			continue
		}
		p, err := w.pass(k)
		if err != nil {
			return nil, err
		}
		return p.Show(k.shown)
	}
	return nil, fmt.Errorf("city: no code is called %.20q", id)
}

func (w *Wallet) pass(k Kind) (*Pass, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := w.city.clock.Now()
	if p := w.passes[k.ID]; p != nil && now.Before(p.NotAfter().Add(-time.Second)) {
		return p, nil
	}
	p, err := w.city.home.issue(w.city.clock, application{citizen: w.owner, profile: k.profile, scenes: k.scenes})
	if err != nil {
		return nil, err
	}
	w.city.patients.register(p.claims.Subject, "")
	w.passes[k.ID] = p
	return p, nil
}
