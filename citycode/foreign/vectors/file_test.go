package vectors

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/citizencode/citizencode/citycode/foreign/jtt1179"
)

// The members of v1/ride_jtt1179.json, which the generator writes and the
// runner reads.

type hexBytes []byte

func (b hexBytes) MarshalText() ([]byte, error) { return []byte(hex.EncodeToString(b)), nil }

func (b *hexBytes) UnmarshalText(text []byte) (err error) {
	*b, err = hex.DecodeString(string(text))
	return err
}

type instant struct {
	Time string `json:"time"`
	Unix int64  `json:"unix"`
}

func at(unix int64) instant {
	return instant{time.Unix(unix, 0).UTC().Format(time.RFC3339), unix}
}

type rideFile struct {
	Version       string     `json:"version"`
	Generator     string     `json:"generator"`
	NumberOfTests int        `json:"numberOfTests"`
	Terminal      terminal   `json:"terminal"`
	Groups        []group    `json:"groups"`
	Files         []fileTest `json:"parameterFiles"`
}

type terminal struct {
	Roots       []hexBytes `json:"roots"`
	Ahead       int        `json:"ahead"`
	MaxValidity int        `json:"maxValidity"`
	Debounce    int        `json:"debounce"`
	Interval    int        `json:"interval"`
	Start       instant    `json:"start"`
	Denied      []string   `json:"denied"`
}

type group struct {
	Comment string     `json:"comment"`
	Tests   []rideTest `json:"tests"`
}

type rideTest struct {
	ID       string `json:"id"`
	Comment  string `json:"comment"`
	FieldBug int    `json:"fieldBug,omitempty"`
	Before   []scan `json:"before,omitempty"`
	scan
	Ride *ride `json:"ride,omitempty"`
}

type scan struct {
	Clock  instant  `json:"clock"`
	Amount int64    `json:"amount"`
	Code   hexBytes `json:"code"`
	Result string   `json:"result"`
	Reason string   `json:"reason,omitempty"`
}

type ride struct {
	PaymentAccount string   `json:"paymentAccount"`
	CardAccount    string   `json:"cardAccount"`
	Issuer         string   `json:"issuer"`
	Platform       hexBytes `json:"platform"`
	AccountType    int      `json:"accountType"`
	Cap            int64    `json:"cap"`
	Expires        int64    `json:"expires"`
	Validity       int64    `json:"validity"`
	Custom         hexBytes `json:"custom"`
	Generated      int64    `json:"generated"`
}

func rideOf(r *jtt1179.Ride) *ride {
	return &ride{string(r.PaymentAccount), string(r.CardAccount), r.Issuer, r.Platform[:], int(r.AccountType), r.Cap, r.Expires.Unix(),
		int64(r.Validity / time.Second), append(hexBytes{}, r.Custom...), r.GeneratedAt.Unix()}
}

type fileTest struct {
	ID      string     `json:"id"`
	Comment string     `json:"comment"`
	File    hexBytes   `json:"file"`
	Result  string     `json:"result"`
	Roots   []hexBytes `json:"roots,omitempty"`
}

func (f *rideFile) encode() []byte {
	var b bytes.Buffer
	out := json.NewEncoder(&b)
	out.SetEscapeHTML(false)
	out.SetIndent("", "  ")
	if err := out.Encode(f); err != nil {
		panic(fmt.Sprint("generator: ", err))
	}
	return b.Bytes()
}
