package citycode_test

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/engine"
)

// TestReasons: every reason has a word of its own and a number above the one
// before it, within the step that it belongs to.
func TestReasons(t *testing.T) {
	words := make(map[string]bool)
	last := citycode.Reason(0)
	for _, r := range citycode.Reasons() {
		assert.Greater(t, r, last)
		assert.Regexp(t, regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`), r.String())
		assert.False(t, words[r.String()], r.String())
		words[r.String()] = true
		last = r
	}
	for r := range 256 {
		if !words[citycode.Reason(r).String()] {
			assert.Equal(t, fmt.Sprintf("reason-%d", r), citycode.Reason(r).String())
		}
	}
}

// TestReasonsAreAllGiven: what stands in the table of SPEC §5 can happen. Three
// belong to what is not here yet: implicit keys, text in front of a code, and
// the scenarios' own limits.
func TestReasonsAreAllGiven(t *testing.T) {
	stage := newStage(t)
	for _, e := range thin(engines(), 2) {
		given := map[citycode.Reason]bool{citycode.BadSignature: true, citycode.SourceMismatch: true, citycode.OverOfflineLimit: true}
		for _, f := range faults() {
			s := stage.scan()
			f.spoil(s)
			_, reason := s.run(e)
			given[reason] = true
		}
		for _, r := range citycode.Reasons() {
			assert.True(t, given[r], "%s is never given under %s", r, e.Name())
		}
	}
}

func TestVerifyError(t *testing.T) {
	_, err := citycode.ParseToken([]byte{0x81})
	require.Error(t, err)
	assert.Equal(t, "citycode: malformed: first byte 0x81 is not that of a citizen code", err.Error())
	assert.ErrorIs(t, err, &citycode.VerifyError{Reason: citycode.Malformed})
	assert.NotErrorIs(t, err, &citycode.VerifyError{Reason: citycode.Expired})
	assert.NotErrorIs(t, err, &citycode.VerifyError{Reason: citycode.Malformed, Issuer: 1})
	assert.NotErrorIs(t, err, io.EOF)

	s := newStage(t).scan()
	s.code.issuerTag = "CC1/popp"
	token := reads(t, s.bytes())
	_, err = s.verifier(engine.Default()).Verify(token, s.check)
	var refused *citycode.VerifyError
	require.True(t, errors.As(err, &refused))
	assert.Equal(t, "citycode: bad-issuer-signature", err.Error())
	assert.NoError(t, refused.Err)
	assert.NoError(t, errors.Unwrap(err))
	assert.Equal(t, "5.5", refused.Section)
	assert.Equal(t, citycode.KeyID(s.code.issuer), refused.Issuer)

	detail := errors.New("what was found")
	wrapped := &citycode.VerifyError{Reason: citycode.Expired, Err: detail}
	assert.ErrorIs(t, wrapped, detail)
	assert.Equal(t, "citycode: expired: what was found", wrapped.Error())
}
