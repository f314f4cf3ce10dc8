package tariff_test

import (
	"fmt"
	"strconv"
	"strings"
)

// evaluate works out the arithmetic of a row of testdata/fees.txt: whole
// numbers, + - × /, brackets and min(a, b). A division rounds down.
func evaluate(text string) (n int64, err error) {
	p := &arithmetic{rest: strings.ReplaceAll(text, " ", "")}
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%q: %v at %q", text, r, p.rest)
		}
	}()
	n = p.sum()
	if p.rest != "" {
		panic("something is left")
	}
	return n, nil
}

type arithmetic struct{ rest string }

func (p *arithmetic) take(token string) bool {
	rest, is := strings.CutPrefix(p.rest, token)
	p.rest = rest
	return is
}

func (p *arithmetic) want(token string) {
	if !p.take(token) {
		panic("want " + token)
	}
}

func (p *arithmetic) sum() int64 {
	n := p.product()
	for {
		switch {
		case p.take("+"):
			n += p.product()
		case p.take("-"):
			n -= p.product()
		default:
			return n
		}
	}
}

func (p *arithmetic) product() int64 {
	n := p.term()
	for {
		switch {
		case p.take("×"):
			n *= p.term()
		case p.take("/"):
			n /= p.term()
		default:
			return n
		}
	}
}

func (p *arithmetic) term() int64 {
	switch {
	case p.take("min("):
		a := p.sum()
		p.want(",")
		b := p.sum()
		p.want(")")
		return min(a, b)
	case p.take("("):
		n := p.sum()
		p.want(")")
		return n
	}
	digits := len(p.rest) - len(strings.TrimLeft(p.rest, "0123456789"))
	n, err := strconv.ParseInt(p.rest[:digits], 10, 64)
	if err != nil {
		panic("no number")
	}
	p.rest = p.rest[digits:]
	return n
}
