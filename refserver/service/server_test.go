package service_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/refserver/service"
	"github.com/citizencode/citizencode/refserver/service/servicetest"
)

// A stop takes nothing new, and finishes and keeps what has begun.
func TestGracefulStop(t *testing.T) {
	w, d := servicetest.New(t), new(door)
	begun, release := make(chan struct{}), make(chan struct{})
	d.order = func(_ context.Context, _, what string) (string, error) {
		close(begun)
		<-release
		return what, nil
	}
	s := w.Open(d.application())
	ctx, stop := context.WithCancel(t.Context())
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	served := make(chan error, 1)
	go func() { served <- s.Serve(ctx, listener) }()

	answered := make(chan string, 1)
	go func() {
		r, err := http.NewRequest(http.MethodPost, fmt.Sprintf("http://%s/v1/orders", listener.Addr()), strings.NewReader(`{"what":"tea"}`))
		if err != nil {
			answered <- err.Error()
			return
		}
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Idempotency-Key", "k")
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			answered <- err.Error()
			return
		}
		defer answer.Body.Close()
		b, _ := io.ReadAll(answer.Body)
		answered <- string(b)
	}()
	<-begun
	stop()
	require.Eventually(t, func() bool {
		c, err := net.Dial("tcp", listener.Addr().String())
		if err == nil {
			c.Close()
		}
		return err != nil
	}, 10*time.Second, time.Millisecond, "it still takes connections")
	select {
	case err := <-served:
		t.Fatalf("stopped with a request in flight: %v", err)
	default:
	}
	close(release)
	assert.Equal(t, `{"number":1,"what":"tea"}`+"\n", <-answered)
	require.NoError(t, <-served)
	require.NoError(t, s.Close())
	require.NoError(t, s.Close(), "twice")

	s = w.Open(d.application())
	assert.Equal(t, `{"number":1,"what":"tea"}`+"\n", servicetest.Post(s, "/v1/orders", "k", `{"what":"tea"}`).Body)
}

// Run says where it listens, on one line, and ends with its context.
func TestRun(t *testing.T) {
	w, d := servicetest.New(t), new(door)
	ctx, stop := context.WithCancel(t.Context())
	out, in := io.Pipe()
	ended := make(chan error, 1)
	go func() { ended <- service.Run(ctx, d.application(), w.Options, "127.0.0.1:0", in) }()
	line := make([]byte, 100)
	n, err := out.Read(line)
	require.NoError(t, err)
	address, ok := strings.CutPrefix(strings.TrimSpace(string(line[:n])), "door: ")
	require.True(t, ok, "%s", line[:n])
	answer, err := http.Get(address + "/v1/health")
	require.NoError(t, err)
	answer.Body.Close()
	assert.Equal(t, http.StatusOK, answer.StatusCode)
	stop()
	require.NoError(t, <-ended)

	var none bytes.Buffer
	assert.Error(t, service.Run(t.Context(), d.application(), w.Options, "127.0.0.1:port", &none))
	assert.Empty(t, none.String())
}
