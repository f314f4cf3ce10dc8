package disk_test

import (
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/card/internal/disk"
)

func TestLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	first, err := disk.LockFile(path)
	require.NoError(t, err)
	_, err = disk.LockFile(path)
	assert.ErrorIs(t, err, disk.ErrInUse)
	assert.ErrorContains(t, err, path+".lock")
	other, err := disk.LockFile(path + "2")
	require.NoError(t, err)
	other.Unlock()
	first.Unlock()
	first.Unlock()
	again, err := disk.LockFile(path)
	require.NoError(t, err)
	again.Unlock()
	(*disk.Lock)(nil).Unlock()
	_, err = disk.LockFile(filepath.Join(path, "no", "such", "place"))
	assert.Error(t, err)
	assert.NotErrorIs(t, err, disk.ErrInUse)
}

func TestReplace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "numbers")
	for _, content := range []string{"one", "and two"} {
		f, err := disk.Replace(path, []byte(content))
		require.NoError(t, err)
		_, err = f.Seek(0, io.SeekStart)
		require.NoError(t, err)
		b, err := io.ReadAll(f)
		require.NoError(t, err)
		assert.Equal(t, content, string(b))
		require.NoError(t, f.Close())
		b, err = os.ReadFile(path)
		require.NoError(t, err)
		assert.Equal(t, content, string(b))
		info, err := os.Stat(path)
		require.NoError(t, err)
		assert.EqualValues(t, 0o600, info.Mode().Perm())
	}
	left, err := filepath.Glob(path + "*")
	require.NoError(t, err)
	assert.Equal(t, []string{path}, left)
	_, err = disk.Replace(filepath.Join(path, "x"), nil)
	assert.Error(t, err)
}
