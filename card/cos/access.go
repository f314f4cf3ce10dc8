package cos

import (
	"crypto/subtle"

	"github.com/citizencode/citizencode/card/apdu"
	"github.com/citizencode/citizencode/card/app"
	"github.com/citizencode/citizencode/card/key"
	"github.com/citizencode/citizencode/card/nvm"
	"github.com/citizencode/citizencode/card/sm"
)

// The lengths of a PIN in bytes (PBOC: 2 to 6, two digits each).
const (
	minPIN = 2
	maxPIN = 6
)

// packPIN writes a PIN as the record keeps it: length, digits, zeros.
func packPIN(pin []byte) (b [1 + maxPIN]byte, ok bool) {
	if len(pin) < minPIN || len(pin) > maxPIN {
		return b, false
	}
	b[0] = byte(len(pin))
	copy(b[1:], pin)
	return b, true
}

// writeKey puts a key into its page: id 1 ‖ version 1 ‖ algorithm 1 ‖ key 16.
func writeKey(m *nvm.Memory, page int, version byte, k key.Key) error {
	var p nvm.Page
	b := k.Bytes()
	copy(p[:], append([]byte{byte(page), version, k.Algorithm().ID()}, b[:]...))
	seal(&p)
	return m.Write(page, p)
}

// readKey reads a key from its page; the zero Key is none.
func readKey(m *nvm.Memory, page int) (k key.Key, version byte, err error) {
	p, ok, err := firm(m, page)
	if err != nil || !ok || p[0] != byte(page) {
		return k, 0, err
	}
	a, err := key.ParseAlgorithm(p[2])
	if err != nil {
		return k, 0, nil
	}
	k, err = key.New(a, p[3:3+key.Size])
	return k, p[1], err
}

// key returns a key of the application, or ReferenceDataNotFound.
func (c *Card) key(id app.KeyID) (key.Key, byte, error) {
	if id < app.KeyPurchase || id >= app.KeyPIN {
		return key.Key{}, 0, apdu.ReferenceDataNotFound
	}
	cached := &c.keys[id]
	if cached.key.IsZero() {
		k, version, err := readKey(c.mem, pageKeys+int(id)-1)
		if err != nil {
			return key.Key{}, 0, err
		}
		if k.IsZero() {
			return key.Key{}, 0, apdu.ReferenceDataNotFound
		}
		*cached = versioned{k, version}
	}
	return cached.key, cached.version, nil
}

// A versioned is a key and its version.
type versioned struct {
	key     key.Key
	version byte
}

// verify answers VERIFY (校验个人识别码). Without data it says how many tries are left.
func (c *Card) verify(q *request) ([]byte, error) {
	if q.P1 != 0 || q.P2 != 0 {
		return nil, apdu.WrongP1P2
	}
	if c.st.pin[0] == 0 {
		return nil, apdu.ReferenceDataNotFound
	}
	if len(q.Data) == 0 {
		if c.st.tries[app.KeyPIN] == 0 {
			return nil, apdu.AuthBlocked
		}
		return nil, apdu.Tries(int(c.st.tries[app.KeyPIN]))
	}
	pin, ok := packPIN(q.Data)
	if !ok {
		return nil, apdu.WrongLength
	}
	next, err := c.provePIN(pin)
	if err != nil {
		return nil, err
	}
	if err := c.commit(next); err != nil {
		return nil, err
	}
	c.ram.pin = true
	return nil, nil
}

// provePIN compares a PIN and returns the state to commit if it is right, or 63Cx.
func (c *Card) provePIN(pin [1 + maxPIN]byte) (next state, err error) {
	c.ram.pin = false
	if err := c.spend(app.KeyPIN); err != nil {
		return state{}, err
	}
	if subtle.ConstantTimeCompare(pin[:], c.st.pin[:]) != 1 {
		return state{}, apdu.Tries(int(c.st.tries[app.KeyPIN]))
	}
	next = c.st
	next.tries[app.KeyPIN] = maxTries(app.KeyPIN)
	return next, nil
}

// changePIN answers CHANGE PIN: old PIN ‖ FF ‖ new PIN.
func (c *Card) changePIN(q *request) ([]byte, error) {
	if q.P1 != 1 || q.P2 != 0 {
		return nil, apdu.WrongP1P2
	}
	if c.st.pin[0] == 0 {
		return nil, apdu.ReferenceDataNotFound
	}
	// The digits are BCD, so the first FF is the one between.
	var old, fresh []byte
	for i, b := range q.Data {
		if b == 0xFF {
			old, fresh = q.Data[:i], q.Data[i+1:]
			break
		}
	}
	was, ok := packPIN(old)
	will, ok2 := packPIN(fresh)
	if !ok || !ok2 {
		return nil, apdu.WrongLength
	}
	next, err := c.provePIN(was)
	if err != nil {
		return nil, err
	}
	next.pin = will
	return nil, c.commit(next)
}

// externalAuthenticate answers EXTERNAL AUTHENTICATE (外部鉴别): challenge 16 ‖ proof 8 come in, by which the terminal
// shows that it has KeyGate or KeyHospital; the card's proof goes out, and a session of secure messaging begins.
func (c *Card) externalAuthenticate(q *request) ([]byte, error) {
	id := app.KeyID(q.P2)
	if q.P1 != 0 || id != app.KeyGate && id != app.KeyHospital {
		return nil, apdu.WrongP1P2
	}
	if len(q.Data) != sm.ChallengeSize+sm.ProofSize {
		return nil, apdu.WrongLength
	}
	k, _, err := c.key(id)
	if err != nil {
		return nil, err
	}
	challenge, ok := q.challenge.Take()
	if !ok {
		return nil, apdu.ReferenceDataInvalid
	}
	c.endSession()
	if err := c.spend(id); err != nil {
		return nil, err
	}
	h := sm.Handshake{CardChallenge: challenge, TerminalChallenge: [sm.ChallengeSize]byte(q.Data)}
	if !sm.Equal(h.TerminalProof(k), [sm.ProofSize]byte(q.Data[sm.ChallengeSize:])) {
		return nil, apdu.Tries(int(c.st.tries[id]))
	}
	next := c.st
	next.tries[id] = maxTries(id)
	if err := c.commit(next); err != nil {
		return nil, err
	}
	c.ram.external, c.ram.session = id, h.Card(k)
	proof := h.CardProof(k)
	return proof[:], nil
}

// endSession takes back what EXTERNAL AUTHENTICATE allowed.
func (c *Card) endSession() { c.ram.external, c.ram.session = 0, nil }
