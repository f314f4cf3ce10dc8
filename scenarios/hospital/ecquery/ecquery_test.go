package ecquery_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/scenarios/hospital/ecquery"
)

var place = ecquery.Place{Organisation: "H1", Operator: "o", OperatorName: "测试", Office: "A", OfficeName: "内科"}

func TestParseCode(t *testing.T) {
	good := strings.Repeat("A", 28)
	_, err := ecquery.ParseCode(good, ecquery.DefaultSize)
	require.NoError(t, err)
	_, err = ecquery.ParseCode("12345678", ecquery.Size{Min: 8, Max: 10})
	require.NoError(t, err)
	for _, bad := range []string{"", good[1:], good + "A", good[1:] + " ", good[1:] + "\n", good[1:] + "\x7f", good[3:] + "医"} {
		_, err := ecquery.ParseCode(bad, ecquery.DefaultSize)
		var refused *ecquery.Error
		require.ErrorAs(t, err, &refused, bad)
		assert.Equal(t, ecquery.Malformed, refused.Reason)
	}
	_, err = ecquery.ParseCode(strings.Repeat("A", ecquery.MaxCode+1), ecquery.Size{Min: 1, Max: 1 << 20})
	assert.Error(t, err)
}

func TestConfig(t *testing.T) {
	good := ecquery.Config{URL: "https://ec.example/query", Place: place}
	_, err := ecquery.NewClient(good)
	require.NoError(t, err)
	for name, break_ := range map[string]func(*ecquery.Config){
		"plain http":    func(c *ecquery.Config) { c.URL = "http://ec.example/query" },
		"password":      func(c *ecquery.Config) { c.URL = "https://a:b@ec.example/" },
		"no url":        func(c *ecquery.Config) { c.URL = "" },
		"no place":      func(c *ecquery.Config) { c.Place = ecquery.Place{} },
		"long operator": func(c *ecquery.Config) { c.Place.Operator = strings.Repeat("x", ecquery.MaxOperator+1) },
		"size":          func(c *ecquery.Config) { c.Size = ecquery.Size{Min: 9, Max: 8} },
		"tries":         func(c *ecquery.Config) { c.Tries = ecquery.MaxTries + 1 },
		"timeout":       func(c *ecquery.Config) { c.Timeout = -1 },
	} {
		c := good
		break_(&c)
		_, err := ecquery.NewClient(c)
		assert.Error(t, err, name)
	}
}

// TestBusiness keeps the table with its source: facts of XJ-D01-2019, Annex C.
func TestBusiness(t *testing.T) {
	for _, b := range strings.Fields("01101 01102 01103 01104 01201 01202 01203 01204 01301 01302 01303 01304 01305 02121 02122 03131") {
		assert.True(t, ecquery.Business(b).Known(), b)
		assert.NotEmpty(t, ecquery.Business(b).Text().Zh)
	}
	assert.False(t, ecquery.Business("01106").Known())
}

// The request has the published shape.
func ExampleClient_Decode() {
	centre := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var q map[string]any
		json.NewDecoder(r.Body).Decode(&q)
		b, _ := json.Marshal(q)
		fmt.Println(string(b))
		fmt.Fprint(w, `{"code":1002,"message":"二维码已过期"}`)
	}))
	defer centre.Close()
	client, err := ecquery.NewClient(ecquery.Config{URL: centre.URL, Place: ecquery.Place{Organisation: "H21010001", Operator: "op-17",
		OperatorName: "测试挂号员", Office: "A01", OfficeName: "内科"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	code, err := ecquery.ParseCode("TESTTESTTESTTESTTESTTESTTEST", client.Size())
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = client.Decode(context.Background(), code, ecquery.Registration, "visit-1")
	var refused *ecquery.Error
	if errors.As(err, &refused) {
		fmt.Println(refused.Reason, refused.Reason.Text().Zh)
	}
	// Output:
	// {"data":{"businessType":"01101","ecQrCode":"TESTTESTTESTTESTTESTTESTTEST","officeId":"A01","officeName":"内科","operatorId":"op-17","operatorName":"测试挂号员","orgId":"H21010001","outBizNo":"visit-1"},"orgId":"H21010001","transType":"ec.query"}
	// medical-code-expired 医保码已过期，请刷新后重试
}
