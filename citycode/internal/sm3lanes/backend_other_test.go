//go:build !amd64 || purego

package sm3lanes

func withEach(f func(name string)) { f("go") }
