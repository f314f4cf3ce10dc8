// Package voucher is the consumption voucher (消费券): a campaign has a budget, a
// person claims one voucher, spends it at a merchant, and the city pays the
// merchant.
//
// Actions "claim" and "redeem", both online only: a budget that many gates
// share cannot be kept offline.
//
//	claim   {"campaign": "spring-2026"}
//	redeem  {"campaign": "spring-2026", "merchant": "noodles-7", "spend": 8800}
//
// spend is the price of the purchase in fen. The outcome of a redemption tells
// the till what is left to pay; the scenario itself charges nobody, so that the
// Charge of its decisions is 0.
//
// # What decides
//
// Two things decide, and each alone. A [Store] gives a person one voucher while
// the budget lasts. The ledger says what became of it: the end of a voucher,
// whether redeemed, expired or clawed back, is posted under one key, so of two
// tills, or of a till and the nightly expiry, exactly one is first, whatever
// crashes in between. An end that is taken back (冲正) makes way for the next.
//
//	voucher.grant      expense/voucher/<campaign>      liability/voucher/<campaign>
//	voucher.redeem     liability/voucher/<campaign>    liability/merchant/<merchant>
//	voucher.expire     liability/voucher/<campaign>    expense/voucher/<campaign>
//	voucher.clawback   liability/voucher/<campaign>    expense/voucher/<campaign>
//	voucher.recover    asset/receivable/<person>       expense/voucher/<campaign>
//	voucher.payout     liability/merchant/<merchant>   asset/fund/voucher
//
// debit on the left. voucher.recover is the clawback of a voucher that was spent
// already: the merchant keeps the money, the person owes it.
//
// A claim whose answer was lost between the store and the ledger stands in the
// store; [Scenario.Reconcile] books it, and a redemption books it first.
package voucher
