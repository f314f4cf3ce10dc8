package store

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// lockPatience is how long a command waits for another one that works on the
// same file: much longer than any of them takes, and not for ever.
const lockPatience = 10 * time.Second

var errLocked = errors.New("another process works on it")

// A lock keeps two processes from changing one file at a time: both would read
// the same next index or counter. It stands in a file of its own, for the file
// that it guards is replaced at every write.
type lock struct{ release func() }

// lockFile waits for the lock of the file at path.
func lockFile(ctx context.Context, path string) (*lock, error) {
	ctx, cancel := context.WithTimeout(ctx, lockPatience)
	defer cancel()
	for {
		release, err := tryLock(path + ".lock")
		if err == nil {
			return &lock{release}, nil
		}
		if !errors.Is(err, errLocked) {
			return nil, err
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("%s: %w (%w)", path, errLocked, context.Cause(ctx))
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// unlock lets the next one in. It may be called twice.
func (l *lock) unlock() {
	if l.release != nil {
		l.release()
		l.release = nil
	}
}

// Lock waits until no other process has locked path, and returns what lets the next one in. path needs not exist.
func Lock(ctx context.Context, path string) (unlock func(), err error) {
	l, err := lockFile(ctx, path)
	if err != nil {
		return nil, err
	}
	return l.unlock, nil
}
