package cos

import (
	"encoding/binary"

	"github.com/citizencode/citizencode/card/apdu"
	"github.com/citizencode/citizencode/card/app"
	"github.com/citizencode/citizencode/card/nvm"
	"github.com/citizencode/citizencode/card/sm"
)

// A transparent file has two extents. One is current, and the record of state says which; the other is where the next
// content is written whole before the record changes. An extent begins with the length of the content, 2 bytes.
const extentHeader = 2

// The extents are where a transparent file lives.
type extents struct {
	bit   byte // in state.live
	first int  // page of the first extent
	pages int  // of each
}

// place finds the pages of a transparent file.
func place(s app.SFI) (extents, bool) {
	at := pageFiles
	for i, f := range []struct {
		sfi   app.SFI
		pages int
	}{{app.SFICredential, credentialPages}, {app.SFICategory, categoryPages}, {app.SFIPerson, personPages}, {app.SFIPublic, publicPages}} {
		if f.sfi == s {
			return extents{1 << i, at, f.pages}, true
		}
		at += 2 * f.pages
	}
	return extents{}, false
}

// content returns the whole of a transparent file, nil if it was never written.
func (c *Card) content(s app.SFI) ([]byte, error) {
	e, ok := place(s)
	if !ok {
		return nil, apdu.FileNotFound
	}
	at := e.first
	if c.st.live&e.bit != 0 {
		at += e.pages
	}
	b := make([]byte, 0, e.pages*nvm.PageSize)
	for i := range e.pages {
		p, err := c.mem.Read(at + i)
		if err != nil {
			return nil, err
		}
		b = append(b, p[:]...)
		if i == 0 && int(binary.BigEndian.Uint16(b)) <= nvm.PageSize-extentHeader {
			break
		}
	}
	n := int(binary.BigEndian.Uint16(b))
	if n > len(b)-extentHeader {
		return nil, apdu.MemoryFailure
	}
	return b[extentHeader : extentHeader+n], nil
}

// replace writes new content of a transparent file beside the old and makes it current together with the rest of next.
func (c *Card) replace(next state, s app.SFI, content []byte) error {
	e, _ := place(s)
	at := e.first
	if c.st.live&e.bit == 0 {
		at += e.pages
	}
	next.live ^= e.bit
	b := binary.BigEndian.AppendUint16(make([]byte, 0, e.pages*nvm.PageSize), uint16(len(content)))
	b = append(b, content...)
	for ; len(b) > 0; at++ {
		var p nvm.Page
		b = b[copy(p[:], b):]
		if err := c.mem.Write(at, p); err != nil {
			return err
		}
	}
	return c.commit(next)
}

// readable says whether the access rule of a file is met.
func (c *Card) readable(a app.Access) bool {
	switch a {
	case app.Free:
		return true
	case app.FreeOrPIN:
		return c.ram.pin || !c.header.LogNeedsPIN
	case app.Gate:
		return c.ram.external == app.KeyGate
	case app.Hospital:
		return c.ram.external == app.KeyHospital
	}
	return false
}

// transparent finds the file of a READ or UPDATE BINARY, and the offset in it.
func (c *Card) transparent(q *request) (app.File, int, error) {
	s, offset := c.ram.current, int(q.P1)<<8|int(q.P2)
	if q.P1&0x80 != 0 {
		if q.P1&0x60 != 0 {
			return app.File{}, 0, apdu.WrongP1P2
		}
		s, offset = app.SFI(q.P1&0x1F), int(q.P2)
	} else if s == 0 {
		return app.File{}, 0, apdu.NoCurrentFile
	}
	f, ok := app.FindFile(s)
	switch {
	case !ok:
		return f, 0, apdu.FileNotFound
	case f.Structure != app.Transparent:
		return f, 0, apdu.WrongFileType
	}
	c.ram.current = s
	return f, offset, nil
}

// readBinary answers READ BINARY. What is about a person leaves the card in a session of secure messaging only.
func (c *Card) readBinary(q *request) ([]byte, error) {
	f, offset, err := c.transparent(q)
	switch {
	case err != nil:
		return nil, err
	case len(q.Data) != 0:
		return nil, apdu.WrongLength
	case f.Encrypted && !q.sealed || !c.readable(f.Read):
		return nil, apdu.SecurityNotSatisfied
	}
	return c.readFrom(f, offset, q.Ne)
}

