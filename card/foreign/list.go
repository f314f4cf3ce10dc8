package foreign

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/citizencode/citizencode/card"
	"github.com/citizencode/citizencode/card/apdu"
	"github.com/citizencode/citizencode/card/app"
	"github.com/citizencode/citizencode/card/tlv"
)

// What is taken of a card's directories at most.
const (
	maxEntries = 32
	maxRecords = 32
	maxAnswer  = 1024 // bytes
	maxRounds  = 16
)

// Directories are the names under which cards keep lists of their applications: contactless payment (PPSE), contact
// payment (PSE), and the city cards of CJ/T 166.
var Directories = []string{"2PAY.SYS.DDF01", "1PAY.SYS.DDF01", "1PUB.SYS.DDF01"}

// A Known is an application that a terminal asks for by name, whether a directory has it or not.
type Known struct {
	AID  string // bytes; may also be the name of a DDF
	Name string // for people
}

// An Entry is one application of a card.
type Entry struct {
	AID      string `json:"aid"`             // hexadecimal
	Name     string `json:"name,omitempty"`  // of a Known
	Label    string `json:"label,omitempty"` // as the card says
	Found    string `json:"found"`           // name of the directory, or "asked"
	Selected bool   `json:"selected"`        // SELECT was answered
	Status   string `json:"status"`          // of SELECT, four hexadecimal digits
	FCI      []byte `json:"-"`
}

// Bytes returns the AID.
func (e Entry) Bytes() string {
	b, _ := hex.DecodeString(e.AID)
	return string(b)
}

// Client returns a client for a stranger's card: little is taken of it.
func Client(t card.Transport) *apdu.Client {
	return apdu.NewClient(ReadOnly(t), apdu.Options{MaxAnswer: maxAnswer, MaxRounds: maxRounds})
}

// List finds the applications: first those of the card's directories, in the card's order, then those that are known, in
// the caller's order. Each is there once. Behind it no particular application is selected. The error is that of a card
// that was lost; a card that has nothing gives an empty list.
func List(ctx context.Context, c *apdu.Client, known ...Known) ([]Entry, error) {
	var list []Entry
	add := func(e Entry) {
		if e.AID != "" && len(list) < maxEntries && !slices.ContainsFunc(list, func(old Entry) bool { return old.AID == e.AID }) {
			list = append(list, e)
		}
	}
	for _, name := range Directories {
		found, err := directory(ctx, c, name)
		if err != nil {
			return nil, err
		}
		for _, e := range found {
			add(e)
		}
	}
	for _, k := range known {
		add(Entry{AID: text(k.AID), Found: "asked"})
	}
	out := list[:0]
	for _, e := range list {
		for _, k := range known {
			if e.AID == text(k.AID) {
				e.Name = k.Name
			}
		}
		r, err := c.SendContext(ctx, app.Select(app.AID(e.Bytes())))
		if e.Selected, err = answered(err); err != nil {
			return nil, err
		}
		e.Status, e.FCI = fmt.Sprintf("%04X", uint16(r.Status)), r.Data
		if e.Selected || e.Found != "asked" {
			out = append(out, e)
		}
	}
	return out, nil
}

func text(aid string) string { return strings.ToUpper(hex.EncodeToString([]byte(aid))) }

// answered makes of a card's refusal, and of an answer that is none, a no.
func answered(err error) (bool, error) {
	var status *apdu.StatusError
	var broken *apdu.Error
	switch {
	case err == nil:
		return true, nil
	case errors.As(err, &status), errors.As(err, &broken):
		return false, nil
	}
	return false, err
}

// directory reads one directory: in the FCI itself (PPSE), or in the records of the file that the FCI names, 1 if it
// names none.
func directory(ctx context.Context, c *apdu.Client, name string) (list []Entry, err error) {
	r, err := c.SendContext(ctx, app.Select(app.AID(name)))
	if ok, err := answered(err); !ok {
		return nil, err
	}
	if list = Applications(r.Data, name); len(list) > 0 {
		return list, nil
	}
	sfi := app.SFI(1)
	if objects, err := tlv.Parse(r.Data, tlv.Lenient); err == nil {
		if o, ok := objects.Find(0x6F, 0xA5, 0x88); ok && len(o.Value) == 1 && o.Value[0] <= 30 {
			sfi = app.SFI(o.Value[0])
		}
	}
	for n := byte(1); n <= maxRecords; n++ {
		r, err := c.SendContext(ctx, app.ReadRecord(sfi, n, apdu.MaxShortNe))
		if ok, err := answered(err); !ok {
			return list, err
		}
		list = append(list, Applications(r.Data, name)...)
	}
	return list, nil
}

// Applications finds the application templates (61) in a record of a directory or in an FCI, whatever they are in.
func Applications(b []byte, found string) []Entry {
	objects, err := tlv.Parse(bytes.TrimRight(b, "\x00"), tlv.Lenient)
	if err != nil {
		return nil
	}
	return collect(nil, objects, found)
}

func collect(list []Entry, objects tlv.Objects, found string) []Entry {
	for _, o := range objects {
		if len(list) == maxEntries {
			break
		}
		if o.Tag != 0x61 {
			list = collect(list, o.Objects, found)
			continue
		}
		aid, _ := o.Objects.Find(0x4F)
		label, _ := o.Objects.Find(0x50)
		if app.AID(aid.Value).Validate() == nil {
			list = append(list, Entry{AID: text(string(aid.Value)), Label: Printable(label.Value), Found: found})
		}
	}
	return list
}

// Printable returns text of a card as text if it is ASCII that can be printed, else as hexadecimal digits.
func Printable(b []byte) string {
	for _, c := range b {
		if c < ' ' || c > '~' {
			return text(string(b))
		}
	}
	return strings.TrimSpace(string(b))
}
