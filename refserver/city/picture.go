package city

import (
	"bytes"
	"errors"

	"github.com/citizencode/citizencode/qr"
	"github.com/citizencode/citizencode/qr/gozxing"
	"github.com/citizencode/citizencode/scenarios"
)

// pixels a side of a module in the pictures of the day, as on a phone.
const pixels = 6

// drawToken returns the picture of a token, as a phone shows it.
func drawToken(token []byte, o qr.Options) ([]byte, error) {
	symbol, err := qr.Encode(token, o)
	if err != nil {
		return nil, err
	}
	return symbol.PNG(pixels)
}

// drawText returns the picture of a text with a token in it.
func drawText(content string) ([]byte, error) {
	symbol, err := qr.NewSymbol(content, qr.Options{})
	if err != nil {
		return nil, err
	}
	return symbol.PNG(pixels)
}

// SeveralCodes is the reason for a picture with more than one citizen code.
const SeveralCodes = "several-codes"

var severalText = scenarios.Text{Zh: "画面里有多个市民码，请只出示一个", En: "There are several citizen codes in the picture; show one only"}

// textOf says what a reader of pictures found instead of a citizen code. The
// reasons are those of package qr: the words of the standard begin where there
// are bytes of a token. The other reasons of qr are faults of a file and no
// verdict about what is on it.
var textOf = map[qr.Reason]scenarios.Text{
	qr.ReasonNoCode:         {Zh: "没有看到二维码，请对准、擦净屏幕或调亮", En: "No code was seen; hold it straight, clean the screen or make it brighter"},
	qr.ReasonNotCitizenCode: {Zh: "这不是市民码，请打开市民码页面", En: "This is not a citizen code; open your citizen code"},
	qr.ReasonMalformedText:  {Zh: "此码残缺或被改动，请刷新后重试", En: "This code is damaged or was changed; refresh it and try again"},
	qr.ReasonTokenSize:      {Zh: "这不是有效的市民码，请打开市民码页面重试", En: "This is not a citizen code; open your citizen code and try again"},
}

// read returns the token in a picture file and the partner's code in front of it,
// which has one of the sizes. Where the picture holds no token, it is a refusal,
// which names what is there instead, and stranger is that; an error is a *qr.Error
// about the file.
func read(picture []byte, sizes []int, o qr.ReadOptions) (token []byte, prefix string, stranger []byte, refused *scenarios.Decision, err error) {
	if o.Second == nil {
		o.Second = gozxing.Reader{} // a citizen would rather wait than be turned away
	}
	found, err := qr.DecodePicture(bytes.NewReader(picture), o)
	if err != nil {
		refused, err = unread(err)
		return nil, "", nil, refused, err
	}
	var other error
	for _, result := range found {
		// Codes of others may stand beside it, as on any poster; between two
		// citizen codes nobody but the citizen may choose.
		b, front, err := decode(result.Text, sizes)
		switch {
		case err != nil && other == nil:
			other, stranger = err, result.Bytes
		case err == nil && token != nil && !(bytes.Equal(token, b) && prefix == front):
			return nil, "", nil, scenarios.Refused(SeveralCodes, severalText), nil
		case err == nil:
			token, prefix = b, front
		}
	}
	if token == nil {
		refused, err = unread(other)
		return nil, "", stranger, scenarios.NameForeign(refused, stranger), err
	}
	return token, prefix, nil, nil, nil
}

// decode cuts a text at one of the sizes. The error is that of a text without
// anything in front.
func decode(text string, sizes []int) (token []byte, prefix string, err error) {
	if token, err = qr.DecodeText(text); err == nil {
		return token, "", nil
	}
	for _, size := range sizes {
		if front, b, err := qr.DecodePrefixed(text, size); err == nil {
			return b, front, nil
		}
	}
	return nil, "", err
}

func unread(err error) (*scenarios.Decision, error) {
	var refused *qr.Error
	if errors.As(err, &refused) {
		if text, verdict := textOf[refused.Reason]; verdict {
			return scenarios.Refused(string(refused.Reason), text), nil
		}
	}
	return nil, err
}
