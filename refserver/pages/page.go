package pages

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"strings"
	"time"

	"github.com/citizencode/citizencode/refserver/city"
	"github.com/citizencode/citizencode/scenarios"
)

//go:embed web
var web embed.FS

// A page is the template and the files that it names.
type page struct {
	html  *template.Template
	files map[string]file
}

type file struct {
	content []byte
	media   string
	tag     string
}

var media = map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}

func newPage() (*page, error) {
	p := &page{files: make(map[string]file)}
	var err error
	if p.html, err = template.ParseFS(web, "web/page.html"); err != nil {
		return nil, err
	}
	entries, err := fs.ReadDir(web, "web")
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		dot := strings.LastIndexByte(e.Name(), '.')
		if media[e.Name()[dot:]] == "" {
			continue
		}
		content, err := web.ReadFile("web/" + e.Name())
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(content)
		p.files[e.Name()] = file{content, media[e.Name()[dot:]], `"` + hex.EncodeToString(sum[:8]) + `"`}
	}
	return p, nil
}

// view is what the template is filled with.
type view struct {
	Owner   *city.Citizen
	Kinds   []city.Kind
	Gates   []gateView
	Refresh int // seconds
}

type gateView struct {
	ID     string
	Name   scenarios.Text
	Online bool
}

func (s *Server) servePage(w http.ResponseWriter, _ *http.Request) error {
	v := view{Owner: s.wallet.Owner(), Kinds: city.Kinds(), Refresh: int(s.refresh / time.Second)}
	for _, g := range s.city.Gates() {
		v.Gates = append(v.Gates, gateView{g.ID, g.Name, g.Online()})
	}
	var out bytes.Buffer
	if err := s.page.html.Execute(&out, v); err != nil {
		return fmt.Errorf("fill page: %w", err)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	out.WriteTo(w) // if it fails, the other side has gone
	return nil
}

func (s *Server) serveStatic(w http.ResponseWriter, r *http.Request) error {
	f, ok := s.page.files[r.PathValue("name")]
	if !ok {
		return notFound()
	}
	h := w.Header()
	h.Set("Content-Type", f.media)
	h.Set("Cache-Control", "no-cache")
	h.Set("ETag", f.tag)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(f.content))
	return nil
}
