package city

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"image"
	"image/png"
	"slices"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/engine"
	"github.com/citizencode/citizencode/citycode/foreign"
	"github.com/citizencode/citizencode/qr"
	"github.com/citizencode/citizencode/scenarios"
)

// Where the fields of a token stand (SPEC §2.1), for those who change them.
const (
	atVersion = 0
	atMode    = 1
	atSubject = 23
	atTime    = -64 - 11 // of the dynamic part without a challenge, from the end
)

// forgeries is the afternoon of somebody who tries everything.
func (p *cast) forgeries() ([]Step, error) {
	forged, err := p.forger()
	if err != nil {
		return nil, err
	}
	abroad, err := p.neighbour.issue(p.clock, application{citizen: p.guest, profile: citycode.ProfileTransit, scenes: citycode.Transit})
	if err != nil {
		return nil, err
	}
	private, err := p.neighbour.issue(p.clock, application{citizen: p.guest, profile: ferry().ID, scenes: citycode.Transit})
	if err != nil {
		return nil, err
	}
	sign, err := p.home.print(p.clock, "一号站牌")
	if err != nil {
		return nil, err
	}
	victim := p.ride[p.a]
	change := func(f func(b []byte) []byte) picture { return altered(victim, citycode.Transit, f) }
	flip := func(at int, mask byte) picture {
		return change(func(b []byte) []byte { b[at] ^= mask; return b })
	}
	malformed := refused(citycode.Malformed)
	because := func(r qr.Reason) Want { return Want{Reason: string(r)} }
	return []Step{
		{At: at(14, 0, 0), Who: p.j.Short, Gate: p.bus, What: text("自造发码密钥，冒用本市密钥编号", "a self-made issuer key under the city's key id"),
			Picture: code(forged, citycode.Transit), Want: refused(citycode.BadIssuerSignature)},
		{At: at(14, 1, 0), Who: p.j.Short, Gate: p.bus, What: text("拿甲的凭证，用自己的手机签名", "A's credential, signed by another phone"),
			Picture: p.otherPhone(victim, forged), Want: refused(citycode.BadHolderSignature)},
		{At: at(14, 2, 0), Who: p.j.Short, Gate: p.bus, What: text("改甲码的时间", "A's code with a later time"),
			Picture: change(func(b []byte) []byte { b[len(b)+atTime+3]++; return b }), Want: refused(citycode.BadHolderSignature)},
		{At: at(14, 3, 0), Who: p.j.Short, Gate: p.bus, What: text("改持码人编号的一个比特", "one bit of the subject flipped"),
			Picture: flip(atSubject, 0x10), Want: refused(citycode.BadIssuerSignature)},
		{At: at(14, 4, 0), Who: p.j.Short, Gate: p.bus, What: text("剪掉动态部分", "the dynamic part cut off"),
			Picture: change(func([]byte) []byte { return victim.cred.Bytes() }), Want: malformed},
		{At: at(14, 5, 0), Who: p.j.Short, Gate: p.bus, What: text("模式改成隐式证书", "the mode changed to implicit"),
			Picture: flip(atMode, 3), Want: malformed},
		{At: at(14, 6, 0), Who: p.j.Short, Gate: p.bus, What: text("冒充静态码：剪掉动态部分并改模式", "passed off as a printed code: mode static, no dynamic part"),
			Picture: change(func([]byte) []byte {
				b := slices.Clone(victim.cred.Bytes())
				b[atMode] &^= 3
				return append(b[:len(b)-engine.PointSize-engine.SignatureSize], b[len(b)-engine.SignatureSize:]...)
			}), Want: malformed},
		{At: at(14, 7, 0), Who: p.j.Short, Gate: p.bus, What: text("末尾多一个字节", "one byte more at the end"),
			Picture: change(func(b []byte) []byte { return append(b, 0) }), Want: malformed},
		{At: at(14, 8, 0), Who: p.j.Short, Gate: p.bus, What: text("第二版的码", "a code of version 2"),
			Picture: flip(atVersion, 3), Want: refused(citycode.UnsupportedVersion)},
		{At: at(14, 9, 0), Who: p.j.Short, Gate: p.bus, What: text("未知的算法套件", "an unknown suite"),
			Picture: flip(atMode, 0x30), Want: refused(citycode.UnsupportedSuite)},

		{At: at(14, 20, 0), Who: p.guest.Short, Gate: p.bus, What: text("邻市的乘车码，两市尚未互认", "a ride code of a city that is not on the list"),
			Picture: code(abroad, citycode.Transit), Want: refused(citycode.UnknownIssuer)},
		{At: at(14, 21, 0), Who: p.guest.Short, Gate: p.bus, What: text("邻市自定的轮渡码", "the neighbour's own ferry profile"),
			Picture: code(private, citycode.Transit), Want: refused(citycode.UnsupportedProfile)},

		{At: at(14, 30, 0), Who: p.b.Short, Gate: p.bus, What: text("误出示付款码", "shows a payment code by mistake"),
			Picture: plain("281234567890123456"), Want: because(qr.ReasonNotCitizenCode), Also: isNamed(foreign.PayAlipay)},
		{At: at(14, 30, 30), Who: p.b.Short, Gate: p.bus, What: text("误出示全国通用的乘车码", "shows a national ride code by mistake"),
			Picture: p.nationalRide, Want: because(qr.ReasonNotCitizenCode), Also: isNamed(foreign.RideJTT1179)},
		{At: at(14, 31, 0), Who: p.b.Short, Gate: p.bus, What: text("误出示网页二维码", "shows the QR of a web page"),
			Picture: plain("https://example.org/poster"), Want: because(qr.ReasonNotCitizenCode), Also: isNamed(foreign.WebLink)},
		{At: at(14, 32, 0), Who: p.b.Short, Gate: p.bus, What: text("数字串少了最后一位", "a citizen code with its last digit missing"),
			Picture: shortened(p.universal), Want: because(qr.ReasonMalformedText)},
		{At: at(14, 33, 0), Who: p.b.Short, Gate: p.bus, What: text("画面里没有码", "a picture without a code"),
			Picture: blank, Want: because(qr.ReasonNoCode)},
		{At: at(14, 34, 0), Who: p.j.Short, Gate: p.bus, What: text("一号站牌的静态码：是真的地点码，但不开门", "the printed code of a bus stop: genuine, and opens nothing"),
			Picture: func() ([]byte, error) { return drawToken(sign.Bytes(), qr.Options{}) },
			Want:    Want{Reason: scenarios.ProfileNotServed}, Also: p.genuinePlace(sign)},
	}, nil
}

