package cos

import (
	"crypto/subtle"

	"github.com/citizencode/citizencode/card/apdu"
	"github.com/citizencode/citizencode/card/app"
	"github.com/citizencode/citizencode/card/key"
	"github.com/citizencode/citizencode/card/nvm"
)

// create answers CREATE: the application comes into being.
func (c *Card) create(next state, data []byte) error {
	if _, err := app.ParseCreate(data); err != nil {
		return apdu.WrongData
	}
	var p nvm.Page
	p[0] = byte(len(data))
	copy(p[1:], data)
	seal(&p)
	if err := c.mem.Write(pageHeader, p); err != nil {
		return err
	}
	c.header = nil
	next.life = lifePerso
	return c.commit(next)
}

// putKeySize is the data of PUT KEY: version 1 ‖ algorithm 1 ‖ wrapped key 16 ‖ check value 3. P2 is the key's id.
const putKeySize = 1 + 1 + key.Size + 3

// putKey answers PUT KEY: a key under the transport key, with its check value. A PIN comes in the same form: its 16
// bytes are length 1 ‖ PIN ‖ random, so that the check value tells nothing about it.
func (c *Card) putKey(next state, cmd apdu.Command, transport key.Key) error {
	id := app.KeyID(cmd.P2)
	switch {
	case cmd.P1 != 0 || id < app.KeyPurchase || id > app.KeyPIN:
		return apdu.WrongP1P2
	case len(cmd.Data) != putKeySize:
		return apdu.WrongLength
	}
	a, err := key.ParseAlgorithm(cmd.Data[1])
	if err != nil {
		return apdu.WrongData
	}
	k, err := key.Unwrap(a, [key.Size]byte(cmd.Data[2:]), transport)
	if err != nil {
		return apdu.WrongData
	}
	check := k.CheckValue()
	if subtle.ConstantTimeCompare(check[:], cmd.Data[2+key.Size:]) != 1 {
		return apdu.WrongData
	}
	if id == app.KeyPIN {
		pin, ok := pinOf(k)
		if !ok {
			return apdu.WrongData
		}
		next.pin = pin
		return c.commit(next)
	}
	c.keys[id] = versioned{}
	if err := writeKey(c.mem, pageKeys+int(id)-1, cmd.Data[0], k); err != nil {
		return err
	}
	return c.commit(next)
}

// pinOf takes the PIN out of its 16 bytes.
func pinOf(k key.Key) ([1 + maxPIN]byte, bool) {
	b := k.Bytes()
	if int(b[0]) > maxPIN {
		return [1 + maxPIN]byte{}, false
	}
	return packPIN(b[1 : 1+b[0]])
}

// unblockPIN answers PIN UNBLOCK: a new PIN, wrapped under KeyUnblock as in PUT KEY.
func (c *Card) unblockPIN(next state, data []byte, unblock key.Key) error {
	if len(data) != key.Size {
		return apdu.WrongLength
	}
	k, err := key.Unwrap(key.SM4, [key.Size]byte(data), unblock)
	if err != nil {
		return apdu.WrongData
	}
	pin, ok := pinOf(k)
	if !ok {
		return apdu.WrongData
	}
	next.pin = pin
	next.tries[app.KeyPIN] = maxTries(app.KeyPIN)
	return c.commit(next)
}

// activate answers ACTIVATE: personalisation ends and the transport key with it. A card that lacks something it cannot
// work without stays where it is.
func (c *Card) activate(next state) error {
	if ok, err := c.identity(); err != nil || !ok {
		return orElse(err, apdu.ReferenceDataNotFound)
	}
	b, err := c.content(app.SFICredential)
	if err != nil || len(b) == 0 {
		return orElse(err, apdu.FileNotFound)
	}
	for _, id := range []app.KeyID{app.KeyPurchase, app.KeyLoad, app.KeyTAC, app.KeyMaintenance} {
		if _, _, err := c.key(id); err != nil {
			return err
		}
	}
	next.life = lifeIssued
	c.ram = ram{}
	if err := c.commit(next); err != nil {
		return err
	}
	return c.eraseTransport()
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
