package ecquery_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/scenarios/hospital/ecquery"
)

type vectorFile struct {
	Version       string `json:"version"`
	NumberOfTests int    `json:"numberOfTests"`
	Ask           struct {
		Place    ecquery.Place    `json:"place"`
		Business ecquery.Business `json:"business"`
		Number   string           `json:"number"`
		Code     string           `json:"code"`
	} `json:"ask"`
	Query json.RawMessage `json:"query"`
	Codes []struct {
		verdict
		Text string `json:"text"`
		Min  int    `json:"min"`
		Max  int    `json:"max"`
	} `json:"codes"`
	Answers []struct {
		verdict
		Status int    `json:"status"`
		Body   string `json:"body"`
		Index  string `json:"index"`
		Token  string `json:"token"`
	} `json:"answers"`
	Queries []struct {
		verdict
		Body string `json:"body"`
	} `json:"queries"`
}

type verdict struct {
	ID      string         `json:"id"`
	Comment string         `json:"comment"`
	Result  string         `json:"result"`
	Reason  ecquery.Reason `json:"reason"`
}

func (v verdict) check(t *testing.T, err error) {
	t.Helper()
	if v.Result == "valid" {
		assert.NoError(t, err, "%s: %s", v.ID, v.Comment)
		return
	}
	var refused *ecquery.Error
	if assert.True(t, errors.As(err, &refused), "%s: %s: %v", v.ID, v.Comment, err) && v.Reason != "" {
		assert.Equal(t, v.Reason, refused.Reason, "%s: %s", v.ID, v.Comment)
	}
}

// answering is a centre that says one thing and keeps what it was sent.
type answering struct {
	status int
	body   string
	sent   []byte
}

func (a *answering) RoundTrip(r *http.Request) (*http.Response, error) {
	a.sent, _ = io.ReadAll(r.Body)
	return &http.Response{StatusCode: a.status, Header: http.Header{"Location": {"/elsewhere"}}, Body: io.NopCloser(bytes.NewReader([]byte(a.body))), Request: r}, nil
}

func TestVectors(t *testing.T) {
	b, err := os.ReadFile("vectors/v1/ec_query.json")
	require.NoError(t, err)
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	var f vectorFile
	require.NoError(t, d.Decode(&f))
	assert.Equal(t, f.NumberOfTests, len(f.Codes)+len(f.Answers)+len(f.Queries))

	ids, reasons := make(map[string]bool), make(map[ecquery.Reason]bool)
	note := func(v verdict) {
		assert.False(t, ids[v.ID], v.ID)
		ids[v.ID], reasons[v.Reason] = true, true
	}
	for _, v := range f.Codes {
		note(v.verdict)
		_, err := ecquery.ParseCode(v.Text, ecquery.Size{Min: v.Min, Max: v.Max})
		v.check(t, err)
	}
	code, err := ecquery.ParseCode(f.Ask.Code, ecquery.DefaultSize)
	require.NoError(t, err)
	for _, v := range f.Answers {
		note(v.verdict)
		centre := &answering{status: v.Status, body: v.Body}
		client, err := ecquery.NewClient(ecquery.Config{URL: "https://ec.example/", Place: f.Ask.Place, HTTP: &http.Client{Transport: centre}, Tries: 1})
		require.NoError(t, err)
		answer, err := client.Decode(t.Context(), code, f.Ask.Business, f.Ask.Number)
		v.check(t, err)
		assert.JSONEq(t, string(f.Query), string(centre.sent), v.ID)
		if err != nil {
			continue
		}
		assert.Equal(t, v.Index, answer.Index(), v.ID)
		token, err := answer.Token(f.Ask.Place, f.Ask.Business)
		require.NoError(t, err)
		assert.Equal(t, v.Token, token, v.ID)
	}
	for _, v := range f.Queries {
		note(v.verdict)
		_, err := ecquery.ParseQuery([]byte(v.Body))
		v.check(t, err)
	}
	for _, r := range []ecquery.Reason{ecquery.Malformed, ecquery.Unknown, ecquery.Expired, ecquery.Used, ecquery.NotAuthorised, ecquery.Unavailable, ecquery.BadAnswer, ecquery.WrongAnswer} {
		assert.True(t, reasons[r], "no vector for %s", r)
	}
}
