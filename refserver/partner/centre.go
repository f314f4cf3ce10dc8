package partner

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/citizencode/citizencode/scenarios/hospital/ecquery"
)

// Bounds of a simulated centre.
const (
	CodeLife    = time.Minute // of a medical code, which then changes on the phone
	maxLiveCode = 100_000
)

// An Insured is one invented person of a simulated centre.
type Insured struct {
	Index    string `json:"index"` // ecIndexNo
	Name     string `json:"name"`
	IDNumber string `json:"idNumber"`
}

// A CentreFault is one way in which a centre misbehaves.
type CentreFault uint8

// The faults.
const (
	NoFault           CentreFault = iota
	Stalled                       // no answer until the client goes away
	Failed                        // status 500
	Busy                          // says so
	Lost                          // decoded, and the connection broken off
	Cut                           // half an answer, and the connection broken off
	NotJSON                       // a page of a proxy
	TooLong                       // more than the buffer of the interface
	Twice                         // two answers in one
	Replayed                      // the answer to the decode before
	ForOtherPlace                 // an answer to another organisation
	ForOtherBusiness              // an answer for another business
	OfOtherPatient                // the question said back rightly, and another's answer
	Redirected                    // sent elsewhere, the code with it
	UnknownResultCode             // none of the interface
)

// A Centre is a simulated centre of the medical code (电子凭证管理中心): wallets fetch
// codes from it and hospitals decode them, in memory. Its handler answers like
// ec.query. It is safe for concurrent use.
type Centre struct {
	now     func() time.Time
	insured []Insured
	may     map[string][]ecquery.Business

	mu      sync.Mutex
	codes   map[string]*shown
	faults  []CentreFault
	before  []byte // the answer to the decode before
	decodes int
}

// shown is one code on a phone, and what became of it.
type shown struct {
	who    *Insured
	until  time.Time
	number string // under which it was decoded
	answer []byte
}

// NewCentre returns a centre by a clock, with the people that it insures and the
// businesses for which each organisation may decode.
func NewCentre(now func() time.Time, insured []Insured, may map[string][]ecquery.Business) *Centre {
	return &Centre{now: now, insured: slices.Clone(insured), may: may, codes: make(map[string]*shown)}
}

// Show returns the text that the wallet of an insured person shows for a minute.
func (c *Centre) Show(index string) (string, error) {
	i := slices.IndexFunc(c.insured, func(p Insured) bool { return p.Index == index })
	if i < 0 {
		return "", errors.New("partner: nobody of this index is insured")
	}
	b := make([]byte, 20)
	rand.Read(b) // never fails
	text := base32.StdEncoding.EncodeToString(b)[:ecquery.DefaultSize.Max]
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	if len(c.codes) >= maxLiveCode {
		for t, s := range c.codes {
			if now.After(s.until.Add(CodeLife)) {
				delete(c.codes, t)
			}
		}
	}
	if len(c.codes) >= maxLiveCode {
		return "", errors.New("partner: the centre is full")
	}
	c.codes[text] = &shown{who: &c.insured[i], until: now.Add(CodeLife)}
	return text, nil
}

// Misbehave makes the next requests fail, one fault each.
func (c *Centre) Misbehave(faults ...CentreFault) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.faults = append(c.faults, faults...)
}

// Decodes returns how many codes were decoded: each counts once, however often
// its answer was asked for.
func (c *Centre) Decodes() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.decodes
}

// ServeHTTP answers one ec.query.
func (c *Centre) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "POST only", http.StatusMethodNotAllowed)
		return
	}
	b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, ecquery.MaxAnswer))
	if err != nil {
		http.Error(w, "too long", http.StatusRequestEntityTooLarge)
		return
	}
	q, err := ecquery.ParseQuery(b)
	if err != nil {
		http.Error(w, "no query", http.StatusBadRequest)
		return
	}
	fault := c.fault()
	switch fault {
	case Stalled:
		<-r.Context().Done()
		return
	case Failed:
		http.Error(w, "out of order", http.StatusInternalServerError)
		return
	case Busy:
		c.say(w, rejection(ecquery.CodeBusy))
		return
	case NotJSON:
		c.say(w, []byte("<html>please log in</html>"))
		return
	case Redirected:
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(http.StatusTemporaryRedirect)
		return
	case UnknownResultCode:
		c.say(w, rejection(7777))
		return
	}
	before := c.last()
	switch answer := c.decode(&q.Data, fault); fault {
	case Lost:
		panic(http.ErrAbortHandler)
	case Cut:
		w.Header().Set("Content-Type", "application/json")
		w.Write(answer[:len(answer)/2])
		http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	case TooLong:
		c.say(w, append(answer, strings.Repeat(" ", ecquery.MaxAnswer)...))
	case Twice:
		c.say(w, append(answer, answer...))
	case Replayed:
		c.say(w, before)
	default:
		c.say(w, answer)
	}
}

func (c *Centre) say(w http.ResponseWriter, b []byte) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Write(b)
}

func (c *Centre) fault() CentreFault {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.faults) == 0 {
		return NoFault
	}
	f := c.faults[0]
	c.faults = c.faults[1:]
	return f
}

func (c *Centre) last() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.before
}

func rejection(code int) []byte {
	b, _ := json.Marshal(map[string]any{"code": code, "message": "模拟 simulated"})
	return b
}

// decode answers one decode: the same number always the same.
func (c *Centre) decode(q *ecquery.QueryData, fault CentreFault) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.codes[q.Text]
	switch {
	case !slices.Contains(c.may[q.Organisation], q.Business):
		return rejection(ecquery.CodeNotAuthorised)
	case s == nil:
		return rejection(ecquery.CodeUnknown)
	case s.number == q.Number:
		return s.answer
	case s.number != "":
		return rejection(ecquery.CodeUsed)
	case !c.now().Before(s.until):
		return rejection(ecquery.CodeExpired)
	}
	who, organisation, business := s.who, q.Organisation, q.Business
	switch fault {
	case ForOtherPlace:
		organisation = "other-" + organisation
	case ForOtherBusiness:
		business = ecquery.RecordCopy
	case OfOtherPatient:
		who = &c.insured[(slices.Index(c.insured, *who)+1)%len(c.insured)]
	}
	token := make([]byte, 16)
	rand.Read(token)
	b, err := json.Marshal(map[string]any{"code": 0, "message": "成功", "data": map[string]string{
		"orgId": organisation, "operatorId": q.Operator, "officeId": q.Office, "businessType": string(business), "outBizNo": q.Number,
		"ecIndexNo": who.Index, "ecToken": base32.StdEncoding.EncodeToString(token), "userName": who.Name, "idType": "01", "idNo": who.IDNumber,
	}})
	if err != nil { // strings always marshal
		return rejection(ecquery.CodeBusy)
	}
	s.number, s.answer, c.before = q.Number, b, b
	c.decodes++
	return slices.Clone(b)
}
