package hospital

import "github.com/citizencode/citizencode/scenarios"

// The reasons of the hospital, besides those of the code standard.
const (
	PatientUnknown       = "patient-unknown"
	DepartmentUnknown    = "department-unknown"
	NotOffered           = "not-offered"
	RequestUsed          = "request-used"
	SlotExists           = "slot-exists"
	SlotUnknown          = "slot-unknown"
	SlotTaken            = "slot-taken"
	SlotPast             = "slot-past"
	AppointmentUnknown   = "appointment-unknown"
	AppointmentOverlaps  = "appointment-overlaps"
	AppointmentNotBooked = "appointment-not-booked"
	NotCheckedIn         = "not-checked-in"
	CreditNotForProxy    = "credit-not-for-proxy"
	EncounterUnknown     = "encounter-unknown"
	EncounterLeft        = "encounter-left"
	OrderUnknown         = "order-unknown"
	TooManyOrders        = "too-many-orders"
	OrderNotHeld         = "order-not-held"
	OrderNotSettled      = "order-not-settled"
	OrderPerformed       = "order-performed"
	OrderCancelled       = "order-cancelled"
	NothingHere          = "nothing-here"
	RefundDeclined       = "refund-declined"
	NothingOwed          = "nothing-owed"
	MoreThanOwed         = "more-than-owed"
	PaymentDeclined      = "payment-declined"
	NoBank               = "no-bank"
	StaffUnknown         = "staff-unknown"
	NotApprover          = "not-approver"
	OwnAdvance           = "own-advance"
	AlreadyApproved      = "already-approved"
	NotAnAdvance         = "not-an-advance"
	PatientKnown         = "patient-known"
	InsurerFirst         = "insurer-first"
	InsurerAsked         = "insurer-asked"
	NotLeft              = "not-left"
	NoPatient            = "no-patient"
	NotApproved          = "not-approved"
	RecoveryDeclined     = "recovery-declined"
	VisitUnknown         = "visit-unknown"
	NotReversible        = "not-reversible"
	NotInsuredHere       = "not-insured-here"
	MedicalCodeOther     = "medical-code-other"
)

var texts = map[string]scenarios.Text{
	PatientUnknown:       {Zh: "本院没有您的档案，请到窗口建档", En: "This hospital has no record of you yet; please register at the desk"},
	DepartmentUnknown:    {Zh: "本院没有这个科室，请到导诊台", En: "This hospital has no such department; please ask at the information desk"},
	NotOffered:           {Zh: "本院尚未开通此项服务，请到窗口办理", En: "This hospital does not offer this yet; please go to the desk"},
	RequestUsed:          {Zh: "此请求号已用于其他请求，请换一个", En: "This request key stands for another request; use a new one"},
	SlotExists:           {Zh: "此号源已发布", En: "A slot of this name is published already"},
	SlotUnknown:          {Zh: "没有这个号源，请重新选择", En: "There is no such slot; choose another"},
	SlotTaken:            {Zh: "此号已被约走，请选择其他时间", En: "The slot is taken; choose another time"},
	SlotPast:             {Zh: "此号时间已过，请选择其他时间或到窗口", En: "The time of this slot has come; choose another or ask at the desk"},
	AppointmentUnknown:   {Zh: "没有这个预约", En: "There is no such appointment"},
	AppointmentOverlaps:  {Zh: "您在同一时间已有预约，请先取消", En: "You have an appointment at this time; cancel it first"},
	AppointmentNotBooked: {Zh: "此预约已到诊、爽约或已取消", En: "The appointment has been kept, missed or cancelled"},
	NotCheckedIn:         {Zh: "您今天还没有签到，请先签到", En: "You have not checked in today; please check in first"},
	CreditNotForProxy:    {Zh: "代办码不能开通先诊疗后付费，请本人办理或直接支付", En: "A proxy's code cannot open a credit; come in person or pay at once"},
	EncounterUnknown:     {Zh: "没有这次就诊", En: "There is no such visit"},
	EncounterLeft:        {Zh: "这次就诊已结束，请重新签到", En: "This visit has ended; please check in again"},
	OrderUnknown:         {Zh: "没有这个医嘱", En: "There is no such order"},
	TooManyOrders:        {Zh: "本次就诊医嘱已达上限，请重新签到", En: "This visit has too many orders; please check in again"},
	OrderNotHeld:         {Zh: "此医嘱无需确认", En: "This order does not wait for you"},
	OrderNotSettled:      {Zh: "此医嘱尚未结算，请先在手机上确认", En: "This order is not settled; please confirm it on your phone first"},
	OrderPerformed:       {Zh: "此医嘱已执行，不能取消，请到窗口", En: "This has been done and cannot be cancelled; please go to the desk"},
	OrderCancelled:       {Zh: "此医嘱已取消", En: "This order has been cancelled"},
	NothingHere:          {Zh: "您在此处没有待办项目，请查看下一步", En: "There is nothing for you here; please look at your next step"},
	RefundDeclined:       {Zh: "医保未受理退费，请到窗口", En: "The insurer has not taken the refund; please go to the desk"},
	NothingOwed:          {Zh: "没有待还款项", En: "Nothing is owed"},
	MoreThanOwed:         {Zh: "还款超过应还金额，请核对", En: "This is more than is owed; please check the amount"},
	PaymentDeclined:      {Zh: "银行未受理，请更换支付方式", En: "The bank has declined; please pay another way"},
	NoBank:               {Zh: "暂不支持手机还款，请到窗口", En: "Paying by phone is not possible here; please go to the desk"},
	StaffUnknown:         {Zh: "无此工作人员", En: "There is no such member of staff"},
	NotApprover:          {Zh: "您没有审批权限", En: "You are not among the approvers"},
	OwnAdvance:           {Zh: "不能审批自己发起的垫付，请由他人审批", En: "Nobody approves his own advance; ask somebody else"},
	AlreadyApproved:      {Zh: "您已审批或审批已结束", En: "You have decided already, or the approval has ended"},
	NotAnAdvance:         {Zh: "这次就诊没有急救垫付", En: "There is no emergency advance for this visit"},
	PatientKnown:         {Zh: "这次就诊已确认身份", En: "This visit has its patient already"},
	InsurerAsked:         {Zh: "已向医保追偿过", En: "The insurer has been asked already"},
	NotLeft:              {Zh: "这次就诊尚未结束", En: "The visit has not ended yet"},
	NoPatient:            {Zh: "患者身份尚未确认", En: "Nobody knows yet who the patient is"},
	InsurerFirst:         {Zh: "请先向医保追偿", En: "Ask the insurer first"},
	NotApproved:          {Zh: "垫付尚未经两人审批", En: "Two persons have not decided about the advance yet"},
	RecoveryDeclined:     {Zh: "医保未受理，请稍后再试或联系医保", En: "The insurer has declined; try again later or ask it"},
	VisitUnknown:         {Zh: "没有这次操作", En: "There is no such visit"},
	NotInsuredHere:       {Zh: "本院档案没有您的医保信息，请到窗口登记", En: "This hospital does not know your insurance; please register at the desk"},
	MedicalCodeOther:     {Zh: "医保码与市民码不是同一人，请出示本人的码", En: "The medical code and the citizen code are of two persons; show your own"},
	NotReversible:        {Zh: "此操作不能撤销，请取消医嘱或到窗口", En: "This cannot be taken back; cancel the order or go to the desk"},
}

func refuse(reason string) *scenarios.Decision { return scenarios.Refused(reason, texts[reason]) }
