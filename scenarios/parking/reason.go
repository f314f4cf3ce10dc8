package parking

import "github.com/citizencode/citizencode/scenarios"

// The reasons of a refusal, besides those of the code standard. A barrier stays
// closed, a back office has changed nothing, unless it says otherwise here.
const (
	AlreadyInside  = "already-inside"
	NotInside      = "not-inside"
	CarParkFull    = "car-park-full"
	LotUnknown     = "lot-unknown"
	ClassNotServed = "class-not-served" // the lot has no price for this class of vehicle
	SeveralInside  = "several-inside"   // more than one car of this person is in the lot
	AnotherCode    = "another-code"     // the car came in with somebody else's code
	PaymentDue     = "payment-due"      // no mandate covers the fee, and it is not paid

	PlateUnreadable = "plate-unreadable"
	DuplicateEntry  = "duplicate-entry" // this car was let in a moment ago
	DuplicateExit   = "duplicate-exit"  // this car was let out a moment ago
	NoEntry         = "exit-without-entry"
	PlateInDoubt    = "plate-in-doubt" // the session is held until a person has looked
	PlateAmbiguous  = "plate-ambiguous"
	ClockAhead      = "clock-ahead"

	KeyReused       = "key-reused" // for another request
	SessionUnknown  = "session-unknown"
	BillUnknown     = "bill-unknown"
	WrongState      = "wrong-state"
	NothingDue      = "nothing-due"
	AmountTooHigh   = "amount-too-high"
	ChargeUnderWay  = "charge-under-way"
	PlateUnknown    = "plate-unknown"
	PlateOwned      = "plate-owned" // another person is its active owner
	DebtOpen        = "debt-open"
	VisitUnknown    = "visit-unknown"
	AlreadyReversed = "already-reversed"
	AlreadyLeft     = "already-left"
	BalanceTooSmall = "balance-too-small"
)

var texts = map[string]scenarios.Text{
	AlreadyInside:   {Zh: "此码已在场内，请先出场或联系工作人员", En: "This code is already inside; leave first, or ask the staff"},
	NotInside:       {Zh: "没有此码的入场记录，请出示入场时的码或联系工作人员", En: "This code has not driven in; show the one you came with, or ask the staff"},
	CarParkFull:     {Zh: "车位已满，请稍候或到其他停车场", En: "The car park is full; please wait or go to another one"},
	LotUnknown:      {Zh: "没有这个停车场，请联系工作人员", En: "There is no such car park; please ask the staff"},
	ClassNotServed:  {Zh: "本场不接待此类车辆，请到其他停车场", En: "This car park does not take this class of vehicle; please go to another one"},
	SeveralInside:   {Zh: "您有多辆车在场内，请让摄像机识别车牌或联系工作人员", En: "Several of your cars are inside; let the camera read the plate, or ask the staff"},
	AnotherCode:     {Zh: "此车由另一个码入场，请出示入场时的码或联系工作人员", En: "This car came in with another code; show that one, or ask the staff"},
	PaymentDue:      {Zh: "请先缴费：出示市民码、扫码支付或到人工窗口付现金", En: "Please pay first: show your code, scan to pay, or pay cash at the desk"},
	PlateUnreadable: {Zh: "未能识别车牌，请出示市民码或联系工作人员", En: "The plate could not be read; show your code, or ask the staff"},
	DuplicateEntry:  {Zh: "此车刚刚入场，请继续行驶；如道闸未开请联系工作人员", En: "This car was let in a moment ago; drive on, or ask the staff if the barrier is closed"},
	DuplicateExit:   {Zh: "此车刚刚出场，没有再次收费；如道闸未开请联系工作人员", En: "This car was let out a moment ago and is not charged again; ask the staff if the barrier is closed"},
	NoEntry:         {Zh: "没有此车的入场记录，没有收费；请出示入场时的码或联系工作人员", En: "There is no record that this car came in, and nothing is charged; show the code you came with, or ask the staff"},
	PlateInDoubt:    {Zh: "车牌识别存疑，没有扣费；请出示市民码、自助缴费或联系工作人员", En: "The plate is in doubt and nothing is charged; show your code, pay yourself, or ask the staff"},
	PlateAmbiguous:  {Zh: "车牌与场内多辆车相近，没有扣费；请出示市民码或联系工作人员", En: "The plate is like several inside, and nothing is charged; show your code, or ask the staff"},
	ClockAhead:      {Zh: "设备时间超前，请联系工作人员", En: "The device's clock is ahead; please ask the staff"},
	KeyReused:       {Zh: "此请求编号已用于另一请求", En: "This request key was used for another request"},
	SessionUnknown:  {Zh: "没有此停车记录", En: "There is no such parking session"},
	BillUnknown:     {Zh: "没有此账单", En: "There is no such bill"},
	WrongState:      {Zh: "当前状态不允许此操作", En: "This cannot be done in its present state"},
	NothingDue:      {Zh: "没有应缴费用", En: "Nothing is due"},
	AmountTooHigh:   {Zh: "金额高于应缴或可退金额，请重新查询", En: "The amount is above what is due or can be refunded; please ask for it again"},
	ChargeUnderWay:  {Zh: "正在扣费，请等待结果，不要重复缴费", En: "A charge is under way; wait for its result, and do not pay twice"},
	PlateUnknown:    {Zh: "没有绑定此车牌，请先绑定", En: "This plate is not bound; bind it first"},
	PlateOwned:      {Zh: "此车牌已由他人验证绑定，请先由原车主解绑或到人工窗口", En: "Another person is this plate's verified owner; he must release it first, or go to the desk"},
	DebtOpen:        {Zh: "还有欠费，请先补缴", En: "There is a debt; please pay it first"},
	VisitUnknown:    {Zh: "没有此次通行，无可撤销", En: "There is no such passage to take back"},
	AlreadyReversed: {Zh: "此次通行已撤销", En: "This passage has been taken back already"},
	AlreadyLeft:     {Zh: "车辆已出场，请撤销出场", En: "The car has left; take back its exit instead"},
	BalanceTooSmall: {Zh: "余额不足", En: "The balance is smaller than that"},
}

func refuse(reason string) *scenarios.Decision { return scenarios.Refused(reason, texts[reason]) }

func text(zh, en string) scenarios.Text { return scenarios.Text{Zh: zh, En: en} }
