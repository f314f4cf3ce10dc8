package hospital_test

import (
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/qr"
	"github.com/citizencode/citizencode/refserver/hospital"
	"github.com/citizencode/citizencode/refserver/partner"
	"github.com/citizencode/citizencode/refserver/service/servicetest"
	"github.com/citizencode/citizencode/scenarios"
	scenario "github.com/citizencode/citizencode/scenarios/hospital"
)

// configured is the example configuration with a line to the insurance.
func configured(t testing.TB, url string) []byte {
	var fields map[string]any
	require.NoError(t, json.Unmarshal(hospital.Example, &fields))
	fields["medicalCode"] = map[string]any{"url": url, "place": map[string]any{"organisation": "H21010000001", "operator": "o-1", "operatorName": "测试",
		"office": "A01", "officeName": "内科"}, "insured": map[string]string{"P-0001": "EC-TEST-0001"}}
	b, err := json.Marshal(fields)
	require.NoError(t, err)
	return b
}

// A fused code over HTTP, from the wallet to the desk, with the simulated centre of
// `citycode serve medical` behind both.
func TestFused(t *testing.T) {
	now := time.Now()
	h, err := partner.NewMedical(partner.MedicalExample, func() time.Time { return now })
	require.NoError(t, err)
	centre := httptest.NewServer(h)
	defer centre.Close()
	post := func(path, body string) (int, string) {
		r, err := http.Post(centre.URL+path, "application/json", strings.NewReader(body))
		require.NoError(t, err)
		defer r.Body.Close()
		b, err := io.ReadAll(r.Body)
		require.NoError(t, err)
		return r.StatusCode, string(b)
	}
	wallet := func(index string) string {
		status, body := post("/simulated/codes", `{"index":"`+index+`"}`)
		require.Equal(t, http.StatusOK, status)
		var shown struct{ Code string }
		require.NoError(t, json.Unmarshal([]byte(body), &shown))
		return shown.Code
	}
	w := servicetest.New(t)
	holder := w.Citizen("p", citycode.ProfileFused, citycode.Medical|citycode.Transit, func(claims *citycode.Claims) {
		claims.Subject, _ = hex.DecodeString("0000006500c1712e")
	})
	app, err := hospital.New(configured(t, centre.URL+partner.QueryPath))
	require.NoError(t, err)
	s := w.Open(app)
	checkIn := func(index string) scenarios.Decision {
		w.Clock.Advance(3 * time.Second)
		front := wallet(index)
		token, err := holder.Present(citycode.Presentation{Time: w.Clock.Now(), Prefix: front})
		require.NoError(t, err)
		text, err := qr.EncodePrefixed(front, token.Bytes(), qr.Decimal)
		require.NoError(t, err)
		body, err := json.Marshal(map[string]any{"code": text, "action": "check-in", "params": map[string]string{"department": "eyes"}})
		require.NoError(t, err)
		var d scenarios.Decision
		servicetest.Post(s, "/v1/terminals/kiosk-1/visits", "", string(body)).Into(t, &d)
		return d
	}
	assert.Equal(t, "ok", checkIn("EC-TEST-0001").Reason)
	assert.Equal(t, scenario.MedicalCodeOther, checkIn("EC-TEST-0002").Reason)
	status, _ := post("/simulated/faults", `{"faults":["of-other-patient"]}`)
	require.Equal(t, http.StatusNoContent, status)
	assert.Equal(t, scenario.MedicalCodeOther, checkIn("EC-TEST-0001").Reason)
	status, _ = post("/simulated/faults", `{"faults":["not-json"]}`)
	require.Equal(t, http.StatusNoContent, status)
	assert.Equal(t, "ok", checkIn("EC-TEST-0001").Reason, "asked again")

	for path, body := range map[string]string{"/simulated/faults": `{"faults":["nice"]}`, "/simulated/codes": `{"name":"x"}`, partner.QueryPath: `{}`} {
		status, _ := post(path, body)
		assert.Equal(t, http.StatusBadRequest, status, path)
	}
	status, _ = post("/simulated/codes", `{"index":"nobody"}`)
	assert.Equal(t, http.StatusNotFound, status)
}

func TestMedicalConfig(t *testing.T) {
	_, err := hospital.New(configured(t, "http://ec.example/"))
	assert.ErrorContains(t, err, "config.medicalCode: ")
	for _, bad := range []string{``, `{}`, `{"insured":[{"index":"a"}],"organisations":{"H":["99999"]}}`, `{"insured":[{"index":"a"}]} x`, `{"more":1}`} {
		_, err := partner.NewMedical([]byte(bad), time.Now)
		assert.Error(t, err, bad)
	}
}
