package hospital

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/citycodetest"
	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/hospital/ecquery"
)

// insurance is a centre of medical codes that knows whom each text means. Nil says
// that it does not answer.
type insurance struct {
	index  map[string]string
	asked  []ecquery.QueryData
	broken bool
}

func (i *insurance) RoundTrip(r *http.Request) (*http.Response, error) {
	if i.broken {
		return nil, io.ErrUnexpectedEOF
	}
	b, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	q, err := ecquery.ParseQuery(b)
	if err != nil {
		return nil, err
	}
	i.asked = append(i.asked, q.Data)
	d := q.Data
	answer := `{"code":1001}`
	if index, known := i.index[d.Text]; known {
		answer = fmt.Sprintf(`{"code":0,"data":{"orgId":%q,"operatorId":%q,"officeId":%q,"businessType":%q,"outBizNo":%q,"ecIndexNo":%q,"ecToken":"T"}}`,
			d.Organisation, d.Operator, d.Office, d.Business, d.Number, index)
	}
	return &http.Response{StatusCode: 200, Body: io.NopCloser(bytes.NewReader([]byte(answer)))}, nil
}

// insured is a Directory of patients whose insurance the hospital knows.
type insured map[string]Patient

func (d insured) Lookup(_ context.Context, subject []byte) (*Patient, error) {
	if p, known := d[string(subject)]; known {
		return &p, nil
	}
	return nil, ErrUnknownPatient
}

// Two codes in one picture are served when they mean one person, and only then.
func TestFused(t *testing.T) {
	const ofLi, ofWang, unknown = "TESTLI0000000000000000000001", "TESTWANG00000000000000000001", "TESTNOBODY000000000000000001"
	c := citycodetest.NewCity(t, citycodetest.Shenyang)
	centre := &insurance{index: map[string]string{ofLi: "EC-1", ofWang: "EC-2"}}
	client, err := ecquery.NewClient(ecquery.Config{URL: "https://ec.example/", HTTP: &http.Client{Transport: centre}, Tries: 1,
		Place: ecquery.Place{Organisation: "H1", Operator: "o", OperatorName: "测试", Office: "A", OfficeName: "内科"}})
	require.NoError(t, err)
	holder := func(name string) *citycodetest.Citizen {
		return c.Citizen(name, citycode.ProfileFused, citycode.Medical|citycode.Transit, nil)
	}
	li, wang, zhao := holder("li"), holder("wang"), holder("zhao")
	cfg := Config{MedicalCodes: client, Directory: insured{string(li.Claims.Subject): {"P-1", "EC-1"}, string(wang.Claims.Subject): {"P-2", "EC-2"},
		string(zhao.Claims.Subject): {"P-3", ""}}}
	d := newDesk(t, nil, c, cfg)
	visit := func(who *citycodetest.Citizen, signed, front, action, params string) *scenarios.Decision {
		c.Clock.Advance(3e9)
		token, err := who.Present(citycode.Presentation{Time: c.Clock.Now(), Prefix: signed})
		require.NoError(t, err)
		got, err := d.lane.Decide(t.Context(), scenarios.Request{Code: token.Bytes(), Prefix: front, Action: action, Params: json.RawMessage(params)})
		require.NoError(t, err)
		return got
	}
	got := visit(li, ofLi, ofLi, CheckIn, ``)
	require.True(t, got.Allow, got.Reason)
	assert.NotContains(t, string(got.Outcome)+got.Message.Zh, ofLi)
	assert.True(t, visit(wang, ofWang, ofWang, CheckIn, ``).Allow)
	assert.True(t, visit(li, ofLi, ofLi, Next, ``).Allow)
	visit(li, ofLi, ofLi, Serve, `{"station":"pharmacy"}`)
	visit(li, ofLi, ofLi, Agree, ``)
	visit(li, ofLi, ofLi, Leave, ``)
	var business []ecquery.Business
	numbers := make(map[string]bool)
	for _, q := range centre.asked {
		business, numbers[q.Number] = append(business, q.Business), true
	}
	assert.Equal(t, []ecquery.Business{ecquery.Registration, ecquery.Registration, ecquery.Consultation, ecquery.Dispensing, ecquery.Settlement, ecquery.Settlement}, business)
	assert.Len(t, numbers, len(centre.asked), "every visit is a decode of its own")

	asked := len(centre.asked)
	assert.Equal(t, citycode.SourceMismatch.String(), visit(li, ofLi, ofWang, CheckIn, ``).Reason, "swapped on the way")
	assert.Equal(t, NotInsuredHere, visit(zhao, ofLi, ofLi, CheckIn, ``).Reason)
	d.offline = true
	assert.Equal(t, citycode.OnlineRequired.String(), visit(li, ofLi, ofLi, CheckIn, ``).Reason)
	d.offline = false
	assert.Len(t, centre.asked, asked, "none of these is the insurance's business")
	assert.Equal(t, MedicalCodeOther, visit(li, ofWang, ofWang, CheckIn, ``).Reason, "signed by its own phone, seen on another's")
	assert.Equal(t, string(ecquery.Unknown), visit(li, unknown, unknown, CheckIn, ``).Reason)
	centre.broken = true
	assert.Equal(t, string(ecquery.Unavailable), visit(li, ofLi, ofLi, CheckIn, ``).Reason)

	// A hospital without a line to the insurance serves no fused code.
	plain := New(Config{Directory: cfg.Directory})
	assert.False(t, plain.Accepts(citycode.FusedProfile()))
	assert.Zero(t, plain.Describe().Claims)
	assert.True(t, New(cfg).Accepts(citycode.FusedProfile()))
}
