package pages

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"regexp"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// lines is an io.Writer that tells of every write.
type lines struct {
	mu    sync.Mutex
	text  bytes.Buffer
	wrote chan struct{}
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case l.wrote <- struct{}{}:
	default:
	}
	return l.text.Write(b)
}

func TestServe(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	out := &lines{wrote: make(chan struct{}, 1)}
	done := make(chan error, 1)
	go func() { done <- Serve(ctx, "127.0.0.1:0", out) }()
	select {
	case <-out.wrote:
	case err := <-done:
		t.Fatal(err)
	}
	out.mu.Lock()
	url := regexp.MustCompile(`http://127\.0\.0\.1:\d+/`).FindString(out.text.String())
	out.mu.Unlock()
	require.NotEmpty(t, url)
	r, err := http.Get(url)
	require.NoError(t, err)
	r.Body.Close()
	assert.Equal(t, http.StatusOK, r.StatusCode)

	// The port is taken: one line, no trace.
	err = Serve(ctx, r.Request.URL.Host, io.Discard)
	require.Error(t, err)
	assert.ErrorContains(t, err, "listen: ")
	assert.NotContains(t, err.Error(), "\n")

	cancel()
	select {
	case err := <-done:
		assert.NoError(t, err)
	case <-time.After(10 * time.Second):
		t.Fatal("it does not end")
	}
	_, err = http.Get(url)
	assert.Error(t, err)
}

// A request that has begun is answered before the server ends.
func TestServeEndsGracefully(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	begun, finish := make(chan struct{}), make(chan struct{})
	handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(begun)
		<-finish
		io.WriteString(w, "done")
	})
	done := make(chan error, 1)
	go func() { done <- serve(ctx, listener, handler, slog.New(slog.DiscardHandler)) }()
	answer := make(chan string, 1)
	go func() {
		r, err := http.Get("http://" + listener.Addr().String())
		if err != nil {
			answer <- err.Error()
			return
		}
		defer r.Body.Close()
		b, _ := io.ReadAll(r.Body)
		answer <- string(b)
	}()
	<-begun
	cancel()
	time.Sleep(20 * time.Millisecond)
	close(finish)
	assert.Equal(t, "done", <-answer)
	assert.NoError(t, <-done)
}

func TestAddress(t *testing.T) {
	for in, want := range map[string]string{"127.0.0.1:80": "http://127.0.0.1:80/", "[::1]:81": "http://[::1]:81/", "[::]:82": "http://localhost:82/", "0.0.0.0:83": "http://localhost:83/", "192.0.2.1:84": "http://192.0.2.1:84/"} {
		a, err := net.ResolveTCPAddr("tcp", in)
		require.NoError(t, err)
		assert.Equal(t, want, address(a))
	}
}
