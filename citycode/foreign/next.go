package foreign

// A Text is a sentence for a person in Chinese and English.
type Text struct{ Zh, En string }

// Next names a code of kind k, which is not taken here, and tells its holder
// what to do. It says nothing about what is in the code.
func (k Kind) Next() Text {
	if k < kinds {
		return nextSteps[k]
	}
	return nextSteps[Unknown]
}

var nextSteps = [kinds]Text{
	Unknown:     {"无法识别此码，请打开市民码页面重试，或联系工作人员", "This code is not known here; open your citizen code and try again, or ask the staff"},
	CitizenCode: {"这是市民码，但此处不受理，请联系工作人员", "This is a citizen code, which is not taken here; please ask the staff"},

	RideJTT1179:    {"这是交通部标准的乘车码，此处不受理，请打开市民码并选择乘车", "This is a national ride code, which is not taken here; open your citizen code and choose transit"},
	RideWallet:     {"这是钱包里的乘车码，此处不受理，请打开市民码并选择乘车", "This is a wallet's ride code, which is not taken here; open your citizen code and choose transit"},
	RideWalletCity: {"这是钱包里的城市乘车码，此处不受理，请打开市民码并选择乘车", "This is a wallet's ride code for one city, which is not taken here; open your citizen code and choose transit"},
	RidePlatform:   {"这是统一发码平台的乘车码，此处不受理，请打开市民码并选择乘车", "This is a ride code of the unified platform, which is not taken here; open your citizen code and choose transit"},
	RideTencent:    {"这是腾讯乘车码，此处不受理，请打开市民码并选择乘车", "This is a Tencent ride code, which is not taken here; open your citizen code and choose transit"},

	PayDigitalYuan: {"这是数字人民币付款码，请不要在此出示，打开市民码即可", "This is a digital yuan payment code; do not show it here, open your citizen code"},
	PayWeChat:      {"这是微信付款码，请不要在此出示，打开市民码即可", "This is a WeChat payment code; do not show it here, open your citizen code"},
	PayAlipay:      {"这是支付宝付款码，请不要在此出示，打开市民码即可", "This is an Alipay payment code; do not show it here, open your citizen code"},
	PayUnionPay:    {"这是银联付款码，请不要在此出示，打开市民码即可", "This is a UnionPay payment code; do not show it here, open your citizen code"},
	PayOther:       {"这像是一个付款码，请不要在此出示，打开市民码即可", "This looks like a payment code; do not show it here, open your citizen code"},

	Medical:        {"这像是医保码，请到医院或药店出示；在此请打开市民码", "This looks like a medical insurance code, which is for hospitals and pharmacies; open your citizen code here"},
	HealthCard:     {"这像是电子健康卡，请到医院窗口出示；在此请打开市民码", "This looks like an electronic health card, which is for hospital desks; open your citizen code here"},
	SocialSecurity: {"这是电子社保卡，请到社保窗口出示；在此请打开市民码", "This is an electronic social security card, which is for its own desks; open your citizen code here"},
	HealthCode:     {"这是健康码，此处不查验，请打开市民码", "This is a health code, which is not checked here; open your citizen code"},

	HCert:           {"这是欧盟数字证书，此处不受理，请到人工窗口", "This is an EU digital certificate, which is not taken here; please go to the staffed desk"},
	SmartHealthCard: {"这是 SMART 健康卡，此处不受理，请到人工窗口", "This is a SMART Health Card, which is not taken here; please go to the staffed desk"},
	WebLink:         {"这是一个网页链接，不是市民码，请打开市民码页面", "This is a link to a web page and no citizen code; open your citizen code"},
	AppLink:         {"这是打开其他应用的链接，不是市民码，请打开市民码页面", "This is a link into another app and no citizen code; open your citizen code"},
}

// scannerNext is the next step for a code that came broken. It is one for the
// staff: the person's code is as it should be.
var scannerNext = Text{"扫码器设置有误，改动了码的内容；请到其他通道，或请工作人员检查扫码器", "The scanner of this lane changed the code; use another lane, or ask the staff to check the scanner"}
