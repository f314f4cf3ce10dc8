package pages

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// DefaultAddr is where the page is served: to this computer only.
const DefaultAddr = "127.0.0.1:8080"

// shutdownTime is how long requests that have begun may take to end.
const shutdownTime = 5 * time.Second

// Serve founds a city, serves its pages at addr and says on out where. It
// returns nil when ctx ends.
func Serve(ctx context.Context, addr string, out io.Writer) error {
	if addr == "" {
		addr = DefaultAddr
	}
	log := slog.New(slog.NewTextHandler(out, nil))
	handler, err := New(Config{Log: log})
	if err != nil {
		return err
	}
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", addr)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	fmt.Fprintf(out, "市民码演示 · citizen code demo: %s  (Ctrl-C 结束 · ends it)\n", address(listener.Addr()))
	return serve(ctx, listener, handler, log)
}

func serve(ctx context.Context, listener net.Listener, handler http.Handler, log *slog.Logger) error {
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       30 * time.Second, // a picture over a slow line
		WriteTimeout:      45 * time.Second,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	select {
	case err := <-done:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	// The context is over; what has begun gets a moment of its own.
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTime)
	defer cancel()
	if err := server.Shutdown(ending); err != nil {
		server.Close()
	}
	if err := <-done; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve: %w", err)
	}
	return nil
}

// address is what a person types. A browser gives a page its camera on this
// computer and over HTTPS only.
func address(a net.Addr) string {
	if tcp, ok := a.(*net.TCPAddr); ok && tcp.IP.IsUnspecified() {
		return fmt.Sprintf("http://localhost:%d/", tcp.Port)
	}
	return "http://" + a.String() + "/"
}
