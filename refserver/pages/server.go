// Package pages shows a small city in the browser: a phone with a live code,
// gates that look at pictures, and their verdicts in Chinese and English.
//
// A page decides nothing. What is dropped, chosen or filmed is sent to the
// server as a picture, and the gate's own terminal reads it, verifies it and
// answers. Everything that the page needs is embedded; it loads nothing from
// anywhere else and works without a network.
package pages

import (
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/citizencode/citizencode/refserver/city"
)

// A Config says which city is shown. The zero value is a new one that runs by
// the clock of this computer.
type Config struct {
	City    *city.City
	Refresh time.Duration // how long a code is shown, whole seconds; 0: DefaultRefresh
	Log     *slog.Logger  // for faults, one line each; nil: none
}

// DefaultRefresh is how long the page shows one code. A code lives for a
// minute; whoever has just begun to hold it up still has forty seconds.
const DefaultRefresh = 20 * time.Second

// A Server is the pages of one city and one wallet.
type Server struct {
	city     *city.City
	wallet   *city.Wallet
	refresh  time.Duration
	log      *slog.Logger
	mux      *http.ServeMux
	page     *page
	readers  chan struct{} // holds an element for each picture that is being read
	patience time.Duration // how long one picture may take
}

// route is one thing that the server answers.
type route struct {
	method, path string
	handle       func(*Server, http.ResponseWriter, *http.Request) error
}

var routes = []route{
	{http.MethodGet, "/{$}", (*Server).servePage},
	{http.MethodGet, "/static/{name}", (*Server).serveStatic},
	{http.MethodGet, "/code.svg", (*Server).serveCode},
	{http.MethodPost, "/verify", (*Server).verify},
	{http.MethodPost, "/network", (*Server).setNetwork},
}

// New returns the server, an [http.Handler].
func New(cfg Config) (*Server, error) {
	if cfg.City == nil {
		c, err := city.New(city.Config{Clock: city.WallClock(), Bays: 20})
		if err != nil {
			return nil, err
		}
		cfg.City = c
	}
	if cfg.Refresh < time.Second {
		cfg.Refresh = DefaultRefresh
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	s := &Server{city: cfg.City, wallet: cfg.City.NewWallet(), refresh: cfg.Refresh, log: cfg.Log, mux: http.NewServeMux(), readers: make(chan struct{}, maxReaders), patience: readTime}
	var err error
	if s.page, err = newPage(); err != nil {
		return nil, err
	}
	for _, r := range routes {
		s.mux.HandleFunc(r.method+" "+r.path, func(w http.ResponseWriter, req *http.Request) {
			if err := r.handle(s, w, req); err != nil {
				s.refuse(w, req, err)
			}
		})
	}
	s.mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { s.refuse(w, r, s.unknown(w, r)) })
	return s, nil
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	// A code is shown for seconds and to one person; nothing of it is kept,
	// framed or run beside it. There is no script but the embedded one.
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(self), microphone=(), geolocation=()")
	h.Set("Cache-Control", "no-store")
	defer func() {
		// A fault of one request is one line in the log and a plain answer.
		if fault := recover(); fault != nil && fault != http.ErrAbortHandler {
			s.log.Error("request failed", "method", r.Method, "path", r.URL.Path, "fault", fault)
			writeProblem(w, faulty())
		}
	}()
	// Another site's page in the same browser must not pull the cable of a gate.
	if err := http.NewCrossOriginProtection().Check(r); err != nil {
		s.refuse(w, r, &problem{Status: http.StatusForbidden, Reason: "cross-origin", Title: "Request from another site",
			Message: text("请求来自其他网站，已拒绝", "The request came from another site and is refused")})
		return
	}
	s.mux.ServeHTTP(w, r)
}

// unknown answers for a path or a method that no route has.
func (s *Server) unknown(w http.ResponseWriter, r *http.Request) error {
	var methods []string
	for _, rt := range routes {
		path, _, prefix := strings.Cut(strings.TrimSuffix(rt.path, "{$}"), "{name}")
		if r.URL.Path == path || prefix && strings.HasPrefix(r.URL.Path, path) {
			methods = append(methods, rt.method)
			if rt.method == http.MethodGet {
				methods = append(methods, http.MethodHead)
			}
		}
	}
	if len(methods) > 0 && !slices.Contains(methods, r.Method) {
		w.Header().Set("Allow", strings.Join(methods, ", "))
		return &problem{Status: http.StatusMethodNotAllowed, Reason: "method", Title: "Method not allowed",
			Message: text("此地址不支持这种请求", "This address does not take such a request")}
	}
	return notFound()
}
