package engine

// A Hint says which of the two points with its x the point R of a signature is,
// by the parity of y: one bit that whoever has verified the signature knows, and
// that spares most of the work of verifying it again among many. It is advice,
// never part of what is signed: a wrong one, or none, costs time and changes no
// verdict. The zero value is none.
type Hint uint8

// The hints. A record of a tap holds these numbers.
const (
	NoHint   Hint = 0
	HintEven Hint = 2
	HintOdd  Hint = 3
)

// A Hinter is a key that gives the hint of a signature it has verified.
type Hinter interface {
	// VerifyHint is [Key.Verify], with the hint of a valid signature.
	VerifyHint(digest [DigestSize]byte, signature [SignatureSize]byte) (Hint, bool)
}

// A Statement is one signature of a batch.
type Statement struct {
	Key       Key
	Digest    [DigestSize]byte
	Signature [SignatureSize]byte
	Hint      Hint
	Valid     bool // what Batch.Verify found
}

// A Batcher is an engine that verifies many signatures at less than the price
// of each.
type Batcher interface {
	NewBatch() Batch
}

// A Batch is the memory for verifying many signatures together. One goroutine at
// a time may use it.
type Batch interface {
	// Verify sets the verdict of each statement: that of [Key.Verify], but for a
	// probability of 2^-128, whatever the statements and whoever made them.
	Verify(list []Statement)
	// Bytes returns how much memory the batch holds.
	Bytes() int
}

// A Summer is an engine that hashes many short messages at less than the price of
// each.
type Summer interface {
	// SumSM3 sets the first sums to the SM3 of the messages, of which there are at
	// most as many.
	SumSM3(sums [][DigestSize]byte, messages [][]byte)
}

// A Reuser is an engine that can put a key in the place of one that nobody uses
// any more: a gate that meets most holders once then allocates nothing for them.
// old may be nil. After an error it is of no use but to be given again.
type Reuser interface {
	PrepareIn(old Key, point []byte) (Key, error)
	CombineIn(old, w, p Key, k [32]byte) (Key, error)
}

// A SmallKeeper is a [Keeper] for the keys of holders who come again and again:
// of whom there are more than issuers, so the table is smaller.
type SmallKeeper interface {
	KeepSmall(key Key) (Key, error)
}
