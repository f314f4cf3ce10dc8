package store

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/engine"
)

const maxAnswer = citycode.MaxToken + 32

// Answers keep what an implicit issuer has answered (SPEC §4.5), one file a
// request in a directory. An answer is never replaced: two answers to one
// request that came from one random number would give the issuer's key away.
type Answers struct{ dir string }

var _ citycode.ImplicitStore = (*Answers)(nil)

// OpenAnswers returns the answers in a directory, which is made where it is
// missing.
func OpenAnswers(dir string) (*Answers, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	return &Answers{dir}, nil
}

func (a *Answers) path(request [engine.DigestSize]byte) string {
	return filepath.Join(a.dir, digest(request).String())
}

// Load implements [citycode.ImplicitStore].
func (a *Answers) Load(request [engine.DigestSize]byte) ([]byte, error) {
	b, err := ReadFile(a.path(request), maxAnswer)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return b, err
}

// Save implements [citycode.ImplicitStore]. The answer gets its name only when
// all of it is durable, and only if nothing has that name: of several issuers
// over one directory that answer the same request, all return the first answer.
func (a *Answers) Save(request [engine.DigestSize]byte, answer []byte) (kept []byte, err error) {
	path := a.path(request)
	fresh, err := os.CreateTemp(a.dir, ".answer*")
	if err != nil {
		return nil, err
	}
	defer os.Remove(fresh.Name())
	if err := fill(fresh, answer); err != nil {
		fresh.Close()
		return nil, err
	}
	err = os.Link(fresh.Name(), path)
	switch {
	case errors.Is(err, fs.ErrExist):
		if answer, err = ReadFile(path, maxAnswer); err != nil {
			return nil, err
		}
	case err != nil:
		return nil, err
	}
	// Also where the first one's writer has not come to it yet.
	return answer, syncDir(a.dir)
}
