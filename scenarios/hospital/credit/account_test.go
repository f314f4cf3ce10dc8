package credit

import (
	"math/big"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/citizencode/citizencode/scenarios/ledger"
)

func day(t testing.TB, s string) ledger.Day {
	t.Helper()
	d, err := ledger.ParseDay(s)
	require.NoError(t, err)
	return d
}

// The due day is counted on the calendar, by hand.
func TestDue(t *testing.T) {
	for visit, due := range map[string]string{
		"2024-01-04": "2024-02-29", // a leap year
		"2024-01-05": "2024-03-01",
		"2023-01-05": "2023-03-02", // and none
		"2100-01-04": "2100-03-01", // nor this one
		"2026-01-31": "2026-03-28", // month ends
		"2026-03-31": "2026-05-26",
		"2026-11-22": "2027-01-17",
		"2026-12-31": "2027-02-25",
	} {
		assert.Equal(t, due, Terms{}.Due(day(t, visit)).String(), visit)
	}
	assert.Equal(t, "2026-01-11", Terms{FreeDays: 10}.Due(day(t, "2026-01-01")).String())
}

// 1,000.00 yuan at 0.05 % a day: 50 fen for every day from day 57 on.
func TestInterest(t *testing.T) {
	visit := day(t, "2026-01-01")
	a := NewAccount(Terms{Rate: 500}, visit)
	require.NoError(t, a.Lend(visit, "o1", 100_000))
	for n, interest := range map[int]int64{0: 0, 55: 0, 56: 0, 57: 50, 58: 100, 86: 1500, 56 + 365: 18250} {
		p := a.On(visit.Add(n))
		assert.Equal(t, interest, p.Interest, "day %d", n)
		assert.EqualValues(t, 100_000, p.Principal)
		assert.Equal(t, 100_000+interest, p.Owed())
	}
	// 333.33 yuan at 0.05 %: 16.6665 fen a day, rounded down, and kept.
	b := NewAccount(Terms{Rate: 500}, visit)
	require.NoError(t, b.Lend(visit, "o1", 33_333))
	for n, interest := range map[int]int64{57: 16, 58: 33, 59: 49, 60: 66, 156: 1666} {
		assert.Equal(t, interest, b.On(visit.Add(n)).Interest, "day %d", n)
	}
	// What was rounded off counts on after a repayment of all the interest:
	// 16.6665 less 16, and 16.6665 of the next day, are 17.333.
	_, err := b.Pay(visit.Add(57), 16)
	require.NoError(t, err)
	assert.EqualValues(t, 17, b.On(visit.Add(58)).Interest)
}

// Interest is paid before principal.
func TestPay(t *testing.T) {
	visit := day(t, "2026-01-01")
	a := NewAccount(Terms{Rate: 500}, visit)
	require.NoError(t, a.Lend(visit, "o1", 100_000))
	interest, err := a.Pay(visit.Add(58), 60)
	require.NoError(t, err)
	assert.EqualValues(t, 60, interest)
	interest, err = a.Pay(visit.Add(58), 50_040)
	require.NoError(t, err)
	assert.EqualValues(t, 40, interest)
	assert.Equal(t, Position{Principal: 50_000, PaidPrincipal: 50_000, PaidInterest: 100}, a.On(visit.Add(58)))
	assert.EqualValues(t, 25, a.On(visit.Add(59)).Interest)
	_, err = a.Pay(visit.Add(59), 50_026)
	assert.ErrorIs(t, err, ErrAmount, "more than is owed")
	_, err = a.Pay(visit.Add(59), 50_025)
	require.NoError(t, err)
	assert.Zero(t, a.On(visit.Add(4000)).Owed())
	_, err = a.Pay(visit.Add(60), 0)
	assert.ErrorIs(t, err, ErrAmount)
}

// A refund is reckoned as if it had never been lent: half of the interest that
// was paid becomes principal.
func TestRefund(t *testing.T) {
	visit := day(t, "2026-01-01")
	a := NewAccount(Terms{Rate: 500}, visit)
	require.NoError(t, a.Lend(visit, "o1", 50_000))
	require.NoError(t, a.Lend(visit, "o2", 50_000))
	_, err := a.Pay(visit.Add(58), 100)
	require.NoError(t, err)
	_, err = a.Refund("o3")
	require.ErrorIs(t, err, ErrUnknown)
	fen, err := a.Refund("o2")
	require.NoError(t, err)
	assert.EqualValues(t, 50_000, fen)
	_, err = a.Refund("o2")
	assert.ErrorIs(t, err, ErrUnknown, "once")
	assert.Equal(t, Position{Principal: 49_950, PaidPrincipal: 50, PaidInterest: 50}, a.On(visit.Add(58)))

	_, err = a.Refund("o1")
	require.NoError(t, err)
	assert.Equal(t, Position{Surplus: 100}, a.On(visit.Add(90)))
	require.ErrorIs(t, a.Return(visit.Add(90), 101), ErrAmount)
	require.NoError(t, a.Return(visit.Add(90), 100))
	assert.Equal(t, Position{}, a.On(visit.Add(90)))
}

