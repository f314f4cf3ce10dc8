package ecquery_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/citizencode/citizencode/scenarios/hospital/ecquery"
)

// sent is a centre that says one thing.
type sent string

func (s sent) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: 200, Body: io.NopCloser(strings.NewReader(string(s))), Request: r}, nil
}

// Whatever comes back, an answer is one to the question.
func FuzzAnswer(f *testing.F) {
	good := `{"code":0,"data":{"orgId":"H1","operatorId":"o","officeId":"A","businessType":"01101","outBizNo":"v","ecIndexNo":"EC-1","ecToken":"T"}}`
	for _, s := range []string{good, good + good, `{"code":0}`, `{"code":1002,"message":"x"}`, `[]`, `{}`, `{"code":"0"}`, strings.Replace(good, `"v"`, `"w"`, 1),
		strings.Replace(good, "T", "\xff", 1), `{"code":0,"data":{"ecIndexNo":"` + strings.Repeat("x", 9000) + `"}}`} {
		f.Add(s)
	}
	code, err := ecquery.ParseCode(strings.Repeat("A", 28), ecquery.DefaultSize)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c, err := ecquery.NewClient(ecquery.Config{URL: "https://ec.example/", Place: place, HTTP: &http.Client{Transport: sent(s)}, Tries: 1})
		if err != nil {
			t.Fatal(err)
		}
		a, err := c.Decode(t.Context(), code, ecquery.Registration, "v")
		if err != nil {
			if strings.Contains(err.Error(), "AAAA") {
				t.Error("the code is in the error")
			}
			return
		}
		token, err := a.Token(place, ecquery.Registration)
		if err != nil || token == "" || a.Index() == "" || len(s) > ecquery.MaxAnswer || !strings.Contains(s, `"outBizNo"`) && !strings.Contains(s, `\u`) {
			t.Errorf("%q was taken for an answer", s)
		}
	})
}

func FuzzQuery(f *testing.F) {
	f.Add([]byte(`{"data":{"businessType":"01101","ecQrCode":"AAAA","officeId":"A","officeName":"B","operatorId":"o","operatorName":"p","orgId":"H1","outBizNo":"v"},"orgId":"H1","transType":"ec.query"}`))
	f.Add([]byte(`{}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		q, err := ecquery.ParseQuery(b)
		if err == nil && (q.Data.Place().Validate() != nil || !q.Data.Business.Known() || q.Data.Text == "") {
			t.Errorf("%q", b)
		}
	})
}
