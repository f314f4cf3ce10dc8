package main

import (
	"bytes"
	"errors"
	"image"
	"image/png"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/foreign"
	"github.com/citizencode/citizencode/citycode/foreign/jtt1179/jtt1179test"
	"github.com/citizencode/citizencode/qr"
	"github.com/citizencode/citizencode/scenarios"
)

func TestRecognise(t *testing.T) {
	token := sampleTokens(t)[0]
	decimal, err := qr.EncodeDecimal(token)
	require.NoError(t, err)
	base45, err := qr.EncodeBase45(token)
	require.NoError(t, err)
	symbol, err := qr.Encode(token, qr.Options{})
	require.NoError(t, err)
	picture, err := symbol.PNG(4)
	require.NoError(t, err)
	for _, input := range [][]byte{token, []byte(decimal), []byte(base45), []byte("]Q1" + decimal + "\r\n"), picture} {
		got, err := recognise(input)
		require.NoError(t, err)
		require.Equal(t, token, got.token)
	}
}

func TestRecogniseNothing(t *testing.T) {
	poster, err := qr.NewSymbol("https://example.org/", qr.Options{})
	require.NoError(t, err)
	picture, err := poster.PNG(4)
	require.NoError(t, err)
	var blank bytes.Buffer
	require.NoError(t, png.Encode(&blank, image.NewGray(image.Rect(0, 0, 99, 99))))
	for want, input := range map[string][]byte{
		"not-citizen-code":   picture,
		"no-code":            blank.Bytes(),
		"picture-unreadable": []byte("\x89PNG\r\n\x1a\n"),
		"malformed-text":     []byte("77" + string(bytes.Repeat([]byte("9"), 300))),
	} {
		_, err := recognise(input)
		v, ok := refused(err)
		require.True(t, ok, want)
		require.Equal(t, want, v.Reason)
		require.Zero(t, v.Number)
		require.NotEmpty(t, v.Message.Zh)
	}
}

// Somebody else's code is named, with what its holder can do; ours is not.
func TestRecogniseForeign(t *testing.T) {
	poster, err := qr.NewSymbol("https://example.org/", qr.Options{})
	require.NoError(t, err)
	picture, err := poster.PNG(4)
	require.NoError(t, err)
	for want, input := range map[string][]byte{
		foreign.PayAlipay.String():   []byte("281234567890123456"),
		foreign.HCert.String():       []byte("HC1:6BF+70790T9WJWG.FKY*4GO0"),
		foreign.WebLink.String():     picture,
		foreign.RideJTT1179.String(): jtt1179test.New().Bytes(),
	} {
		_, err := recognise(input)
		v, ok := refused(err)
		require.True(t, ok, want)
		require.Equal(t, string(qr.ReasonNotCitizenCode), v.Reason)
		require.Equal(t, want, v.Foreign)
		require.NotEqual(t, scanText(v.Reason), v.Message)
	}
	_, err = recognise([]byte("hello"))
	v, ok := refused(err)
	require.True(t, ok)
	require.Empty(t, v.Foreign)
}

// A poster beside the code does not matter; a second code does.
func TestSeveralCodes(t *testing.T) {
	tokens := sampleTokens(t)
	var results []qr.Result
	for _, b := range [][]byte{tokens[0], tokens[len(tokens)-1]} {
		text, err := qr.EncodeDecimal(b)
		require.NoError(t, err)
		results = append(results, qr.Result{Text: text})
	}
	poster := qr.Result{Text: "https://example.org/"}
	got, err := choose([]qr.Result{poster, results[0], results[0]}, nil)
	require.NoError(t, err)
	require.Equal(t, tokens[0], got.token)
	_, err = choose(results, nil)
	require.EqualError(t, err, reasonSeveralCodes)
	_, err = choose([]qr.Result{poster, {Bytes: []byte{0xff}}}, nil)
	require.ErrorContains(t, err, string(qr.ReasonNotCitizenCode))
}

// A verdict never says of a refused code what only a valid one may say.
func TestRefusalHasNoFacts(t *testing.T) {
	for _, r := range citycode.Reasons() {
		v, ok := refused(&citycode.VerifyError{Reason: r, Section: "5", Issuer: 210100<<12 | 1})
		require.True(t, ok)
		require.Nil(t, v.Facts)
		require.False(t, v.Valid)
		require.Equal(t, r.String(), v.Reason)
		require.Equal(t, scenarios.ReasonText(r), v.Message)
		require.Equal(t, "210100/1", v.Claimed)
	}
	_, ok := refused(errors.New("disk full"))
	require.False(t, ok, "a fault is no verdict")
}

// FuzzRecognise holds anything in front of the camera. What comes out is a
// token's bytes, or one reason.
func FuzzRecognise(f *testing.F) {
	token := sampleTokens(f)[0]
	f.Add(token)
	for _, form := range []qr.Form{qr.Decimal, qr.Base45} {
		symbol, err := qr.Encode(token, qr.Options{Form: form})
		require.NoError(f, err)
		f.Add([]byte(symbol.Text()))
		small, err := symbol.PNG(1)
		require.NoError(f, err)
		f.Add(small)
	}
	f.Add([]byte("\xff\xd8\xff"))
	f.Fuzz(func(t *testing.T, input []byte) {
		f, err := recognise(input)
		if err == nil {
			_, err = citycode.ParseToken(f.token)
		}
		if err == nil {
			return
		}
		v, ok := refused(err)
		require.True(t, ok, "%v", err)
		require.NotEmpty(t, v.Reason)
		require.NotEmpty(t, v.Message.En)
	})
}
