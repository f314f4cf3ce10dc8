package citycode_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/citycodetest"
)

func TestSmoke(t *testing.T) {
	c := citycodetest.NewCity(t, citycodetest.Shenyang)
	v := c.Verifier(nil)
	z := c.Citizen("zhang", citycode.ProfileTransit, citycode.Transit, nil)
	tok := z.Show(citycode.Transit)
	require.Len(t, tok.Bytes(), 203)
	got, err := v.Verify(tok, citycode.Check{Audience: citycode.Transit})
	require.NoError(t, err)
	require.Equal(t, z.Claims.Subject, got.Subject())
	_, err = v.Verify(tok, citycode.Check{Audience: citycode.Transit})
	var ve *citycode.VerifyError
	require.True(t, errors.As(err, &ve))
	require.Equal(t, citycode.Replayed, ve.Reason)
	require.Len(t, c.Place(nil).Bytes(), 95)
	_, err = v.Verify(c.Place(nil), citycode.Check{})
	require.NoError(t, err)
	require.EqualValues(t, 1, testing.AllocsPerRun(100, func() { citycode.ParseToken(tok.Bytes()) }))
}