func TestBounds(t *testing.T) {
	visit := day(t, "2026-01-01")
	a := NewAccount(Terms{Rate: MaxRate}, visit)
	assert.ErrorIs(t, a.Lend(visit, "", 1), ErrAmount)
	assert.ErrorIs(t, a.Lend(visit, "o", 0), ErrAmount)
	assert.ErrorIs(t, a.Lend(visit, "o", MaxLent+1), ErrAmount)
	require.NoError(t, a.Lend(visit, "o", MaxLent))
	assert.ErrorIs(t, a.Lend(visit, "p", 1), ErrAmount)
	// The greatest debt over all the days that there are still fits.
	end := day(t, "9999-12-31")
	days := number(end) - number(a.Due())
	assert.Equal(t, MaxLent/micro*MaxRate*days, a.On(end).Interest)
	for i := a.Entries(); i < MaxEntries; i++ {
		_, err := a.Pay(visit, 1)
		require.NoError(t, err)
	}
	_, err := a.Pay(visit, 1)
	assert.ErrorIs(t, err, ErrEntries)
	assert.Error(t, Terms{Rate: MaxRate + 1}.Validate())
	assert.Error(t, Terms{Rate: -1}.Validate())
	assert.Error(t, Terms{FreeDays: MaxFree + 1}.Validate())
	assert.NoError(t, Terms{FreeDays: MaxFree, Rate: MaxRate}.Validate())
}

// An op is something that happens to an account.
type op struct {
	day  int
	name string
	fen  int64
}

// oracle reckons day by day, in fractions.
func oracle(terms Terms, ops []op, on int) Position {
	var p Position
	accrued, rate, free := new(big.Rat), big.NewRat(terms.Rate, 1_000_000), terms.FreeDays
	if free == 0 {
		free = 56
	}
	whole := func() int64 { return new(big.Int).Quo(accrued.Num(), accrued.Denom()).Int64() }
	for day := 0; day <= on; day++ {
		if day > free {
			accrued.Add(accrued, new(big.Rat).Mul(rate, big.NewRat(p.Principal, 1)))
		}
		for _, o := range ops {
			switch {
			case o.day != day:
			case o.name != "":
				p.Principal += o.fen
				for p.Surplus > 0 && p.Principal > 0 && o.fen > 0 {
					p.Surplus, p.Principal, p.PaidPrincipal, o.fen = p.Surplus-1, p.Principal-1, p.PaidPrincipal+1, o.fen-1
				}
			default:
				for range o.fen { // fen by fen
					switch {
					case whole() > 0:
						accrued.Sub(accrued, big.NewRat(1, 1))
						p.PaidInterest++
					case p.Principal > 0:
						p.Principal--
						p.PaidPrincipal++
					default:
						p.Surplus++
					}
				}
			}
		}
	}
	p.Interest = whole()
	return p
}

// Whatever is lent, paid, refunded and returned: the account stands as the
// oracle says, and not a fen is lost.
func TestOracle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		terms := Terms{FreeDays: rapid.IntRange(0, 70).Draw(t, "free"), Rate: rapid.Int64Range(0, MaxRate).Draw(t, "rate")}
		visit := ledger.Day{}
		visit, _ = ledger.ParseDay("2024-01-01")
		a := NewAccount(terms, visit)
		var ops []op
		today, paid, lent := 0, int64(0), int64(0)
		for i := range rapid.IntRange(1, 12).Draw(t, "ops") {
			today += rapid.IntRange(0, 40).Draw(t, "days")
			now := visit.Add(today)
			switch rapid.IntRange(0, 4).Draw(t, "what") {
			case 0, 1:
				fen, name := rapid.Int64Range(1, 3000).Draw(t, "fen"), string(rune('a'+i))
				if a.Lend(now, name, fen) == nil {
					ops = append(ops, op{today, name, fen})
					lent += fen
				}
			case 2:
				if owed := a.On(now).Owed(); owed > 0 {
					fen := rapid.Int64Range(1, owed).Draw(t, "fen")
					before := a.On(now).Interest
					interest, err := a.Pay(now, fen)
					require.NoError(t, err)
					require.Equal(t, min(before, fen), interest)
					ops = append(ops, op{today, "", fen})
					paid += fen
				}
			case 3:
				name := string(rune('a' + rapid.IntRange(0, 11).Draw(t, "name")))
				if fen, err := a.Refund(name); err == nil {
					lent -= fen
					for j := range ops {
						if ops[j].name == name {
							ops[j].fen = 0
						}
					}
				}
			case 4:
				before := a.On(now)
				if before.Surplus > 0 {
					fen := rapid.Int64Range(1, before.Surplus).Draw(t, "fen")
					require.NoError(t, a.Return(now, fen))
					paid -= fen
					before.Surplus -= fen
					require.Equal(t, before, a.On(now), "a return changes nothing but the surplus")
					for j := len(ops) - 1; j >= 0 && fen > 0; j-- {
						if ops[j].name == "" {
							part := min(ops[j].fen, fen)
							ops[j].fen -= part
							fen -= part
						}
					}
				}
			}
			on := a.On(now)
			require.Equal(t, oracle(terms, ops, today), on)
			require.Equal(t, paid, on.PaidInterest+on.PaidPrincipal+on.Surplus)
			require.Equal(t, lent, on.Principal+on.PaidPrincipal)
		}
	})
}