// readFrom returns what a file holds from an offset. Asking for more than there is gives 6Cxx.
func (c *Card) readFrom(f app.File, offset, ne int) ([]byte, error) {
	b, err := c.content(f.SFI)
	switch {
	case err != nil:
		return nil, err
	case len(b) == 0:
		return nil, apdu.FileNotFound
	case offset >= len(b):
		return nil, apdu.WrongOffset
	}
	b = b[offset:]
	if ne > 0 && ne < len(b) {
		return b[:ne], nil
	}
	return exact(b, ne)
}

// updateBinary writes a transparent file, after its MAC was found right. At offset 0 it replaces the whole content, at
// the end it adds to it, between it changes what is there.
func (c *Card) updateBinary(next state, q *request, _ sm.Keys) ([]byte, error) {
	f, offset, err := c.transparent(q)
	if err != nil {
		return nil, err
	}
	var content []byte
	if offset > 0 {
		if content, err = c.content(f.SFI); err != nil {
			return nil, err
		}
	}
	switch {
	case len(q.Data) == 0:
		return nil, apdu.WrongLength
	case offset > len(content):
		return nil, apdu.WrongOffset
	case offset+len(q.Data) > f.Size:
		return nil, apdu.NotEnoughMemory
	}
	content = append(content[:offset:offset], append(q.Data, content[min(len(content), offset+len(q.Data)):]...)...)
	return nil, c.replace(next, f.SFI, content)
}

// cyclic finds the file of a READ or APPEND RECORD by P2.
func cyclic(p2 byte) (app.File, error) {
	f, ok := app.FindFile(app.SFI(p2 >> 3))
	switch {
	case !ok:
		return f, apdu.FileNotFound
	case f.Structure != app.Cyclic:
		return f, apdu.WrongFileType
	}
	return f, nil
}

// readRecord answers READ RECORD: number 1 is the newest.
func (c *Card) readRecord(q *request) ([]byte, error) {
	if q.P2&7 != app.P2ByNumber || q.P1 == 0 {
		return nil, apdu.WrongP1P2
	}
	f, err := cyclic(q.P2)
	switch {
	case err != nil:
		return nil, err
	case len(q.Data) != 0:
		return nil, apdu.WrongLength
	case !c.readable(f.Read):
		return nil, apdu.SecurityNotSatisfied
	}
	first, ring, count := pagePurseLog, purseLogRing, c.st.logged()
	if f.SFI == app.SFIGateLog {
		first, ring, count = pageGateLog, gateLogRing, int(c.st.gate)
	}
	n := int(q.P1)
	if n > f.Records || n > count {
		return nil, apdu.RecordNotFound
	}
	p, err := c.mem.Read(first + (count-n)%ring)
	if err != nil {
		return nil, err
	}
	if !sealed(&p) {
		return nil, apdu.MemoryFailure
	}
	return exact(p[:f.Size], q.Ne)
}

// appendRecord answers APPEND RECORD: a gate writes its line.
func (c *Card) appendRecord(q *request) ([]byte, error) {
	if q.P1 != 0 || q.P2&7 != 0 {
		return nil, apdu.WrongP1P2
	}
	f, err := cyclic(q.P2)
	switch {
	case err != nil:
		return nil, err
	case f.Write == app.Never || !c.readable(f.Write):
		return nil, apdu.SecurityNotSatisfied
	case len(q.Data) != f.Size:
		return nil, apdu.WrongLength
	case c.st.gate == 1<<31-1:
		return nil, apdu.CounterEnd
	}
	var p nvm.Page
	copy(p[:], q.Data)
	seal(&p)
	if err := c.mem.Write(pageGateLog+int(c.st.gate)%gateLogRing, p); err != nil {
		return nil, err
	}
	next := c.st
	next.gate++
	return nil, c.commit(next)
}

// getData answers GET DATA.
func (c *Card) getData(q *request) ([]byte, error) {
	if len(q.Data) != 0 {
		return nil, apdu.WrongLength
	}
	switch uint16(q.P1)<<8 | uint16(q.P2) {
	case app.TagSerial:
		return exact(c.header.Serial[:], q.Ne)
	case app.TagVersion:
		return exact(binary.BigEndian.AppendUint16(nil, app.Version), q.Ne)
	case app.TagPINTries:
		return exact([]byte{c.st.tries[app.KeyPIN]}, q.Ne)
	case app.TagKeySet:
		return exact([]byte{c.header.KeySet}, q.Ne)
	}
	return nil, apdu.ReferenceDataNotFound
}
