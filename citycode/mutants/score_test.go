package mutants

import (
	"errors"
	"flag"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The sample of make mutation.
var (
	sample = flag.Int("sample", 0, "break the verifier at so many random places, and count who notices")
	seed   = flag.Uint64("seed", 1, "which places")
)

// verifyPath are the files that ParseToken, Verify, the guard and the opening of lists run through.
var verifyPath = []string{
	"challenge.go", "delegation.go", "grant.go", "implicit.go", "keyid.go", "layout.go", "list.go", "replay.go", "rootchange.go", "signature.go",
	"snapshot.go", "status.go", "statusdelta.go", "token.go", "trust.go", "verified.go", "verifier.go", "verify.go",
	"internal/pubkey/batch.go", "internal/pubkey/holder.go", "internal/pubkey/key.go", "internal/pubkey/signatures.go", "internal/replay/memory.go",
	"internal/rice/rice.go", "internal/wire/wire.go",
}

// notJudging are the functions of those files that make, name or print something and judge nothing.
var notJudging = setOf(`String Error Unwrap Is Fields fields seconds NewKeyID ParseKeyID ParseSerial ParsePublicKey PublicKeyOf
	ParseCredential Static Bytes Entries Grants Grant clone append appendPins appendVersion PinProfile
	Body SignRootChange AssembleRootChange signRoot assembleRootSignatures SignSnapshot SignDelta signDelta newSignKey sign Register
	NewImplicitIssuer Issue Seal request parseImplicitAnswer Complete Write bit bits finish`)

func setOf(words string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(words) {
		set[w] = true
	}
	return set
}

// These limits end what hangs. A sound run takes a tenth of them.
const (
	vectorLimit = time.Minute
	unitLimit   = 3 * time.Minute
)

// TestScore breaks the verify path at random places and lets the vectors, then the unit tests of package
// citycode, find out. A place where the source no longer compiles is not counted. It takes seconds a place, so
// only make mutation runs it.
func TestScore(t *testing.T) {
	if *sample == 0 {
		t.Skip("seconds a place: the mutants part of .ci/test runs two, make mutation sixty")
	}
	sources := map[string]string{}
	var places []change
	for _, name := range verifyPath {
		source, err := os.ReadFile(filepath.Join(root, "citycode", filepath.FromSlash(name)))
		require.NoError(t, err)
		sources["citycode/"+name] = string(source)
		places = append(places, changes(t, "citycode/"+name, string(source), notJudging)...)
	}
	t.Logf("%d places", len(places))
	rand.New(rand.NewPCG(*seed, 0)).Shuffle(len(places), func(i, j int) { places[i], places[j] = places[j], places[i] })

	var mu sync.Mutex
	var counted int
	found := map[string]int{}
	next := func() (c change, ok bool) {
		mu.Lock()
		defer mu.Unlock()
		if counted >= *sample || len(places) == 0 {
			return c, false
		}
		counted++ // taken back where it does not compile
		c, places = places[0], places[1:]
		return c, true
	}
	t.Run("places", func(t *testing.T) {
		for _, lane := range []string{"a", "b"} {
			t.Run(lane, func(t *testing.T) {
				t.Parallel()
				for c, ok := next(); ok; c, ok = next() {
					source := sources[c.file]
					by := whoNotices(t, patch{c.file, c.apply(source)})
					mu.Lock()
					if by == "compiler" {
						counted--
					}
					found[by]++
					mu.Unlock()
					t.Logf("%s: %s", by, c.show(source))
				}
			})
		}
	})
	killed := found["vectors"] + found["unit tests"]
	t.Logf("seed %d: %d places: %d found by the vectors, %d more by the unit tests, %d by nobody: %d %% (%d did not compile)",
		*seed, counted, found["vectors"], found["unit tests"], found["nobody"], 100*killed/counted, found["compiler"])
	assert.GreaterOrEqual(t, 100*killed/counted, 80)
}

// whoNotices returns who finds a broken source: the compiler, the vectors, the unit tests or nobody. One that
// hangs was found.
func whoNotices(t *testing.T, p patch) string {
	t.Helper()
	flag := overlay(t, p)
	vectors, err := buildRunner(t, flag)
	var refused *buildError
	if errors.As(err, &refused) {
		return "compiler"
	}
	defer os.Remove(vectors.path)
	if !vectors.run(t, vectorLimit, "-test.skip=^.*$/^tjfoc$", "-test.failfast").ok {
		return "vectors"
	}
	const citycode = ".."
	units, err := build(t, citycode, flag, ".")
	require.NoError(t, err)
	defer os.Remove(units.path)
	if !units.run(t, unitLimit, "-test.short", "-test.failfast").ok {
		return "unit tests"
	}
	return "nobody"
}
