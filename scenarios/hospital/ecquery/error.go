package ecquery

import "github.com/citizencode/citizencode/scenarios"

// A Reason says in one stable word why a code was not decoded.
type Reason string

// The reasons.
const (
	Malformed     Reason = "medical-code-malformed"      // no text of a medical code; nobody was asked
	Unknown       Reason = "medical-code-unknown"        // the centre never issued it
	Expired       Reason = "medical-code-expired"        // it has changed on the phone meanwhile
	Used          Reason = "medical-code-used"           // decoded before, under another number
	NotAuthorised Reason = "medical-decode-unauthorised" // the organisation may not, or not for this business
	Unavailable   Reason = "medical-decode-unavailable"  // no answer in time
	BadAnswer     Reason = "medical-answer-malformed"    // what came is no answer
	WrongAnswer   Reason = "medical-answer-other"        // an answer to another question
	WrongPurpose  Reason = "medical-answer-bound"        // a good answer, for another place or business
)

var texts = map[Reason]scenarios.Text{
	Malformed:     {Zh: "这不是有效的医保码，请打开医保码页面重试", En: "This is not a medical code; open your medical code and try again"},
	Unknown:       {Zh: "医保平台不认识此码，请刷新医保码后重试", En: "The insurance does not know this code; refresh it and try again"},
	Expired:       {Zh: "医保码已过期，请刷新后重试", En: "The medical code has expired; refresh it and try again"},
	Used:          {Zh: "此医保码已使用过，请刷新后重试", En: "This medical code was used before; refresh it and try again"},
	NotAuthorised: {Zh: "本窗口不能办理此项医保业务，请到人工窗口", En: "This desk may not decode for this; please go to the staffed desk"},
	Unavailable:   {Zh: "医保平台暂无应答，请稍后再试或到人工窗口", En: "The insurance does not answer; try again later or go to the staffed desk"},
	BadAnswer:     {Zh: "医保平台应答有误，请到人工窗口", En: "The answer of the insurance was damaged; please go to the staffed desk"},
	WrongAnswer:   {Zh: "医保平台应答有误，请到人工窗口", En: "The insurance answered another question; please go to the staffed desk"},
	WrongPurpose:  {Zh: "此次解码不能用于其他业务，请重新扫码", En: "This was decoded for something else; please scan again"},
}

// Text says what happened and what the person can do.
func (r Reason) Text() scenarios.Text { return texts[r] }

// An Error is why a code was not decoded. It has nothing of the code and of the
// person in it.
type Error struct {
	Reason Reason
	Detail string
}

// Error returns one line.
func (e *Error) Error() string {
	if e.Detail == "" {
		return "ecquery: " + string(e.Reason)
	}
	return "ecquery: " + string(e.Reason) + ": " + e.Detail
}

func refuse(r Reason, detail string) *Error { return &Error{r, detail} }
