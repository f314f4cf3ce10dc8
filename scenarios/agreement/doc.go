// Package agreement is the register of who accepts which code where and until
// when (受理协议). Operators are bound by contracts, some of them exclusive: a
// metro that has promised its gates to one partner cannot take the citizen code
// until that contract ends, however good the code is.
//
// A [Registry] is read from JSON. It answers for a place and a moment with a
// [GateProfile]: which schemes the reader takes, and, where the citizen code is
// not among them yet, which code of the partner a wallet shows instead (切换).
// Dates are days in China's time, and an exclusive contract holds to the end
// of its last day. Since the moment is an argument, a date that passes starts
// the acceptance at the same gate, with the same program: [Gate] puts a
// registry in front of a scenario.
//
// The registry costs an operator nothing: a [Fee] is zero unless one is
// written, because the city's code seeks no profit.
package agreement
