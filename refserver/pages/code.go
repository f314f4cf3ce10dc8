package pages

import (
	"io"
	"net/http"
	"slices"

	"github.com/citizencode/citizencode/qr"
	"github.com/citizencode/citizencode/refserver/city"
)

// serveCode draws a code of this moment. Every request makes a new one.
func (s *Server) serveCode(w http.ResponseWriter, r *http.Request) error {
	id := r.URL.Query().Get("profile")
	if id == "" {
		id = city.Kinds()[0].ID
	}
	if !slices.ContainsFunc(city.Kinds(), func(k city.Kind) bool { return k.ID == id }) {
		return badRequest("unknown-profile", "Unknown profile", "没有这种码", "There is no such code; profile is transit, medical, parking or universal")
	}
	if err := s.city.KeepCurrent(); err != nil {
		return err
	}
	token, err := s.wallet.Show(id)
	if err != nil {
		return err
	}
	symbol, err := qr.Encode(token.Bytes(), qr.Options{})
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "image/svg+xml")
	io.WriteString(w, symbol.SVG()) // if it fails, the other side has gone
	return nil
}
