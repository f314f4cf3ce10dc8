package vectors

import (
	"crypto/sha1"
	"fmt"
	"slices"

	"github.com/citizencode/citizencode/citycode/foreign/jtt1179/jtt1179test"
)

// files adds parameter files, put together by the table of SPEC.md §3.5.
func files(f *rideFile) {
	root := func(n byte) []byte { return jtt1179test.RootKey("jtt1179 TEST CA", n, "1235") }
	file := func(count byte, roots ...[]byte) []byte {
		var body []byte
		for _, r := range roots {
			body = slices.Concat(body, []byte{1, 0x81}, r, make([]byte, 14))
		}
		digest := sha1.Sum(body)
		return slices.Concat(unhex("00000001 000000"), []byte{count}, unhex("00000000"), digest[:], body)
	}
	broken := func(at int, b byte) []byte {
		r := root(1)
		r[at] = b
		return file(1, r)
	}
	whole := file(2, root(1), root(2))
	for i, t := range []struct {
		comment string
		file    []byte
		roots   []hexBytes // nil: refused
	}{
		{"two keys", whole, []hexBytes{root(1), root(2)}},
		{"none", file(0), []hexBytes{}},
		{"parameter 0x11", broken(14, 0x11), []hexBytes{func() []byte { r := root(1); r[14] = 0x11; return r }()}},
		{"cut off", whole[:len(whole)-1], nil},
		{"one record more than counted", file(1, root(1), root(2)), nil},
		{"one record fewer than counted", file(2, root(1)), nil},
		{"another digest", func() []byte { b := slices.Clone(whole); b[12] ^= 1; return b }(), nil},
		{"a record with another head", broken(0, 0x22), nil},
		{"a record with another RID", broken(9, 0x33), nil},
		{"a record of month 13", broken(11, 0x13), nil},
		{"a record with another algorithm", broken(13, 0x01), nil},
		{"a record whose key is no point", broken(79, root(1)[79]^1), nil},
	} {
		test := fileTest{ID: fmt.Sprintf("jp-%04d", i+1), Comment: t.comment, File: t.file, Result: "invalid", Roots: t.roots}
		if t.roots != nil {
			test.Result = "valid"
		}
		f.Files = append(f.Files, test)
		f.NumberOfTests++
	}
}
