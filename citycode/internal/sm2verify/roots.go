package sm2verify

const maxRoots = 2 * lanes // numbers whose roots are found together

// rootChain leads to the power (p+1)/4, a root if there is one, as [element.root]
// says: in each step power to becomes power from, squared so many times, times
// power times. Power 0 is the number at first. 62 squares of power 1 are left then.
var rootChain = [...]struct{ to, from, squares, times int }{
	{0, 0, 1, 0}, {0, 0, 2, 0}, {0, 0, 4, 0}, {0, 0, 8, 0}, {0, 0, 16, 0}, // 2^32 - 1
	{0, 0, 1, 0}, {0, 0, 2, 0}, {0, 0, 4, 0}, {0, 0, 8, 0}, {0, 0, 16, 0}, // (2^32 - 1)²
	{1, 0, 32, 0}, {1, 1, 64, 1}, {1, 1, 32, 0}, // (2^32 - 1)·(2^160 - 1)
}

const rootSquares = 62

// A quad is four numbers that take the same steps, so that a processor does not
// wait for each of a long chain of squares before it begins another.
type quad [4]element

func (z *quad) squareTimes(n int) {
	for range n {
		for i := range z {
			z[i].square(&z[i])
		}
	}
}

// rootPower sets each number to its power (p+1)/4.
func (z *quad) rootPower() {
	powers := [2]quad{*z}
	for _, step := range rootChain {
		factor := powers[step.times]
		to := &powers[step.to]
		*to = powers[step.from]
		to.squareTimes(step.squares)
		for i := range to {
			to[i].mul(&to[i], &factor[i])
		}
	}
	*z = powers[1]
	z.squareTimes(rootSquares)
}

// roots sets each of at most maxRoots numbers to its root, as [element.root] does
// where there is one, and reports which of them have one.
func roots(z []element) (exist [maxRoots]bool) {
	var power [maxRoots]element
	copy(power[:], z)
	if useIFMA && len(z) > len(quad{}) {
		rootPowerInLanes(&power)
	} else {
		for i := 0; i < len(z); i += len(quad{}) {
			(*quad)(power[i:]).rootPower()
		}
	}
	for i := range z {
		var check element
		check.square(&power[i])
		exist[i] = check.equal(&z[i])
		z[i] = power[i]
	}
	return exist
}
