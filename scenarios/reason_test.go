package scenarios_test

import (
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/scenarios"
)

// Every reason of the standard has a sentence of its own in both languages:
// peers lost trust with texts that named the wrong cause.
func TestReasonTexts(t *testing.T) {
	fallback := scenarios.ReasonText(0)
	assert.NotEmpty(t, fallback.Zh)
	for _, r := range citycode.Reasons() {
		text := scenarios.ReasonText(r)
		assert.NotEqual(t, fallback, text, r)
		assert.True(t, hasHan(text.Zh), "%s: %q", r, text.Zh)
		assert.NotEmpty(t, text.En, r)
		assert.False(t, hasHan(text.En), "%s: %q", r, text.En)
	}
}

func hasHan(s string) bool {
	for _, r := range s {
		if unicode.Is(unicode.Han, r) {
			return true
		}
	}
	return false
}
