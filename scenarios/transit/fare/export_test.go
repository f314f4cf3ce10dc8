package fare

// PathTotal returns what the search for the cheapest path counted, before caps.
func (e *Engine) PathTotal(legs []Leg) int64 {
	charges, offers := make([]Charge, len(legs)), make([][]offer, len(legs))
	for i := range legs {
		charges[i].Leg, offers[i] = legs[i], e.offers(&legs[i])
	}
	return e.cheapest(charges, offers).total
}
