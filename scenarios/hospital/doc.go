// Package hospital is a visit to a hospital (好就医), from the appointment to the
// last repayment: a patient books a slot, checks in by a scan, follows his next
// steps, is treated first and pays later.
//
// The subject of a medical code is a handle that says nothing by itself. Only
// the hospital's online service can tell whose record it stands for, so the
// desks work online only; the code standard refuses such a code at a desk
// without a network before this package is asked. That service is the
// [Directory], which the caller brings.
//
// # At the terminals
//
//	check-in  {"department": "internal", "credit": true}   a number in the queue, and the next steps
//	next      {}                                           the next steps
//	serve     {"station": "lab"}                           what is ordered there is carried out
//	agree     {"order": "o3"}                              to pay the rest of a held order
//	leave     {}                                           the statement
//
// credit is the patient's agreement to treat first and pay later (先诊疗后付费),
// for this visit. order may be absent where one order is held.
//
// # Money
//
// An order of a doctor is settled at once, without another trip to a cashier.
// Package payer says who bears it: the pool, the personal account, the credit
// that the patient has agreed to, and he himself, in this order. What would be
// left for him alone is held until he agrees. Package credit says what the
// credit costs: nothing for 56 days.
//
// The books, debit on the left; <h> is the hospital and <e> the visit:
//
//	hospital.charge     asset/receivable/insurer/<h>/pool, …/account    income/hospital/<h>
//	                    asset/receivable/credit/<h>/<e>
//	                    asset/receivable/self/<h>/<e>
//	                    asset/advance/<h>/<e>
//	hospital.refund     reverses hospital.charge
//	hospital.reaged     income/interest/<h>                asset/receivable/credit/<h>/<e>
//	hospital.repay      asset/bank/clearing, asset/cash/<h>   asset/receivable/self/<h>/<e>, …/credit/…
//	                                                       income/interest/<h>, asset/advance/<h>/<e>
//	hospital.return     asset/receivable/…                 asset/cash/<h>
//	hospital.recovered  asset/receivable/insurer/<h>/…     asset/advance/<h>/<e>
//	hospital.written-off  expense/emergency-fund/<h>       asset/advance/<h>/<e>
//
// Interest is income when it is paid. A lender keeps the limit, and is told what
// is lent and repaid; the debt itself stands in these books.
//
// # API
//
// What is asked of the back office. Every operation that changes something has
// a request with a Key and a time; the same key again changes nothing and is
// answered the same. It returns a Decision whose outcome is named here, or an
// error, which is a fault and no decision.
//
//	AddSlots           {"slots": 20}     publish slots
//	Book               Appointment       take a slot
//	CancelAppointment  Appointment       give it back
//	Order              Order             a doctor's order, settled or held
//	Confirm            Order             the patient pays the rest himself
//	CancelOrder        Order             take it back, with its money
//	Leave              Statement         end the visit
//	Repay              Repayment         pay, all or a part
//	Return             Returned          hand out what was paid too much
//	BreakGlass         Glass             an emergency visit, borne by the fund
//	Identify                             who its patient is
//	Approve            Advance           one of two decisions, after the fact
//	AskInsurer         Advance           recover: the insurer first
//	WriteOff           Advance           and the fund last
//	Reverse            encounter         take a check-in back
//
// What only reads: Slots, Appointments, Encounter, Orders, Statement, Statements,
// Advances, Settle, Metrics. What runs by the clock: MarkNoShows after each
// session, Resume every minute.
//
// # State
//
// The events in Config.Store are the record; see package eventlog. An order
// that a partner has not answered stands as pending and is driven on by whoever
// asks again, with the same keys, so that a crash at any point moves money
// once. Neither events nor books hold anything of a person but pseudonyms.
//
// Package network lists the hospitals of a city, package emergency is the
// emergency card, package fhir is what crosses the border as FHIR R4.
package hospital
