package cos

import (
	"crypto/subtle"

	"github.com/citizencode/citizencode/card/apdu"
	"github.com/citizencode/citizencode/card/app"
	"github.com/citizencode/citizencode/card/key"
	"github.com/citizencode/citizencode/card/nvm"
	"github.com/citizencode/citizencode/card/sm"
)

// create answers CREATE: the application comes into being.
func (c *Card) create(next state, q *request, _ sm.Keys) ([]byte, error) {
	if q.P1 != 0 || q.P2 != 0 {
		return nil, apdu.WrongP1P2
	}
	if _, err := app.ParseCreate(q.Data); err != nil {
		return nil, apdu.WrongData
	}
	var p nvm.Page
	p[0] = byte(len(q.Data))
	copy(p[1:], q.Data)
	seal(&p)
	if err := c.mem.Write(pageHeader, p); err != nil {
		return nil, err
	}
	c.header = nil
	next.life = lifePerso
	return nil, c.commit(next)
}

// putKeySize is the data of PUT KEY: version 1 ‖ algorithm 1 ‖ wrapped key 16 ‖ check value 3. P2 is the key's id.
const putKeySize = 1 + 1 + key.Size + 3

// putKey answers PUT KEY: a key under the transport key, with its check value. A PIN comes in the same form: its 16
// bytes are length 1 ‖ PIN ‖ random, so that the check value tells nothing about it.
func (c *Card) putKey(next state, q *request, keys sm.Keys) ([]byte, error) {
	id := app.KeyID(q.P2)
	switch {
	case q.P1 != 0 || id < app.KeyPurchase || id > app.KeyPIN:
		return nil, apdu.WrongP1P2
	case len(q.Data) != putKeySize:
		return nil, apdu.WrongLength
	}
	a, err := key.ParseAlgorithm(q.Data[1])
	if err != nil {
		return nil, apdu.WrongData
	}
	k, err := key.Unwrap(a, [key.Size]byte(q.Data[2:]), keys.Encryption)
	if err != nil {
		return nil, apdu.WrongData
	}
	check := k.CheckValue()
	if subtle.ConstantTimeCompare(check[:], q.Data[2+key.Size:]) != 1 {
		return nil, apdu.WrongData
	}
	if id == app.KeyPIN {
		pin, ok := pinOf(k)
		if !ok {
			return nil, apdu.WrongData
		}
		next.pin = pin
		return nil, c.commit(next)
	}
	c.keys[id] = versioned{}
	if err := writeKey(c.mem, pageKeys+int(id)-1, q.Data[0], k); err != nil {
		return nil, err
	}
	return nil, c.commit(next)
}

// pinOf takes the PIN out of its 16 bytes.
func pinOf(k key.Key) ([1 + maxPIN]byte, bool) {
	b := k.Bytes()
	if int(b[0]) > maxPIN {
		return [1 + maxPIN]byte{}, false
	}
	return packPIN(b[1 : 1+b[0]])
}

// unblockPIN answers PIN UNBLOCK (个人识别码解锁): a new PIN, encrypted.
func (c *Card) unblockPIN(next state, q *request, _ sm.Keys) ([]byte, error) {
	pin, ok := packPIN(q.Data)
	switch {
	case q.P1 != 0 || q.P2 != 0:
		return nil, apdu.WrongP1P2
	case !ok:
		return nil, apdu.WrongData
	}
	next.pin = pin
	next.tries[app.KeyPIN] = maxTries(app.KeyPIN)
	return nil, c.commit(next)
}

// activate answers ACTIVATE: personalisation ends and the transport key with it. A card that lacks something it cannot
// work without stays where it is.
func (c *Card) activate(next state, q *request, _ sm.Keys) ([]byte, error) {
	if err := noData(q, 0, 0); err != nil {
		return nil, err
	}
	if ok, err := c.identity(); err != nil || !ok {
		return nil, orElse(err, apdu.ReferenceDataNotFound)
	}
	b, err := c.content(app.SFICredential)
	if err != nil || len(b) == 0 {
		return nil, orElse(err, apdu.FileNotFound)
	}
	for _, id := range []app.KeyID{app.KeyPurchase, app.KeyLoad, app.KeyTAC, app.KeyMaintenance} {
		if _, _, err := c.key(id); err != nil {
			return nil, err
		}
	}
	next.life = lifeIssued
	c.ram = ram{}
	if err := c.commit(next); err != nil {
		return nil, err
	}
	return nil, c.eraseTransport()
}

// eraseTransport destroys the transport key of a card that is personalised. It is not used any more from the moment at
// which the record says so; if the power fails before it is gone, the next power-up erases it.
func (c *Card) eraseTransport() error {
	if c.st.life == lifeBlank || c.st.life == lifePerso {
		return nil
	}
	var zero nvm.Page
	for range firmReadings {
		p, err := c.mem.Read(pageTransport)
		if err != nil {
			return err
		}
		if p != zero {
			return c.mem.Write(pageTransport, zero)
		}
	}
	return nil
}
