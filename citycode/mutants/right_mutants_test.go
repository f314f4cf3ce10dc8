package mutants

// Verifiers that let a listed key speak for more than its entry says.
var rightMutants = []mutant{
	{
		name:   "scenes-of-the-issuer-ignored",
		attack: "The key of a library's codes issues codes for payment.",
		clause: "§5.4", vector: "tv-0304",
		file: "citycode/trust.go",
		old:  `	if e.Use != KeyUse(p.Mode) || scenes&^e.Scenes != 0 {`,
		new:  `	if e.Use != KeyUse(p.Mode) {`,
	},
	{
		name:   "definition-not-compared",
		attack: "City and terminal mean different things by one profile, and nobody finds out.",
		clause: "§3.4", vector: "tv-0308",
		file: "citycode/trust.go",
		old:  `			return e.Profiles[i].Digest == *pin`,
		new:  `			return true`,
	},
	{
		name:   "rights-of-one-id-add-up",
		attack: "Two keys share an id while one replaces the other, and the one that lacks a scene signs for it.",
		clause: "§5.4", vector: "tv-0312",
		file: "citycode/verify.go",
		old: `	return allowed, nil
}`,
		new: `	copy(allowed[:], list.entries[issuer])
	return allowed, nil
}`,
	},
	{
		name:   "policy-of-the-other-entry",
		attack: "Two keys share an id, and a credential is judged by the dates of the key that did not sign it.",
		clause: "§5.4", vector: "tv-0315",
		file: "citycode/verify.go",
		old:  `		return s.candidates[signer], nil`,
		new:  `		return s.candidates[0*signer], nil`,
	},
	{
		name:   "grant-as-union",
		attack: "A code of another city is taken for what either city lists, and not only for what both do.",
		clause: "§6.8", vector: "tv-1907",
		file: "citycode/verify.go",
		old:  `		if granted && e.allows(&p.Profile, &p.digest, scenesOf(b)) {`,
		new:  `		if allows := e.allows(&p.Profile, &p.digest, scenesOf(b)); granted && allows || list != v.trust && (granted || allows) {`,
	},
	{
		name:   "grant-ignored",
		attack: "The other city alone says what its codes are good for here.",
		clause: "§6.8", vector: "tv-1906",
		file: "citycode/verify.go",
		old:  `		granted = v.trust.grant(list.city).covers(p.ID, &p.digest, scenesOf(b))`,
		new:  `		granted = v.trust.grant(list.city).City != 0`,
	},
	{
		name:   "mask-ignored",
		attack: "A code is shown for a scene group that its credential does not cover.",
		clause: "§5.10", vector: "tv-1004",
		file: "citycode/verify.go",
		old:  `	if audience&^mask != 0 || audience&c.Audience == 0 {`,
		new:  `	if audience&c.Audience == 0 {`,
	},
	{
		name:   "audience-ignored",
		attack: "A code that was shown for a ride opens a car park.",
		clause: "§5.10", vector: "tv-1003",
		file: "citycode/verify.go",
		old:  `	if audience&^mask != 0 || audience&c.Audience == 0 {`,
		new:  `	if audience&^mask != 0 {`,
	},
}
