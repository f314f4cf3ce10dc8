package reader

// A pass is one way to look at a picture.
type pass struct {
	level    int  // of the pyramid, from the first one that is looked at; doubled is -1
	soft     bool // a little out of focus, against noise
	reach    int  // of the neighbourhood of a threshold, in blocks
	contrast int  // below which a neighbourhood is one surface
	fine     int  // pixels to each side of a threshold for each pixel; 0 is one for each block
	step     int  // rows from one that is searched to the next
	tries    int  // groups of patterns that are tried
	pairs    int  // groups of two
	chances  int  // places that are looked at closely, at most
}

const doubled = -1

// quick are the passes that every picture gets, and nearly all that a camera in use needs.
var quick = [...]pass{
	{level: 0, reach: 2, contrast: 20, step: 3, tries: 10, chances: 150},
	{level: 1, reach: 2, contrast: 16, step: 1, tries: 10, chances: 150},
	{level: 0, soft: true, reach: 2, contrast: 10, step: 2, tries: 10, chances: 150},
	{level: 2, reach: 2, contrast: 16, step: 1, tries: 10, chances: 150},
}

// thorough are the passes for a picture that shows a finder pattern and was not read.
var thorough = [...]pass{
	{level: 0, soft: true, fine: 8, step: 1, tries: 20, pairs: 10, chances: 400},
	{level: 1, soft: true, reach: 1, contrast: 8, step: 1, tries: 20, pairs: 10, chances: 400},
	{level: 0, soft: true, fine: 14, step: 1, tries: 20, pairs: 10, chances: 400},
	{level: 0, reach: 1, contrast: 12, step: 1, tries: 20, pairs: 10, chances: 400},
	{level: 1, soft: true, fine: 8, step: 1, tries: 20, pairs: 10, chances: 400},
	{level: 0, reach: 6, contrast: 12, step: 1, tries: 20, pairs: 10, chances: 400},
	{level: doubled, reach: 2, contrast: 12, step: 1, tries: 20, pairs: 10, chances: 400},
	{level: 2, reach: 1, contrast: 12, step: 1, tries: 20, pairs: 10, chances: 400},
	{level: 3, reach: 2, contrast: 12, step: 1, tries: 20, pairs: 10, chances: 400},
}

// large are the passes for the larger levels of a photograph that was not read.
var large = [...]pass{
	{soft: true, fine: 8, step: 1, tries: 20, pairs: 10, chances: 1200},
	{reach: 1, contrast: 12, step: 1, tries: 20, pairs: 10, chances: 1200},
	{soft: true, reach: 3, contrast: 10, step: 1, tries: 20, pairs: 10, chances: 1200},
}

// passes looks at the picture until all that shows itself is read.
func (r *Reader) passes() {
	start := r.start()
	m := &r.pyramid[0]
	photograph := m.W*m.H > framePixels
	shown, chances, open := 0, 0, 0
	enough := func(p pass) bool {
		before := len(r.found)
		done := r.look(p, start)
		shown = max(shown, r.shown)
		if open = max(open, r.open); len(r.found) > before {
			open = r.open
		}
		// Where there are several there may be many: then one look that shows no more is not the end.
		return r.stopped() || done && len(r.found) > 0 && !(photograph && several(len(r.found), open))
	}
	for _, p := range quick {
		if enough(p) {
			return
		}
		if p.soft {
			chances = r.finder.Chances
		}
	}
	// What is too small for the first level is looked for in the larger ones.
	for level := -1; level >= -start; level-- {
		if enough(pass{level: level, reach: 2, contrast: 16, step: 2, tries: 20, chances: 1200}) {
			return
		}
	}
	if photograph && several(len(r.found), open) {
		for level := 0; level >= -start; level-- {
			if enough(pass{level: level, reach: 2, contrast: 16, step: 1, tries: 100, chances: 1200}) {
				return
			}
		}
	}
	// Most frames of a camera show nothing, and must cost little; a photograph was taken for what is in it.
	if len(r.found) > 0 || shown == 0 && chances < fewChances && !photograph {
		return
	}
	for _, p := range thorough {
		if enough(p) || shown == 0 && !photograph {
			return
		}
	}
	if !photograph {
		return
	}
	// A photograph that was made smaller so far: all of it.
	for level := -1; level >= -start; level-- {
		for _, p := range large {
			p.level = level
			if enough(p) {
				return
			}
		}
	}
}

// several reports whether more symbols may be expected where so many were found and so many patterns lie outside them.
func several(found, open int) bool { return found > 1 && open > 0 || found > 0 && open > 2 }

// start is the level that is looked at first: a photograph of 12 million pixels is mostly readable at a quarter of its
// side, in a sixteenth of the time.
func (r *Reader) start() (level int) {
	for level < levels-1 && max(r.pyramid[0].W, r.pyramid[0].H)>>level > fastSide {
		level++
	}
	return level
}
