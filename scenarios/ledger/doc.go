// Package ledger is the double-entry ledger (复式记账) of the scenarios: where
// money is, who owes it to whom, and why. Amounts are int64 fen (分).
//
// # Convention
//
// The accountant's: every transaction has debits (借) and credits (贷) that sum to
// the same. A debit raises an asset or an expense, a credit raises a liability
// or an income. [Balance.Net] is debits less credits, so the nets of all
// accounts always sum to zero.
//
// A driver, known as 7f3a09, parks for 12.00 yuan, pays by mandate, and is paid
// back 5.00 because the lot's clock was wrong:
//
//	parking.fee      exit of session s-104        debit   credit
//	  asset/receivable/parking/7f3a09             12.00
//	  income/parking/lot-17                                12.00
//	parking.charge   the bank says yes
//	  asset/bank/clearing                         12.00
//	  asset/receivable/parking/7f3a09                      12.00
//	parking.refund   refunds parking.fee
//	  income/parking/lot-17                        5.00
//	  asset/receivable/parking/7f3a09                       5.00
//	parking.payback  refunds parking.charge
//	  asset/receivable/parking/7f3a09              5.00
//	  asset/bank/clearing                                   5.00
//
// The receivable ends at zero, the bank and the income at 7.00.
//
// # Contract
//
// A transaction is posted once. Its key says what happened; whoever posts the
// same again, in whatever order of postings, gets the first [Receipt], and
// whoever posts something else under that key is refused with [KeyConflict]. So
// a caller who does not know whether he was heard asks again.
//
// A transaction is posted whole or not at all, whatever fails or is cancelled.
//
// Nothing is changed or deleted. A reversal is the same postings with the sides
// exchanged, once, and only of what has not been refunded. A refund takes back a
// part, for some of the accounts, on the other side; all refunds together never
// exceed what was posted to an account. Reversals and refunds are final: what
// they took back wrongly is posted as a new transaction.
//
// Days (营业日) are closed in order by [Ledger.CloseDay]. A closed day takes no
// more postings: a late one is refused with [DayClosed] and booked on an open
// day by [Draft.On], which keeps the day to which it belongs; both are the same
// transaction. The [Closing] freezes the trial balance with a chained hash, and
// [Ledger.Audit] computes it anew from the transactions.
//
// Accounts are opened by the first posting to them. They, keys and attributes
// hold pseudonyms and references, never personal data.
//
// Sums cannot overflow unseen: a posting is up to [MaxAmount], what an account
// moves in a day up to [MaxTurnover], and every longer sum is checked.
//
// # Stores
//
// A [Store] keeps the books: [NewMemory] until the program ends, package
// sqlstore in a database. Package ledgertest tests any Store against this
// contract. The rules themselves stand in [Batch] and [Closer], which do no I/O.
package ledger
