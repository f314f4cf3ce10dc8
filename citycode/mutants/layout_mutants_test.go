package mutants

// Verifiers that take other bytes than an encoder emits.
var layoutMutants = []mutant{
	{
		name:   "trailing-bytes",
		attack: "Whoever carries a code writes on behind its end, and one code has many spellings.",
		clause: "§1.3", vector: "tp-0244",
		file: "citycode/token.go",
		old: `	if l.end != len(b) {
		// A byte that no signature covers`,
		new: `	if l.end > len(b) {
		// A byte that no signature covers`,
	},
	{
		name:   "stripped-dynamic-part",
		attack: "The part that only the holder's device can sign is taken off, and what is left passes as a code that never had one.",
		clause: "§2.2", vector: "tp-0222",
		file: "citycode/token.go",
		old:  `	if refused == nil && l.mode != Static {`,
		new:  `	if refused == nil && l.mode != Static && len(b) > l.static {`,
	},
	{
		name:   "mode-of-the-sender",
		attack: "The sender chooses the layout: a profile with a holder's key is shown in a mode without an issuer's signature.",
		clause: "§2.2", vector: "tv-0113",
		file: "citycode/verify.go",
		old:  `	case b[1] != p.ModeByte():`,
		new:  `	case false:`,
	},
	{
		name:   "printed-person",
		attack: "A printed code stands for a person, and whoever sees it copies it.",
		clause: "§2.8", vector: "tp-0421",
		file: "citycode/layout.go",
		old:  `	if l.mode == Static && profileOf(b).Person() {`,
		new:  `	if false {`,
	},
	{
		name:   "any-point-prefix",
		attack: "A key is spelled with another first byte, so that one credential has many spellings.",
		clause: "§2.8", vector: "tp-0407",
		file: "citycode/layout.go",
		old:  `		if point.len() > 0 && b[point.from] != 2 && b[point.from] != 3 {`,
		new:  `		if false {`,
	},
	{
		name:   "index-of-16-bits",
		attack: "A revoked credential whose index is above 65535 is looked up under the index of a valid one.",
		clause: "§5.8", vector: "tv-0822",
		file: "citycode/layout.go",
		old:  `binary.BigEndian.Uint32(b[15:]) & 0xffffff }`,
		new:  `binary.BigEndian.Uint32(b[15:]) & 0xffff }`,
	},
	{
		name:   "text-block-above-its-bound",
		attack: "A block of digits above 256^k gives a second text of one token, which a gate that remembers texts lets in again.",
		clause: "qr/SPEC.md §3, §4", vector: "qt-0234",
		file: "qr/decimal.go",
		old:  `		if v>>(8*size) != 0 {`,
		new:  `		if false {`,
	},
}
