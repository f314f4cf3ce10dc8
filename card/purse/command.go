package purse

import "github.com/citizencode/citizencode/card/apdu"

// The instructions of the e-purse, all of class 80.
const (
	Class         = apdu.ClassProprietary
	InsInitialize = 0x50
	InsCredit     = 0x52
	InsDebit      = 0x54
	InsProve      = 0x5A
	InsGetBalance = 0x5C

	P1InitializeLoad     = 0x00
	P1InitializePurchase = 0x01
	P1Debit              = 0x01
	P2Passbook           = 0x01 // 电子存折
	P2Purse              = 0x02 // 电子钱包
)

// InitializeForLoad is 80 50 00 02. Its answer is an InitializeLoadAnswer.
func InitializeForLoad(m InitializeRequest) apdu.Command {
	return apdu.Command{CLA: Class, INS: InsInitialize, P1: P1InitializeLoad, P2: P2Purse, Data: m.Bytes(), Ne: InitializeLoadAnswerSize}
}

// CreditForLoad is 80 52 00 00. Its answer is a CreditAnswer.
func CreditForLoad(m CreditRequest) apdu.Command {
	return apdu.Command{CLA: Class, INS: InsCredit, Data: m.Bytes(), Ne: CreditAnswerSize}
}

// InitializeForPurchase is 80 50 01 02. Its answer is an InitializePurchaseAnswer.
func InitializeForPurchase(m InitializeRequest) apdu.Command {
	return apdu.Command{CLA: Class, INS: InsInitialize, P1: P1InitializePurchase, P2: P2Purse, Data: m.Bytes(), Ne: InitializePurchaseAnswerSize}
}

// DebitForPurchase is 80 54 01 00. Its answer is a DebitAnswer.
func DebitForPurchase(m DebitRequest) apdu.Command {
	return apdu.Command{CLA: Class, INS: InsDebit, P1: P1Debit, Data: m.Bytes(), Ne: DebitAnswerSize}
}

// GetBalance is 80 5C 00 02. ParseBalance reads its answer.
func GetBalance() apdu.Command {
	return apdu.Command{CLA: Class, INS: InsGetBalance, P2: P2Purse, Ne: BalanceSize}
}

// GetTransactionProve is 80 5A 00 kind. Its answer is a ProveAnswer.
func GetTransactionProve(m ProveRequest) apdu.Command {
	return apdu.Command{CLA: Class, INS: InsProve, P2: byte(m.Kind), Data: m.Bytes(), Ne: ProveAnswerSize}
}
