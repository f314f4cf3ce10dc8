package pages

import (
	"encoding/json"
	"errors"
	"net/http"

	"github.com/citizencode/citizencode/qr"
	"github.com/citizencode/citizencode/scenarios"
)

// A problem is an answer to a request that could not be met, as RFC 9457 has
// it: a fault of the request or of the server, never a verdict about a code.
type problem struct {
	Type    string         `json:"type"`
	Title   string         `json:"title"`
	Status  int            `json:"status"`
	Reason  string         `json:"reason"` // one stable word
	Message scenarios.Text `json:"message"`
}

// Error names the reason.
func (p *problem) Error() string { return p.Reason + ": " + p.Title }

func text(zh, en string) scenarios.Text { return scenarios.Text{Zh: zh, En: en} }

func notFound() *problem {
	return &problem{Status: http.StatusNotFound, Reason: "not-found", Title: "Not found", Message: text("没有这个地址", "There is nothing here")}
}

// faulty says no more than that: what went wrong is for the log.
func faulty() *problem {
	return &problem{Status: http.StatusInternalServerError, Reason: "fault", Title: "Internal fault",
		Message: text("系统故障，请稍后再试", "Something failed here; please try again later")}
}

func badRequest(reason, title, zh, en string) *problem {
	return &problem{Status: http.StatusBadRequest, Reason: reason, Title: title, Message: text(zh, en)}
}

var tooLarge = &problem{Status: http.StatusRequestEntityTooLarge, Reason: string(qr.ReasonPictureTooLarge), Title: "Picture too large",
	Message: text("图片太大，请用不超过 8 MB 的 PNG 或 JPEG", "The picture is too large; use a PNG or JPEG of at most 8 MB")}

// problemOf turns what a reader of pictures says about a file into an answer.
func problemOf(err error) *problem {
	var p *problem
	if errors.As(err, &p) {
		return p
	}
	var limit *http.MaxBytesError
	if errors.As(err, &limit) {
		return tooLarge
	}
	var unread *qr.Error
	if !errors.As(err, &unread) {
		return faulty()
	}
	switch unread.Reason {
	case qr.ReasonPictureTooLarge:
		return tooLarge
	case qr.ReasonDeadline:
		return &problem{Status: http.StatusUnprocessableEntity, Reason: string(unread.Reason), Title: "Picture took too long",
			Message: text("图片太复杂，请换一张", "The picture took too long to read; try another one")}
	default:
		return &problem{Status: http.StatusUnsupportedMediaType, Reason: string(unread.Reason), Title: "Not a readable picture",
			Message: text("无法读取图片，请用完整的 PNG 或 JPEG", "The picture cannot be read; use a whole PNG or JPEG file")}
	}
}

func (s *Server) refuse(w http.ResponseWriter, r *http.Request, err error) {
	p := problemOf(err)
	if p.Status >= http.StatusInternalServerError && r.Context().Err() == nil {
		s.log.Error("request failed", "method", r.Method, "path", r.URL.Path, "error", err)
	}
	writeProblem(w, p)
}

func writeProblem(w http.ResponseWriter, p *problem) {
	filled := *p
	filled.Type = "about:blank"
	writeJSON(w, p.Status, "application/problem+json", filled)
}

func writeJSON(w http.ResponseWriter, status int, media string, v any) {
	b, err := json.Marshal(v)
	if err != nil { // texts and numbers only: cannot happen
		status, b = http.StatusInternalServerError, []byte("{}")
	}
	w.Header().Set("Content-Type", media)
	w.WriteHeader(status)
	w.Write(append(b, '\n'))
}
