package office

// InMemory counts the taps that are held.
func (o *Office) InMemory() (n int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, s := range o.months {
		n += s.state.taps
	}
	return n
}
