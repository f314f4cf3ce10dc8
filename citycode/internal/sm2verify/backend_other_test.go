//go:build !amd64 || purego

package sm2verify

func withEach(f func(name string)) { f("go") }
