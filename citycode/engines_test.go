package citycode_test

import (
	"flag"
	"testing"

	"github.com/citizencode/citizencode/citycode/engine"
	"github.com/citizencode/citizencode/citycode/engine/tjfoc"
)

// The same properties are drawn in every run, unless the command line says
// otherwise: a red test must be red for whoever looks at it next.
func init() { flag.Set("rapid.seed", "20261122") }

var long = flag.Bool("long", false, "run the long forms of the tests that have one; make long does")

// cases returns how many a test takes in a short, an ordinary and a long run.
func cases(short, ordinary, most int) int {
	switch {
	case testing.Short():
		return short
	case *long:
		return most
	default:
		return ordinary
	}
}

// engines returns the two engines of independent origin. Whatever verifies in
// these tests runs under both and has one expected verdict, so they agree.
func engines() []engine.Engine { return []engine.Engine{engine.Default(), tjfoc.New()} }

// eachEngine runs f under each engine.
func eachEngine(t *testing.T, f func(t *testing.T, e engine.Engine)) {
	t.Helper()
	for _, e := range engines() {
		t.Run(e.Name(), func(t *testing.T) { f(t, e) })
	}
}

// slow reports whether e is the second engine, which costs twenty times the
// first: the long lists of cases are thinned for it.
func slow(e engine.Engine) bool { return e.Name() == tjfoc.New().Name() }

// thin returns one of n in a short run, the same one each time, and all else.
func thin[T any](list []T, n int) []T {
	if !testing.Short() {
		return list
	}
	var some []T
	for i := 0; i < len(list); i += n {
		some = append(some, list[i])
	}
	return some
}

// every says how the i-th case of a long list is thinned under e: the default
// engine takes all of them, the second one of full; a short run takes one of
// eleven, and one of short. Strides that are odd reach every bit of a byte.
func every(e engine.Engine, i, full, short int) bool {
	switch {
	case slow(e) && testing.Short():
		return i%short == 0
	case slow(e):
		return i%full == 0
	case testing.Short():
		return i%11 == 0
	default:
		return true
	}
}
