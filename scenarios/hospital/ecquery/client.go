package ecquery

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"
)

// Bounds of a configuration.
const (
	DefaultTimeout = 3 * time.Second
	MaxTimeout     = time.Minute
	DefaultTries   = 3
	MaxTries       = 10
)

// A Config says where the centre is and how it is asked.
type Config struct {
	URL   string // https; http only to this computer
	Place Place
	// HTTP sends; nil is a client of its own. How the organisation proves who it
	// is (a certificate, a leased line) is the transport's. It follows no
	// redirect: a code goes where it was meant to go.
	HTTP *http.Client
	Size Size // of a code; the zero value is DefaultSize

	Timeout time.Duration // of one try; 0: DefaultTimeout
	Tries   int           // 0: DefaultTries
	// Wait waits before the next try, n failed so far; nil waits n times 200 ms.
	Wait func(ctx context.Context, n int) error
	// Codes says what a centre's result codes mean, besides 0; nil: those of this package.
	Codes map[int]Reason

	// InsecureNoEcho takes answers that do not say what was asked. A centre
	// that does not say it leaves nothing to tell an answer by.
	InsecureNoEcho bool
}

// A Client decodes medical codes at one place. It is safe for concurrent use.
type Client struct {
	url   string
	cfg   Config
	http  http.Client
	codes map[int]Reason
}

// NewClient returns a client.
func NewClient(cfg Config) (*Client, error) {
	if err := cfg.Place.Validate(); err != nil {
		return nil, err
	}
	u, err := url.Parse(cfg.URL)
	switch {
	case err != nil || u.Host == "" || u.User != nil || u.Fragment != "":
		return nil, errors.New("ecquery: url: not an address of a service")
	case u.Scheme != "https" && !(u.Scheme == "http" && isLoopback(u.Hostname())):
		return nil, errors.New("ecquery: url: not https")
	}
	if cfg.Size == (Size{}) {
		cfg.Size = DefaultSize
	}
	if cfg.Size.Min < 1 || cfg.Size.Max < cfg.Size.Min || cfg.Size.Max > MaxCode {
		return nil, fmt.Errorf("ecquery: size: not 1 to %d characters", MaxCode)
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = DefaultTimeout
	}
	if cfg.Tries == 0 {
		cfg.Tries = DefaultTries
	}
	if cfg.Timeout < 0 || cfg.Timeout > MaxTimeout || cfg.Tries < 0 || cfg.Tries > MaxTries {
		return nil, errors.New("ecquery: timeout or tries out of range")
	}
	if cfg.Wait == nil {
		cfg.Wait = wait
	}
	c := &Client{url: u.String(), cfg: cfg, codes: cfg.Codes}
	if c.codes == nil {
		c.codes = defaultCodes()
	}
	if cfg.HTTP != nil {
		c.http = *cfg.HTTP
	}
	c.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return c, nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func wait(ctx context.Context, n int) error {
	t := time.NewTimer(time.Duration(n) * 200 * time.Millisecond)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Place returns where the client decodes.
func (c *Client) Place() Place { return c.cfg.Place }

// Size returns how long a code is here.
func (c *Client) Size() Size { return c.cfg.Size }

// Decode asks the centre whom a code means. number names this decode, up to
// MaxNumber letters, digits and hyphens: the same number after a fault finds the
// same answer, and a code that was decoded under another is used up. A refusal is
// an *Error; any other error is a fault of the caller, or of ctx.
//
// It asks again only what a centre may have failed to answer: a lost, late or
// damaged answer, or one that says busy.
func (c *Client) Decode(ctx context.Context, code Code, b Business, number string) (*Answer, error) {
	switch {
	case !b.Known():
		return nil, fmt.Errorf("ecquery: no type of business is called %.10q", string(b))
	case !isNumber(number):
		return nil, errors.New("ecquery: the number of a decode is not up to 64 letters, digits and hyphens")
	case len(code.text) < c.cfg.Size.Min || len(code.text) > c.cfg.Size.Max:
		return nil, refuse(Malformed, "of the wrong length")
	}
	p := c.cfg.Place
	q := Query{TransType: TransType, Organisation: p.Organisation, Data: QueryData{Organisation: p.Organisation, Business: b,
		Operator: p.Operator, OperatorName: p.OperatorName, Office: p.Office, OfficeName: p.OfficeName, Text: code.text, Number: number}}
	if p.SelfService {
		q.Data.DeviceType = selfService
	}
	body, err := json.Marshal(q)
	if err != nil {
		return nil, err
	}
	for n := 1; ; n++ {
		data, refused := c.ask(ctx, body, &q.Data)
		if refused == nil {
			return &Answer{p, b, *data}, nil
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if n >= c.cfg.Tries || refused.Reason != Unavailable && refused.Reason != BadAnswer {
			return nil, refused
		}
		if err := c.cfg.Wait(ctx, n); err != nil {
			return nil, err
		}
	}
}

func (c *Client) ask(ctx context.Context, body []byte, asked *QueryData) (*answerData, *Error) {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, bytes.NewReader(body))
	if err != nil {
		return nil, refuse(Unavailable, "")
	}
	r.Header.Set("Content-Type", "application/json; charset=utf-8")
	// What the transport says is dropped: a proxy may put into it what it was sent.
	answer, err := c.http.Do(r)
	if err != nil {
		return nil, refuse(Unavailable, "no connection or no answer in time")
	}
	defer answer.Body.Close()
	switch s := answer.StatusCode; {
	case s >= 500 || s == http.StatusTooManyRequests || s == http.StatusRequestTimeout:
		return nil, refuse(Unavailable, http.StatusText(s))
	case s == http.StatusUnauthorized || s == http.StatusForbidden:
		return nil, refuse(NotAuthorised, http.StatusText(s))
	case s != http.StatusOK:
		return nil, refuse(BadAnswer, fmt.Sprintf("HTTP status %d", s))
	}
	b, err := io.ReadAll(io.LimitReader(answer.Body, MaxAnswer+1))
	if err != nil {
		return nil, refuse(Unavailable, "the answer broke off")
	}
	return parseAnswer(b, c.codes, asked, !c.cfg.InsecureNoEcho)
}
