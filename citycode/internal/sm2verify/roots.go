package sm2verify

// A quad is four numbers that take the same steps, so that a processor does not
// wait for each of a long chain of squares before it begins another.
type quad [4]element

func (z *quad) square() {
	for i := range z {
		z[i].square(&z[i])
	}
}

// join is that of [element].
func (z *quad) join(x *quad, n int, y *quad) {
	tail := *y
	*z = *x
	for range n {
		z.square()
	}
	for i := range z {
		z[i].mul(&z[i], &tail[i])
	}
}

// runs sets z to x^(2^32-1).
func (z *quad) runs(x *quad) {
	*z = *x
	for n := 1; n < 32; n *= 2 {
		z.join(z, n, z)
	}
}

// roots sets each number to its root, as [element.root] does, and reports which
// of them have one.
func (z *quad) roots() (exist [4]bool) {
	var k, r quad
	k.runs(z)
	k.runs(&k)
	r.join(&k, 32, &k)
	r.join(&r, 64, &r)
	r.join(&r, 32, &k)
	for range 62 {
		r.square()
	}
	for i := range r {
		var check element
		check.square(&r[i])
		exist[i] = check.equal(&z[i])
	}
	*z = r
	return exist
}
