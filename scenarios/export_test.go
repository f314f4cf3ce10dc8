package scenarios

// SetBounds makes the memory of an allowance small, and Len says how full it is.
func (a *Allowance) SetBounds(n int) { a.bounds = n }

// Len returns how many credentials are remembered.
func (a *Allowance) Len() int { return len(a.used) }
