package citycode_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/citizencode/citizencode/citycode"
)

// listReason returns why a list was refused, 0 if it was not. A refusal is
// always a *ListError that names the list.
func listReason(t testing.TB, list string, err error) citycode.ListReason {
	t.Helper()
	if err == nil {
		return 0
	}
	var refused *citycode.ListError
	require.True(t, errors.As(err, &refused), "%v is not a refusal of a list", err)
	require.Equal(t, list, refused.List)
	require.Contains(t, err.Error(), fmt.Sprintf("citycode: %s: %s", list, refused.Reason))
	require.Equal(t, refused.Err, errors.Unwrap(err))
	return refused.Reason
}

func TestListReasons(t *testing.T) {
	var words []string
	for r := citycode.ListMalformed; r <= citycode.ListWrongBase; r++ {
		words = append(words, r.String())
	}
	assert.Equal(t, []string{"list-malformed", "list-unsupported", "list-foreign-city", "list-unknown-signer", "list-bad-signature", "list-rollback", "list-wrong-base"}, words)
	assert.Equal(t, "list-reason-0", citycode.ListReason(0).String())
	assert.Equal(t, "list-reason-8", citycode.ListReason(8).String())
}

func TestVersionOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) citycode.Version {
			number := rapid.OneOf(rapid.Uint32(), rapid.Uint32Range(0, 2), rapid.Just(^uint32(0)))
			return citycode.Version{Epoch: number.Draw(t, name), Counter: number.Draw(t, name)}
		}
		a, b := draw("a"), draw("b")
		want := uint64(a.Epoch)<<32|uint64(a.Counter) < uint64(b.Epoch)<<32|uint64(b.Counter)
		if a.Before(b) != want {
			t.Fatalf("%s before %s", a, b)
		}
	})
	assert.Equal(t, "1.42", citycode.Version{Epoch: 1, Counter: 42}.String())
}
