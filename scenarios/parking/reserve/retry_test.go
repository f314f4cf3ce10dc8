package reserve

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
)

type pgError string

func (e pgError) Error() string    { return "pg " + string(e) }
func (e pgError) SQLState() string { return string(e) }

type liteError int

func (e liteError) Error() string { return fmt.Sprint("sqlite ", int(e)) }
func (e liteError) Code() int     { return int(e) }

func TestAgain(t *testing.T) {
	for err, want := range map[error]bool{
		ErrConflict: true, pgError("40001"): true, pgError("40P01"): true, pgError("23505"): false,
		liteError(5): true, liteError(6): true, liteError(5 | 2<<8): true, liteError(19): false,
		errors.New("x"): false, refused(Full, ""): false,
	} {
		assert.Equal(t, want, again(err), err)
		assert.Equal(t, want, again(fmt.Errorf("wrapped: %w", err)), err)
	}
	assert.False(t, again(nil))
}
