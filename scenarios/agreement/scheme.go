package agreement

import "slices"

// A Scheme (码制) is a kind of code, or another way to pay, that a reader takes.
type Scheme string

// The schemes.
const (
	CitizenCode     Scheme = "citizen-code"      // 市民码, on whatever carrier
	MedicalCode     Scheme = "medical-code"      // 医保码
	TransitCardCode Scheme = "transit-card-code" // 交通一卡通二维码
	OperatorCode    Scheme = "operator-code"     // the code of the operator's own app
	PaymentCode     Scheme = "payment-code"      // 支付码 of a wallet or a bank
	TransitCard     Scheme = "transit-card"      // 交通卡
	BankCard        Scheme = "bank-card"
	PlateReading    Scheme = "plate" // a camera that reads number plates
	Cash            Scheme = "cash"
)

// Schemes lists them all.
func Schemes() []Scheme {
	return []Scheme{CitizenCode, MedicalCode, TransitCardCode, OperatorCode, PaymentCode, TransitCard, BankCard, PlateReading, Cash}
}

func (s Scheme) known() bool { return slices.Contains(Schemes(), s) }

// shown reports whether a wallet can show the scheme instead of a citizen code.
func (s Scheme) shown() bool {
	switch s {
	case MedicalCode, TransitCardCode, OperatorCode, PaymentCode:
		return true
	}
	return false
}
