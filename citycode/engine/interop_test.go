package engine_test

import (
	"flag"
	"testing"

	"github.com/stretchr/testify/require"
)

var statements = flag.Int("statements", 200, "how many statements TestInterop puts to every voice; make interop takes 10000")

// TestInterop: implementations that share no line (both engines, OpenSSL 3 and
// sm-crypto-v2) judge the same statements, half of them signatures that one of
// the voices has just made, half of them of all the kinds in turn. Each says
// what the kind says, or differs as the kind says. Keys, messages and kinds are
// drawn from a seed; OpenSSL and sm-crypto-v2 draw nonces of their own.
func TestInterop(t *testing.T) {
	list := kinds()
	var shards [4][]voice
	for i := range shards {
		shards[i] = voices(t)
	}
	count := max(1, rounds(*statements)/2/len(shards))
	t.Run("statements", func(t *testing.T) {
		for shard, voices := range shards {
			t.Run("", func(t *testing.T) {
				t.Parallel()
				random := seeded(byte(0x50 + shard))
				for i := range count {
					d := newDraw(t, random, voices[ofDefault])
					signer := voices[[]int{ofDefault, ofOpenSSL, ofSMCrypto}[i%3]]
					q := d.signed(signer)
					judge(t, voices, kind{name: "signed by " + signer.name, valid: true}, q)
					k := list[(i*len(shards)+shard)%len(list)]
					k.change(d, &q)
					judge(t, voices, k, q)
				}
			})
		}
	})
	for _, k := range list {
		for i, reason := range k.differ {
			t.Logf("%s differs on %q: %s", shards[0][i].name, k.name, reason)
		}
	}
	t.Logf("%d statements, half of them of %d kinds", 2*count*len(shards), len(list))
}

// judge asks every voice.
func judge(t *testing.T, voices []voice, k kind, q statement) {
	t.Helper()
	for i, v := range voices {
		want := k.valid
		if k.differ[i] != "" {
			want = !want
		}
		require.Equal(t, want, v.accepts(t, q), "%s: %s: key %x id %q message %x r %x s %x", v.name, k.name, q.public, q.id, q.message, q.r, q.s)
	}
}
