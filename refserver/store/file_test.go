package store

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// tree returns what every file below dir holds: a test compares it to show
// that nothing was written.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := make(map[string]string)
	require.NoError(t, filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(path, ".lock") {
			return err
		}
		b, err := os.ReadFile(path)
		files[path] = string(b)
		return err
	}))
	return files
}

func put(t *testing.T, path, content string) string {
	t.Helper()
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

func TestWriteFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	require.NoError(t, WriteFile(path, []byte("one"), Secret))
	require.NoError(t, WriteFile(path, []byte("two"), Public))
	require.Equal(t, map[string]string{path: "two"}, tree(t, dir), "no temporary file is left")
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, Public, info.Mode().Perm())

	// Whatever stands there and is not a file stays there.
	for _, path := range []string{dir, os.DevNull} {
		require.ErrorContains(t, WriteFile(path, nil, Secret), path+": it is not a regular file")
	}
	missing := filepath.Join(dir, "none", "file")
	require.ErrorContains(t, WriteFile(missing, nil, Secret), missing)
	require.ErrorIs(t, WriteFile(missing, nil, Secret), os.ErrNotExist)
	require.Equal(t, map[string]string{path: "two"}, tree(t, dir))
}

func TestCreateFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, CreateFile(path, []byte("one"), Secret))
	require.ErrorIs(t, CreateFile(path, []byte("two"), Secret), os.ErrExist)
	b, err := ReadFile(path, 3)
	require.NoError(t, err)
	require.Equal(t, "one", string(b))
}

func TestReadFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := put(t, filepath.Join(dir, "file"), "1234")
	_, err := ReadFile(path, 4)
	require.NoError(t, err)
	_, err = ReadFile(path, 3)
	require.EqualError(t, err, path+": it is longer than 3 bytes")
	_, err = ReadFile(filepath.Join(dir, "none"), 4)
	require.ErrorIs(t, err, os.ErrNotExist)
	for _, path := range []string{dir, os.DevNull, "/dev/zero"} {
		_, err = ReadFile(path, 4)
		require.ErrorContains(t, err, path+": it is not a regular file")
	}
}

func TestCheckEmpty(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, CheckEmpty(dir))
	require.NoError(t, CheckEmpty(filepath.Join(dir, "none")))
	path := put(t, filepath.Join(dir, "file"), "")
	require.EqualError(t, CheckEmpty(dir), dir+" is not empty: it has file")
	require.Error(t, CheckEmpty(path))
}

func TestParseJSON(t *testing.T) {
	t.Parallel()
	var v struct {
		City int `json:"city"`
	}
	require.NoError(t, parseJSON([]byte(` {"city": 210100}`+"\n"), &v))
	for _, bad := range []string{``, ` `, `{`, `{"city":210100`, `{"city":210100}{}`, `{"city":210100} x`, `{"city":"210100"}`, `{"city":1e99}`, `{"town":1}`, `[]`, "\xff"} {
		require.Error(t, parseJSON([]byte(bad), &v), "%q", bad)
	}
}
