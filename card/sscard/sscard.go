// Package sscard reads the public files of social security cards (社会保障卡, LD/T 32). It has no key and sends no command
// that changes a card.
package sscard

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/citizencode/citizencode/card/apdu"
	"github.com/citizencode/citizencode/card/app"
	"github.com/citizencode/citizencode/card/foreign"
)

// Name is the name of the card's directory: sx1.sh.社会保障 in GBK.
const Name = "sx1.sh.\xC9\xE7\xBB\xE1\xB1\xA3\xD5\xCF"

// The files, and how many records they have. Each record is one item: tag 1 ‖ length 1 ‖ value.
const (
	sfiCard    app.SFI = 0x05
	sfiPerson  app.SFI = 0x06
	cardItems          = 7
	personItem         = 6
)

// The tags.
const (
	tagIdentifier = 1 + iota
	tagClass
	tagVersion
	tagInitialiser
	tagIssued
	tagValidTo
	tagNumber
	tagSecurityNumber
	tagName
	tagSex
	tagNation
	tagBirthplace
	tagBirthDate
)

// sizes are those of the values in bytes.
var sizes = map[byte]int{tagIdentifier: 16, tagClass: 1, tagVersion: 4, tagInitialiser: 12, tagIssued: 4, tagValidTo: 4, tagNumber: 9,
	tagSecurityNumber: 18, tagName: 30, tagSex: 1, tagNation: 1, tagBirthplace: 3, tagBirthDate: 4}

// Options say what is read.
type Options struct {
	// Person also reads who holds the card: name and numbers of a person, for whom that person has agreed to.
	Person bool
}

// A Card is what a card says of itself. An item that it does not let be read is empty.
type Card struct {
	Identifier  string  `json:"identifier"` // 卡识别码
	Region      string  `json:"region"`     // first three bytes of it
	Class       string  `json:"class"`      // 卡的类别
	Version     string  `json:"version"`    // 规范版本
	Initialiser string  `json:"initialiser"`
	Issued      string  `json:"issued"`
	ValidTo     string  `json:"validTo"`
	Number      string  `json:"number"` // 卡号
	Person      *Person `json:"person,omitempty"`
}

// A Person is who holds the card.
type Person struct {
	SecurityNumber string `json:"securityNumber"` // 社会保障号码
	Name           string `json:"name"`
	Sex            string `json:"sex"`
	Nation         string `json:"nation"`
	Birthplace     string `json:"birthplace"`
	BirthDate      string `json:"birthDate"`
}

// An Item is one record.
type Item struct {
	Tag   byte
	Value []byte
}

var errItem = errors.New("sscard: a record of another form")

// ParseItem reads a record, behind which a card may have zeros or FF. An item that is known has its own length.
func ParseItem(b []byte) (Item, error) {
	if len(b) < 2 || int(b[1]) > len(b)-2 {
		return Item{}, errItem
	}
	i := Item{b[0], b[2 : 2+int(b[1])]}
	if size, known := sizes[i.Tag]; !known || size != len(i.Value) {
		return Item{}, errItem
	}
	if rest := b[2+len(i.Value):]; !foreign.Filled(rest, 0) && !foreign.Filled(rest, 0xFF) {
		return Item{}, errItem
	}
	return i, nil
}

// text returns text in GBK.
func text(b []byte) string {
	for len(b) > 0 && (b[len(b)-1] == 0 || b[len(b)-1] == 0xFF || b[len(b)-1] == ' ') {
		b = b[:len(b)-1]
	}
	out, err := simplifiedchinese.GBK.NewDecoder().Bytes(b)
	if err != nil {
		return foreign.BCD(b)
	}
	return string(out)
}

// set puts an item where it belongs.
func (k *Card) set(i Item) {
	digits := foreign.BCD(i.Value)
	switch i.Tag {
	case tagIdentifier:
		k.Identifier, k.Region = digits, digits[:6]
	case tagClass:
		k.Class = foreign.Printable(i.Value)
	case tagVersion:
		k.Version = foreign.Printable(i.Value)
	case tagInitialiser:
		k.Initialiser = digits
	case tagIssued:
		k.Issued = foreign.Date(i.Value)
	case tagValidTo:
		k.ValidTo = foreign.Date(i.Value)
	case tagNumber:
		k.Number = foreign.Printable(i.Value)
	}
}

func (p *Person) set(i Item) {
	switch i.Tag {
	case tagSecurityNumber:
		p.SecurityNumber = foreign.Printable(i.Value)
	case tagName:
		p.Name = text(i.Value)
	case tagSex:
		p.Sex = sex(i.Value[0])
	case tagNation:
		p.Nation = foreign.BCD(i.Value)
	case tagBirthplace:
		p.Birthplace = foreign.BCD(i.Value)
	case tagBirthDate:
		p.BirthDate = foreign.Date(i.Value)
	}
}

// sex returns the word for a code of GB/T 2261.1, which stands there as a digit or as a number.
func sex(b byte) string {
	switch b {
	case 1, '1':
		return "男"
	case 2, '2':
		return "女"
	}
	return fmt.Sprintf("%02X", b)
}

// Read selects the directory and reads its public files. The error is that of a card that was lost or is none of these.
func Read(ctx context.Context, c *apdu.Client, o Options) (*Card, error) {
	if _, err := c.SendContext(ctx, app.Select(app.AID(Name))); err != nil {
		return nil, err
	}
	k := new(Card)
	items, err := read(ctx, c, sfiCard, cardItems)
	if err != nil {
		return nil, err
	}
	for _, i := range items {
		k.set(i)
	}
	if !o.Person {
		return k, nil
	}
	if items, err = read(ctx, c, sfiPerson, personItem); err != nil {
		return nil, err
	}
	for _, i := range items {
		if k.Person == nil {
			k.Person = new(Person)
		}
		k.Person.set(i)
	}
	return k, nil
}

// read reads the items of a file. A record that is none is left out.
func read(ctx context.Context, c *apdu.Client, sfi app.SFI, n int) (list []Item, err error) {
	records, err := foreign.ReadRecords(ctx, c, sfi, n)
	for _, b := range records {
		if i, wrong := ParseItem(b); wrong == nil {
			list = append(list, i)
		}
	}
	return list, err
}
