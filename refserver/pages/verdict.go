package pages

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"time"

	"github.com/citizencode/citizencode/qr"
	"github.com/citizencode/citizencode/scenarios"
)

const (
	// MaxPicture is the largest picture file that the page takes, in bytes.
	MaxPicture = 8 << 20

	// maxReaders bounds how many pictures are read at a time: a hostile one
	// may need hundreds of megabytes of memory.
	maxReaders = 2

	readTime  = 3 * time.Second // for one picture
	queueTime = 4 * time.Second // for a place among the readers
)

// A Verdict is the answer of a gate about a picture.
type Verdict struct {
	Allow        bool            `json:"allow"`
	Reason       string          `json:"reason"`
	Message      scenarios.Text  `json:"message"`
	Repeated     bool            `json:"repeated"`
	Outcome      json.RawMessage `json:"outcome,omitempty"`
	Gate         scenarios.Text  `json:"gate"`
	Online       bool            `json:"online"`
	At           time.Time       `json:"at"` // by the clock of the city
	Milliseconds float64         `json:"milliseconds"`
}

func (s *Server) verify(w http.ResponseWriter, r *http.Request) error {
	// The form around the picture needs some room of its own.
	r.Body = http.MaxBytesReader(w, r.Body, MaxPicture+64<<10)
	form, err := readForm(r)
	if err != nil {
		return err
	}
	gate, ok := s.city.Gate(form.gate)
	switch {
	case !ok:
		return badRequest("unknown-gate", "Unknown gate", "没有这个闸机", "There is no such gate")
	case len(form.picture) == 0:
		return badRequest("no-picture", "No picture", "没有收到图片", "No picture was received")
	case len(form.picture) > MaxPicture:
		return tooLarge
	}
	if err := s.city.KeepCurrent(); err != nil {
		return err
	}
	leave, err := s.enter(r.Context())
	if err != nil {
		return err
	}
	defer leave()
	start := time.Now()
	d, err := gate.Scan(r.Context(), form.picture, qr.ReadOptions{Timeout: s.patience})
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, "application/json", Verdict{d.Allow, d.Reason, d.Message, d.Repeated, d.Outcome, gate.Name, gate.Online(),
		s.city.Now().Truncate(time.Second), float64(time.Since(start).Microseconds()) / 1000})
	return nil
}

// enter waits for a place among the readers of pictures.
func (s *Server) enter(ctx context.Context) (leave func(), err error) {
	timer := time.NewTimer(queueTime)
	defer timer.Stop()
	select {
	case s.readers <- struct{}{}:
		return func() { <-s.readers }, nil
	case <-ctx.Done():
	case <-timer.C:
	}
	return nil, &problem{Status: http.StatusServiceUnavailable, Reason: "busy", Title: "Busy", Message: text("正忙，请稍后再试", "Busy; please try again in a moment")}
}

// A form is what is sent to be verified.
type form struct {
	gate    string
	picture []byte
}

// readForm takes a multipart form with the fields gate and picture, or a
// picture as the body with the gate in the query.
func readForm(r *http.Request) (*form, error) {
	f := &form{gate: r.URL.Query().Get("gate")}
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil && r.Header.Get("Content-Type") != "" {
		return nil, badForm()
	}
	switch kind {
	case "multipart/form-data":
		if params["boundary"] == "" {
			return nil, badForm()
		}
		return f, f.readParts(multipart.NewReader(r.Body, params["boundary"]))
	case "image/png", "image/jpeg", "application/octet-stream", "":
		f.picture, err = io.ReadAll(r.Body)
		return f, readFault(err)
	default:
		return nil, &problem{Status: http.StatusUnsupportedMediaType, Reason: string(qr.ReasonPictureUnreadable), Title: "Not a picture",
			Message: text("请上传 PNG 或 JPEG 图片", "Send a PNG or JPEG picture")}
	}
}

const maxParts = 8

func (f *form) readParts(parts *multipart.Reader) error {
	for range maxParts {
		part, err := parts.NextPart()
		if err == io.EOF { // as it is: a form that ends too early wraps it
			return nil
		}
		if err != nil {
			return readFault(err)
		}
		content, err := io.ReadAll(part)
		if err != nil {
			return readFault(err)
		}
		switch part.FormName() {
		case "gate":
			f.gate = string(content)
		case "picture":
			f.picture = content
		}
	}
	return badForm()
}

func badForm() *problem {
	return badRequest("bad-form", "Form cannot be read", "表单有误，请重试", "The form cannot be read; please try again")
}

// readFault tells a body that is too long from one that ends too early.
func readFault(err error) error {
	var limit *http.MaxBytesError
	if err == nil || errors.As(err, &limit) {
		return err
	}
	return badForm()
}

// network is the state of a gate's cable.
type network struct {
	Gate   string `json:"gate"`
	Online bool   `json:"online"`
}

// setNetwork plugs the network of a gate in or pulls it.
func (s *Server) setNetwork(w http.ResponseWriter, r *http.Request) error {
	var n network
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<10))
	d.DisallowUnknownFields()
	if err := d.Decode(&n); err != nil {
		return badForm()
	}
	gate, ok := s.city.Gate(n.Gate)
	if !ok {
		return badRequest("unknown-gate", "Unknown gate", "没有这个闸机", "There is no such gate")
	}
	if err := s.city.KeepCurrent(); err != nil {
		return err
	}
	if err := gate.SetOnline(n.Online); err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, "application/json", network{gate.ID, gate.Online()})
	return nil
}
