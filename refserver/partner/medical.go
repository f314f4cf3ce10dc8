package partner

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/citizencode/citizencode/scenarios/hospital/ecquery"
)

// MedicalExample is a configuration of [NewMedical] that works.
//
//go:embed medical.json
var MedicalExample []byte

// QueryPath is where a simulated centre answers ec.query.
const QueryPath = "/localcfc/api/hsecfc/localQrCodeQuery"

// faultWords are the names by which a request asks for a fault.
var faultWords = map[string]CentreFault{
	"stalled": Stalled, "failed": Failed, "busy": Busy, "lost": Lost, "cut": Cut, "not-json": NotJSON, "too-long": TooLong, "twice": Twice,
	"replayed": Replayed, "for-other-place": ForOtherPlace, "for-other-business": ForOtherBusiness, "of-other-patient": OfOtherPatient,
	"redirected": Redirected, "unknown-result-code": UnknownResultCode,
}

// NewMedical returns the handler of a simulated centre, for a maker of hospital
// systems to try them against: ec.query at QueryPath; POST /simulated/codes with
// {"index": …} is the wallet that shows a code, and POST /simulated/faults with
// {"faults": […]} makes the next queries go wrong. config is JSON, as MedicalExample.
func NewMedical(config []byte, now func() time.Time) (http.Handler, error) {
	var cfg struct {
		Insured       []Insured                     `json:"insured"`
		Organisations map[string][]ecquery.Business `json:"organisations"`
	}
	if err := strict(bytes.NewReader(config), &cfg); err != nil {
		return nil, fmt.Errorf("partner: config: %w", err)
	}
	if len(cfg.Insured) == 0 {
		return nil, errors.New("partner: config: insured: nobody")
	}
	for name, list := range cfg.Organisations {
		for i, b := range list {
			if !b.Known() {
				return nil, fmt.Errorf("partner: config: organisations.%.40s[%d]: no type of business", name, i)
			}
		}
	}
	c := NewCentre(now, cfg.Insured, cfg.Organisations)
	mux := http.NewServeMux()
	mux.Handle(QueryPath, c)
	mux.HandleFunc("POST /simulated/codes", func(w http.ResponseWriter, r *http.Request) {
		var q struct {
			Index string `json:"index"`
		}
		if err := strict(http.MaxBytesReader(w, r.Body, 1<<10), &q); err != nil {
			http.Error(w, "no request of the form {\"index\": …}", http.StatusBadRequest)
			return
		}
		text, err := c.Show(q.Index)
		if err != nil {
			http.Error(w, err.Error(), http.StatusNotFound)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(map[string]string{"code": text})
	})
	mux.HandleFunc("POST /simulated/faults", func(w http.ResponseWriter, r *http.Request) {
		var q struct {
			Faults []string `json:"faults"`
		}
		if err := strict(http.MaxBytesReader(w, r.Body, 1<<10), &q); err != nil {
			http.Error(w, "no request of the form {\"faults\": […]}", http.StatusBadRequest)
			return
		}
		var faults []CentreFault
		for _, word := range q.Faults {
			f, known := faultWords[word]
			if !known {
				http.Error(w, fmt.Sprintf("no fault is called %.40q", word), http.StatusBadRequest)
				return
			}
			faults = append(faults, f)
		}
		c.Misbehave(faults...)
		w.WriteHeader(http.StatusNoContent)
	})
	return mux, nil
}

func strict(r io.Reader, into any) error {
	d := json.NewDecoder(r)
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("something follows")
	}
	return nil
}

// Serve serves a handler on an address until ctx ends, and prints where.
func Serve(ctx context.Context, name, addr string, h http.Handler, out io.Writer) error {
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", addr)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	defer listener.Close()
	if _, err := fmt.Fprintf(out, "%s: http://%s\n", name, listener.Addr()); err != nil {
		return err
	}
	s := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 10 * time.Second, MaxHeaderBytes: 16 << 10,
		BaseContext: func(net.Listener) context.Context { return ctx }}
	stop := context.AfterFunc(ctx, func() { s.Close() })
	defer stop()
	if err := s.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
