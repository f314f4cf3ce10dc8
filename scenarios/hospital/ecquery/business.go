package ecquery

import "github.com/citizencode/citizencode/scenarios"

// A Business (用码业务类型) says what a code is decoded for: two digits for the kind of
// place and three for the step there (XJ-D01-2019, Annex C).
type Business string

// The types of business.
const (
	Registration    Business = "01101" // 挂号
	InpatientRecord Business = "01102" // 住院建档
	Admission       Business = "01103" // 入院登记
	Deposit         Business = "01104" // 预缴金
	Consultation    Business = "01201" // 问诊
	ExamBooking     Business = "01202" // 预约检查
	Examination     Business = "01203" // 检查
	Treatment       Business = "01204" // 治疗
	Settlement      Business = "01301" // 结算
	Dispensing      Business = "01302" // 取药
	Report          Business = "01303" // 取报告
	BillPrint       Business = "01304" // 打印票据清单
	RecordCopy      Business = "01305" // 病历复印
	DrugPurchase    Business = "02121" // 药店购药
	Prescription    Business = "02122" // 下载外购处方
	AppIdentity     Business = "03131" // APP身份认证
)

var businessTexts = map[Business]scenarios.Text{
	Registration:    {Zh: "挂号", En: "registration"},
	InpatientRecord: {Zh: "住院建档", En: "inpatient record"},
	Admission:       {Zh: "入院登记", En: "admission"},
	Deposit:         {Zh: "预缴金", En: "deposit"},
	Consultation:    {Zh: "问诊", En: "consultation"},
	ExamBooking:     {Zh: "预约检查", En: "booking of an examination"},
	Examination:     {Zh: "检查", En: "examination"},
	Treatment:       {Zh: "治疗", En: "treatment"},
	Settlement:      {Zh: "结算", En: "settlement"},
	Dispensing:      {Zh: "取药", En: "dispensing"},
	Report:          {Zh: "取报告", En: "report"},
	BillPrint:       {Zh: "打印票据清单", En: "printing of bills"},
	RecordCopy:      {Zh: "病历复印", En: "copy of a record"},
	DrugPurchase:    {Zh: "药店购药", En: "purchase at a pharmacy"},
	Prescription:    {Zh: "下载外购处方", En: "download of a prescription"},
	AppIdentity:     {Zh: "APP身份认证", En: "identification in an app"},
}

// Known reports whether it is one of the types above.
func (b Business) Known() bool { _, known := businessTexts[b]; return known }

// Text returns its name.
func (b Business) Text() scenarios.Text { return businessTexts[b] }
