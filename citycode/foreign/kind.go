package foreign

import "fmt"

// A Kind names whose code something is. The words of [Kind.String] never change
// their meaning.
type Kind uint8

// The kinds. SPEC.md §2 says how each is known, and how surely.
const (
	Unknown     Kind = iota
	CitizenCode      // 市民码, ours

	RideJTT1179     // 交通部乘车码, the layout of JT/T 1179-2018: package jtt1179
	RideWallet      // a wallet's offline ride code
	RideWalletCity  // a city's variant of that
	RidePlatform    // of the unified issuing platform
	RideTencent     // 腾讯乘车码
	PayDigitalYuan  // 付款码, a payment code, of the digital yuan
	PayWeChat       // of WeChat
	PayAlipay       // of Alipay
	PayUnionPay     // of UnionPay
	PayOther        // digits of the length of a payment code, nobody's by the first two
	Medical         // 医保码
	HealthCard      // 电子健康卡
	SocialSecurity  // 电子社保卡: only by a rule of the city's
	HealthCode      // 健康码: only by a rule of the city's
	HCert           // an EU digital certificate: package hcert
	SmartHealthCard // shc:/
	WebLink         // http:// or https://
	AppLink         // any other scheme://

	kinds
)

var kindNames = [kinds]string{
	Unknown: "unknown", CitizenCode: "citizen-code",
	RideJTT1179: "ride-jtt1179", RideWallet: "ride-wallet", RideWalletCity: "ride-wallet-city", RidePlatform: "ride-platform", RideTencent: "ride-tencent",
	PayDigitalYuan: "pay-digital-yuan", PayWeChat: "pay-wechat", PayAlipay: "pay-alipay", PayUnionPay: "pay-unionpay", PayOther: "pay-other",
	Medical: "medical", HealthCard: "health-card", SocialSecurity: "social-security", HealthCode: "health-code",
	HCert: "hcert", SmartHealthCard: "smart-health-card", WebLink: "web-link", AppLink: "app-link",
}

// Kinds returns every kind, in the order of SPEC.md §2.
func Kinds() []Kind {
	all := make([]Kind, kinds)
	for i := range all {
		all[i] = Kind(i)
	}
	return all
}

// String returns the word of SPEC.md §2.
func (k Kind) String() string {
	if k < kinds {
		return kindNames[k]
	}
	return fmt.Sprintf("kind-%d", uint8(k))
}
