package citycode

import (
	"iter"
	"runtime"
	"sync"
	"time"

	"github.com/citizencode/citizencode/citycode/engine"
	"github.com/citizencode/citizencode/citycode/internal/pubkey"
)

// A Tap is one code of a batch: what a gate saw, and when.
type Tap struct {
	Token *Token
	Check Check
	At    time.Time   // the gate's time, as it journalled it; zero: the verifier's clock
	Hint  engine.Hint // [Verified.Hint], as the gate recorded it; NoHint if it did not

	Verified Verified // what was found, if Err is nil
	Err      error    // a *VerifyError
}

// Of the codes of a batch this many are verified together on one core, which
// takes about 3 MB there.
const (
	batchMost  = 1024
	batchLeast = 64 // or it is not worth a core of its own
)

// VerifyBatch sets the verdict of each tap: exactly that of [Verifier.Verify],
// called for one after the other in this order, but for a probability of 2^-128.
// So the replay guard, if there is one, is asked and remembers as if they had been
// scanned; a back office, which finds second uses in its own books, has none, and
// a verifier for the lists of each version that gates held. It uses all cores, and
// memory for a few thousand signatures however many there are.
//
// Signatures of issuers that have a table, and those of holders where there is a
// hint, are verified together, for a fraction of the price of each. A wrong hint
// costs time.
func (v *Verifier) VerifyBatch(taps []Tap) {
	cores := runtime.GOMAXPROCS(0)
	for len(taps) > 0 {
		wave := taps[:min(len(taps), cores*batchMost)]
		taps = taps[len(wave):]
		share := max(batchLeast, (len(wave)+cores-1)/cores)
		var workers []*worker
		var group sync.WaitGroup
		for from := 0; from < len(wave); from += share {
			w, _ := v.batches.Get().(*worker)
			if w == nil {
				w = &worker{batch: v.signatures.NewBatch()}
			}
			workers = append(workers, w)
			group.Go(func() { w.verify(v, wave[from:min(from+share, len(wave))]) })
		}
		group.Wait()
		// What remembers and refuses a second use comes in the order of the taps.
		for i := range wave {
			tap := &wave[i]
			tap.Verified, tap.Err = Verified{}, nil
			if refused := workers[i/share].scans[i%share].conclude(v, &tap.Verified, tap.Check); refused != nil {
				tap.Verified, tap.Err = Verified{}, refused
			}
		}
		for _, w := range workers {
			v.batches.Put(w)
		}
	}
}

// VerifyAll is [Verifier.VerifyBatch] for a stream of any length: it yields every
// tap with its verdict, in order, and looks no more than a few thousand ahead. A
// tap that it yields counts until the next.
func (v *Verifier) VerifyAll(taps iter.Seq[Tap]) iter.Seq[*Tap] {
	return func(yield func(*Tap) bool) {
		wave := make([]Tap, 0, runtime.GOMAXPROCS(0)*batchMost)
		flush := func() bool {
			v.VerifyBatch(wave)
			for i := range wave {
				if !yield(&wave[i]) {
					return false
				}
			}
			wave = wave[:0]
			return true
		}
		for tap := range taps {
			if wave = append(wave, tap); len(wave) == cap(wave) && !flush() {
				return
			}
		}
		flush()
	}
}

// A worker verifies the signatures of some taps together.
type worker struct {
	batch *pubkey.Batch
	scans []*scan
}

func (w *worker) verify(v *Verifier, taps []Tap) {
	for i := range taps {
		if i == len(w.scans) {
			w.scans = append(w.scans, v.scans.New().(*scan))
		}
		tap, s := &taps[i], w.scans[i]
		at := tap.At
		if at.IsZero() {
			at = v.now()
		}
		if s.begin(v, tap.Token, at); s.refused == nil {
			w.batch.Add(&s.signatures, tap.Hint)
		}
	}
	w.batch.Verify()
}
