package ledger

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/citizencode/citizencode/citycode/engine"
)

// A Class is one of the four sorts of account; it is the first word of a name.
type Class string

// The classes. Debits raise assets and expenses, credits raise liabilities and
// income.
const (
	Asset     Class = "asset"     // what the city has or is owed (资产)
	Liability Class = "liability" // what it owes (负债)
	Income    Class = "income"    // what it earned (收入)
	Expense   Class = "expense"   // what it spent (费用)
)

// Bounds of an account's name, in bytes and words.
const (
	MaxAccountName  = 160
	maxAccountWord  = 64
	maxAccountWords = 8
)

// An Account is the name of an account (科目), as in
// "asset/receivable/parking/7f3a09": the class and up to seven words of lower-case
// ASCII letters, digits, and "." "_" "-" inside a word. An account is opened by
// the first posting to it.
//
// Names are printed in statements and kept for ever. A word that stands for a
// person is a pseudonym, never a name, a number plate or an identity number.
//
// Accounts are comparable. The zero Account names nothing and is refused by a
// ledger.
type Account struct{ name string }

// NewAccount joins a class and words to an account, as in
// NewAccount(Income, "transit", line).
func NewAccount(class Class, words ...string) (Account, error) {
	return ParseAccount(string(class) + "/" + strings.Join(words, "/"))
}

// MustAccount is NewAccount for names that a program is written with. It panics
// where NewAccount fails.
func MustAccount(class Class, words ...string) Account {
	a, err := NewAccount(class, words...)
	if err != nil {
		panic(err)
	}
	return a
}

// ParseAccount reads a name. The error is a *DraftError with the path "account".
func ParseAccount(name string) (Account, error) {
	fail := func(why string) (Account, error) {
		return Account{}, &DraftError{"account", errors.New(why)}
	}
	if len(name) > MaxAccountName {
		return fail(fmt.Sprintf("longer than %d bytes", MaxAccountName))
	}
	words := strings.Split(name, "/")
	switch Class(words[0]) {
	case Asset, Liability, Income, Expense:
	default:
		return fail("the class is none of asset, liability, income, expense")
	}
	if len(words) < 2 || len(words) > maxAccountWords {
		return fail(fmt.Sprintf("not 2 to %d words", maxAccountWords))
	}
	for _, word := range words[1:] {
		if !isWord(word, maxAccountWord, "._-") {
			return fail("a word is not of a-z, 0-9 and, inside, . _ -")
		}
	}
	return Account{name}, nil
}

// isWord reports whether s is 1 to most bytes of a-z, 0-9 and, neither first
// nor last, the bytes of inside.
func isWord(s string, most int, inside string) bool {
	if s == "" || len(s) > most {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if 'a' <= c && c <= 'z' || '0' <= c && c <= '9' {
			continue
		}
		if i == 0 || i == len(s)-1 || strings.IndexByte(inside, c) < 0 {
			return false
		}
	}
	return true
}

// String returns the name.
func (a Account) String() string { return a.name }

// IsZero reports whether a names nothing.
func (a Account) IsZero() bool { return a == Account{} }

// Class returns the first word.
func (a Account) Class() Class {
	class, _, _ := strings.Cut(a.name, "/")
	return Class(class)
}

// ID returns 32 hexadecimal digits of SM3 over the name. Stores use it as a
// key: it has one length, spreads over a cluster, and is in the same order
// under every collation, which names are not.
func (a Account) ID() string { return id("account", a.name) }

// id returns half of SM3(tag ‖ 0 ‖ name) in hexadecimal.
func id(tag, name string) string {
	h := engine.Default().NewSM3()
	h.Write([]byte(tag + "\x00" + name))
	var sum [32]byte
	return hex.EncodeToString(h.Sum(sum[:0])[:16])
}