// forger is somebody with a key of his own and the city's key id.
func (p *cast) forger() (*Pass, error) {
	secret, err := engine.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	issuer, err := citycode.NewIssuer(citycode.IssuerConfig{ID: p.home.issuer.ID(), Key: secret})
	if err != nil {
		return nil, err
	}
	return p.home.issue(p.clock, application{citizen: p.j, profile: citycode.ProfileTransit, scenes: citycode.Transit, issuer: issuer})
}

// otherPhone draws a code of the victim's credential, signed by the key of
// another phone.
func (p *cast) otherPhone(victim, other *Pass) picture {
	return func() ([]byte, error) {
		static := victim.cred.Bytes()
		dynamic := binary.BigEndian.AppendUint32(nil, uint32(p.clock.Now().Unix()))
		dynamic = append(dynamic, 0, 0, 0, 0)
		dynamic = binary.BigEndian.AppendUint16(dynamic, uint16(citycode.Transit))
		dynamic = append(dynamic, 0)
		answer, err := other.key.SignToken(static, dynamic)
		if err != nil {
			return nil, err
		}
		copy(dynamic[4:], answer[:4])
		return drawToken(slices.Concat(static, dynamic, answer[4:]), qr.Options{})
	}
}

// genuinePlace asks the verifier of the gate itself: the sign is what it says.
func (p *cast) genuinePlace(sign *citycode.Token) func(*scenarios.Decision) error {
	return func(*scenarios.Decision) error {
		p.bus.mu.Lock()
		v, err := p.bus.verifier()
		p.bus.mu.Unlock()
		if err != nil {
			return err
		}
		verified, err := v.Verify(sign, citycode.Check{})
		if err != nil {
			return err
		}
		if verified.Profile().Kind != citycode.Place {
			return fmt.Errorf("the printed code is not that of a place")
		}
		return nil
	}
}

// plain is the QR of any text.
func plain(content string) picture {
	return func() ([]byte, error) {
		symbol, err := qr.NewSymbol(content, qr.Options{})
		if err != nil {
			return nil, err
		}
		return symbol.PNG(pixels)
	}
}

func shortened(p *Pass) picture {
	return func() ([]byte, error) {
		t, err := p.Show(0)
		if err != nil {
			return nil, err
		}
		digits, err := qr.EncodeDecimal(t.Bytes())
		if err != nil {
			return nil, err
		}
		return plain(digits[:len(digits)-1])()
	}
}

func blank() ([]byte, error) {
	white := image.NewGray(image.Rect(0, 0, 320, 320))
	for i := range white.Pix {
		white.Pix[i] = 0xf0
	}
	var file bytes.Buffer
	err := png.Encode(&file, white)
	return file.Bytes(), err
}
