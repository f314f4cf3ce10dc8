package cos

import (
	"encoding/binary"
	"hash/crc32"

	"github.com/citizencode/citizencode/card/app"
	"github.com/citizencode/citizencode/card/nvm"
)

// Where everything is, in pages.
const (
	pageHeader    = 0
	pageTransport = 1
	pageIdentity  = 2 // the SM2 key
	pageStateA    = 3
	pageStateB    = 4
	pageKeys      = 5 // KeyPurchase to KeyUnblock
	pagePurseLog  = pageKeys + app.Keys - 1
	pageGateLog   = pagePurseLog + purseLogRing
	pageFiles     = pageGateLog + gateLogRing

	// A ring has one page more than records that can be read: the next record is written there, and what can be read
	// stays whole until the record of state says otherwise.
	purseLogRing = app.PurseLogRecords + 1
	gateLogRing  = app.GateLogRecords + 1

	// Pages is how many pages a card has: 4.4 KB.
	Pages = pageFiles + 2*(credentialPages+categoryPages+personPages+publicPages)

	credentialPages = (extentHeader + app.MaxCredential + nvm.PageSize - 1) / nvm.PageSize
	categoryPages   = (extentHeader + app.CategorySize + nvm.PageSize - 1) / nvm.PageSize
	personPages     = (extentHeader + app.PersonSize + nvm.PageSize - 1) / nvm.PageSize
	publicPages     = (extentHeader + app.PublicInfoSize + nvm.PageSize - 1) / nvm.PageSize
)

// A sealed page ends in the CRC-32 of what stands before it. It finds chance, not intent: whoever can write to the
// memory of a card has its keys as well.
const sealedSize = nvm.PageSize - 4

func seal(p *nvm.Page) {
	binary.BigEndian.PutUint32(p[sealedSize:], crc32.ChecksumIEEE(p[:sealedSize]))
}

func sealed(p *nvm.Page) bool {
	return binary.BigEndian.Uint32(p[sealedSize:]) == crc32.ChecksumIEEE(p[:sealedSize])
}

// firmReadings is how often a page that may have been torn is read before it is believed. A cell that was written too
// weakly reads differently from time to time; what is read once and taken could be something else at the next power-up.
// A cell that falls either way with equal chance passes once in 2^31.
const firmReadings = 32

// firm returns a page that reads the same every time and has a right checksum.
func firm(m *nvm.Memory, page int) (p nvm.Page, ok bool, err error) {
	if p, err = m.Read(page); err != nil {
		return p, false, err
	}
	for range firmReadings - 1 {
		again, err := m.Read(page)
		if err != nil || again != p {
			return p, false, err
		}
	}
	return p, sealed(&p), nil
}
