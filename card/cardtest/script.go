// Package cardtest is the conversation of 40 commands that every way to a card must carry byte for byte: in
// memory, over TCP, and through pcscd with five programs, four of them by other people.
package cardtest

import (
	"bytes"
	_ "embed" // script.txt
	"fmt"
	"strings"

	"github.com/citizencode/citizencode/card"
	"github.com/citizencode/citizencode/card/transport/record"
)

// ScriptText is the script as a file of package record: the commands, and the answers of a card in software
// whose keys and random numbers come from a seed.
//
//go:embed script.txt
var ScriptText string

// Commands is how many commands the script has.
const Commands = 40

// Script returns the script, parsed. It begins with a card that was just issued.
func Script() *record.Record {
	script, err := record.Parse(strings.NewReader(ScriptText))
	if err != nil {
		panic(err) // the file is part of the program
	}
	return script
}

// A Mismatch is the first answer that differs from the script.
type Mismatch struct {
	Line      int // of the command in the script
	Command   []byte
	Got, Want []byte
}

func (m *Mismatch) Error() string {
	return fmt.Sprintf("cardtest: line %d: %X was answered %X, not %X", m.Line, m.Command, m.Got, m.Want)
}

// Run sends the commands of a script over t and compares the answers. It stops at the first that differs, with
// a [*Mismatch], or fails. Resets of the script are done where t is a [card.Resetter].
func Run(t card.Transport, script *record.Record) error {
	for _, e := range script.Exchanges {
		var got []byte
		var err error
		if e.Reset == record.None {
			got, err = t.Transmit(e.Command)
		} else if r, ok := t.(card.Resetter); ok {
			got, err = r.Reset(e.Reset == record.Cold)
		} else {
			continue
		}
		if err != nil {
			return fmt.Errorf("cardtest: line %d: %w", e.Line, err)
		}
		if !bytes.Equal(got, e.Answer) {
			return &Mismatch{e.Line, e.Command, got, e.Answer}
		}
	}
	return nil
}
