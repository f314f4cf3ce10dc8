// Package record writes down what a terminal and a card said to each other, in a text file that people can
// read, and plays it back in place of the card.
//
//	citizencode card record 1
//	# a comment
//	reset cold
//	< 3B800101
//	> 00A4040009F04349544943414431 00
//	< 6F07840500112233449000
//	> 0020008106xxxxxxxxxxxx
//	! card lost
//
// One line is one message: "reset cold" or "reset warm" and "> command" from the terminal, "< answer" from the
// card, "! why" where there was none. Bytes are hexadecimal digits, with spaces where the writer likes them.
// The data of the commands that carry a PIN is written as xx and matches whatever is sent in its place.
package record

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/citizencode/citizencode/card"
)

const (
	// MaxExchanges bounds a record.
	MaxExchanges = 1 << 16
	// MaxLine bounds a line, in bytes: the longest command with a space behind every digit.
	MaxLine = 1 << 18
	// MaxSize bounds the sum of all commands and answers, in bytes.
	MaxSize = 1 << 22

	// Header is the first line of a record.
	Header = "citizencode card record 1"
)

// Reset says that an Exchange is a reset.
type Reset byte

// The kinds of an exchange: a command, or one of the resets.
const (
	None Reset = iota
	Cold
	Warm
)

// An Exchange is a command or a reset, and what came of it.
type Exchange struct {
	Line    int    // of the command in the file, from 1
	Reset   Reset  // None for a command
	Command []byte // without the hidden bytes
	Hidden  int    // bytes at the end that are not told
	Answer  []byte // data and status word, or the ATR; nil if there was none
	Failure string // why there was none
}

// A Record is a parsed file.
type Record struct{ Exchanges []Exchange }

// A SyntaxError is a line that is not in the format above.
type SyntaxError struct {
	Line   int
	Reason string
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("record: line %d: %s", e.Line, e.Reason) }

// Parse reads a record.
func Parse(r io.Reader) (*Record, error) {
	p := parser{scanner: bufio.NewScanner(r)}
	p.scanner.Buffer(nil, MaxLine)
	for p.scanner.Scan() {
		p.line++
		if reason := p.parse(p.scanner.Text()); reason != "" {
			return nil, &SyntaxError{p.line, reason}
		}
	}
	if err := p.scanner.Err(); err != nil {
		return nil, fmt.Errorf("record: line %d: %w", p.line+1, err)
	}
	switch {
	case p.line == 0:
		return nil, &SyntaxError{1, "the first line is not " + Header}
	case p.open:
		return nil, &SyntaxError{p.line, "the last command has no answer"}
	}
	return &p.record, nil
}

type parser struct {
	scanner *bufio.Scanner
	record  Record
	line    int
	open    bool // the last exchange waits for its answer
	size    int
}

// parse returns why a line is wrong, or "".
func (p *parser) parse(text string) string {
	text = strings.TrimSpace(text)
	switch {
	case p.line == 1:
		if text != Header {
			return "the first line is not " + Header
		}
		return ""
	case text == "" || text[0] == '#':
		return ""
	case text == "reset cold":
		return p.begin(Exchange{Reset: Cold})
	case text == "reset warm":
		return p.begin(Exchange{Reset: Warm})
	}
	rest := text[1:]
	switch text[0] {
	case '>':
		command, hidden, reason := p.bytes(rest)
		if reason == "" && len(command) < 4 {
			reason = "a command has at least four bytes"
		}
		if reason != "" {
			return reason
		}
		return p.begin(Exchange{Command: command, Hidden: hidden})
	case '<':
		answer, hidden, reason := p.bytes(rest)
		switch {
		case reason != "":
			return reason
		case hidden > 0:
			return "an answer hides nothing"
		case len(answer) < card.MinAnswer:
			return "an answer has at least two bytes"
		}
		return p.end(func(e *Exchange) { e.Answer = answer })
	case '!':
		why := strings.TrimSpace(rest)
		if why == "" || !utf8.ValidString(why) {
			return "no reason behind the exclamation mark"
		}
		return p.end(func(e *Exchange) { e.Failure = why })
	}
	return "neither command nor answer, reset or comment"
}

func (p *parser) begin(e Exchange) string {
	switch {
	case p.open:
		return "the command before has no answer"
	case len(p.record.Exchanges) == MaxExchanges:
		return "too many commands"
	}
	e.Line = p.line
	p.record.Exchanges = append(p.record.Exchanges, e)
	p.open = true
	return ""
}

func (p *parser) end(set func(*Exchange)) string {
	if !p.open {
		return "an answer without a command"
	}
	set(&p.record.Exchanges[len(p.record.Exchanges)-1])
	p.open = false
	return ""
}

// bytes decodes hexadecimal digits and the run of xx behind them.
func (p *parser) bytes(text string) (b []byte, hidden int, reason string) {
	digits := strings.Join(strings.Fields(text), "")
	told := strings.TrimRight(digits, "x")
	b, err := hex.DecodeString(told)
	hidden = len(digits) - len(told)
	p.size += len(b) + hidden/2
	switch {
	case err != nil || hidden%2 != 0:
		return nil, 0, "not hexadecimal digits"
	case len(b)+hidden/2 > card.MaxCommand:
		return nil, 0, "too many bytes"
	case p.size > MaxSize:
		return nil, 0, "the record is too large"
	}
	return b, hidden / 2, ""
}

// String returns the exchange as it stands in a file, its last line break included.
func (e Exchange) String() string {
	var b strings.Builder
	switch e.Reset {
	case Cold:
		b.WriteString("reset cold\n")
	case Warm:
		b.WriteString("reset warm\n")
	default:
		fmt.Fprintf(&b, "> %X%s\n", e.Command, strings.Repeat("xx", e.Hidden))
	}
	if e.Answer != nil {
		fmt.Fprintf(&b, "< %X\n", e.Answer)
	} else {
		fmt.Fprintf(&b, "! %s\n", oneLine(e.Failure))
	}
	return b.String()
}

// oneLine makes an error's text fit for a line.
func oneLine(s string) string {
	s = strings.Join(strings.Fields(strings.ToValidUTF8(s, "?")), " ")
	if s == "" {
		return "failed"
	}
	const most = 500
	if r := []rune(s); len(r) > most {
		s = string(r[:most])
	}
	return s
}
