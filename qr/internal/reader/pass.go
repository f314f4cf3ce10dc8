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

// passes looks at the picture until all that shows itself is read.
func (r *Reader) passes() {
	start := r.start()
	shown, chances := 0, 0
	for _, p := range quick {
		done := r.look(p, start)
		if p.soft {
			chances = r.finder.Chances
		}
		if shown = max(shown, r.shown); done && len(r.found) > 0 || r.stopped() {
			return
		}
	}
	// What is too small for the first level is looked for in the larger ones.
	for level := -1; level >= -start; level-- {
		done := r.look(pass{level: level, reach: 2, contrast: 16, step: 2, tries: 20, chances: 400}, start)
		if shown = max(shown, r.shown); done && len(r.found) > 0 || r.stopped() {
			return
		}
	}
	// Most frames of a camera show nothing, and must cost little; a photograph was taken for what is in it.
	if m := &r.pyramid[0]; len(r.found) > 0 || shown == 0 && chances < fewChances && m.W*m.H <= framePixels {
		return
	}
	for _, p := range thorough {
		if r.look(p, start) && len(r.found) > 0 || r.stopped() {
			return
		}
		if shown = max(shown, r.shown); shown == 0 && r.pyramid[0].W*r.pyramid[0].H <= framePixels {
			return
		}
	}
}

// start is the level that is looked at first: a photograph of 12 million pixels is mostly readable at a quarter of its
// side, in a sixteenth of the time.
func (r *Reader) start() (level int) {
	for level < levels-1 && max(r.pyramid[0].W, r.pyramid[0].H)>>level > fastSide {
		level++
	}
	return level
}
