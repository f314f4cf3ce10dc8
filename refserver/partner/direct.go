package partner

import (
	"bytes"
	"errors"
	"io"
	"net/http"
)

// Direct is a transport that asks a handler in the same process, for a city whose
// partners have no address. What breaks off a connection is an error.
func Direct(h http.Handler) http.RoundTripper { return direct{h} }

type direct struct{ handler http.Handler }

func (d direct) RoundTrip(r *http.Request) (a *http.Response, err error) {
	w := &recorded{header: make(http.Header), status: http.StatusOK}
	defer func() {
		switch v := recover(); v {
		case nil:
		case http.ErrAbortHandler:
			a, err = nil, errors.New("partner: the connection was broken off")
		default:
			panic(v)
		}
	}()
	d.handler.ServeHTTP(w, r)
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	return &http.Response{StatusCode: w.status, Status: http.StatusText(w.status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: w.header,
		Body: io.NopCloser(&w.body), ContentLength: int64(w.body.Len()), Request: r}, nil
}

type recorded struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (w *recorded) Header() http.Header         { return w.header }
func (w *recorded) WriteHeader(status int)      { w.status = status }
func (w *recorded) Write(b []byte) (int, error) { return w.body.Write(b) }
func (w *recorded) Flush()                      {}
