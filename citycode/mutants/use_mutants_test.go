package mutants

// Verifiers that take a code twice, or somewhere else than it was made for.
var useMutants = []mutant{
	{
		name:   "challenge-ignored",
		attack: "The answer that a citizen gave to another gate opens this one.",
		clause: "§5.11", vector: "tv-1111",
		file: "citycode/verify.go",
		old:  `	case !bound && !bytes.Equal(answer, c.Challenge.value):`,
		new:  `	case false:`,
	},
	{
		name:   "challenge-prefix",
		attack: "Half of an answer is enough, and half of one is guessed sooner.",
		clause: "§5.11", vector: "tv-1113",
		file: "citycode/verify.go",
		old:  `	case !bound && !bytes.Equal(answer, c.Challenge.value):`,
		new:  `	case !bound && !bytes.HasPrefix(c.Challenge.value, answer):`,
	},
	{
		name:   "used-challenge",
		attack: "A challenge that was accepted once is answered again.",
		clause: "§5.11", vector: "tv-1119",
		file: "citycode/verify.go",
		old:  `		if c.Challenge != nil && !c.Challenge.used.CompareAndSwap(false, true) {`,
		new:  `		if false {`,
	},
	{
		name:   "refused-code-uses-challenge",
		attack: "Anybody who shows a bad answer takes the challenge away from the citizen before him.",
		clause: "§5.12", vector: "tv-1106",
		file: "citycode/verify.go",
		old: `	known, refused := v.checkStatus(profile, b, now)
	if refused != nil {
`,
		new: `	known, refused := v.checkStatus(profile, b, now)
	if refused != nil {
		if c.Challenge != nil {
			c.Challenge.used.Store(true)
		}
`,
	},
	{
		name:   "late-card",
		attack: "A card's answer may take as long as a phone's, which is long enough for a relay.",
		clause: "§5.11", vector: "tv-1117",
		file: "citycode/verify.go",
		old:  `			limit = CardChallengeAge`,
		new:  `			limit = p.MaxAge`,
	},
	{
		name:   "card-without-challenge",
		attack: "A card has no clock: what it signed once for a hostile terminal opens every gate that asks nothing.",
		clause: "§5.11", vector: "tv-1107",
		file: "citycode/verify.go",
		old:  `	case c.Challenge == nil && p.Challenge == ChallengeRequired:`,
		new:  `	case false:`,
	},
	{
		name:   "text-in-front-ignored",
		attack: "Another patient's code stands in front of the text and is acted on with our verdict.",
		clause: "§9.2", vector: "tv-1708",
		file: "citycode/verify.go",
		old:  `	case bound && (len(c.Prefix) != p.PrefixSize || !bytes.Equal(answer, bindPrefix(v.signatures.Suite.Engine, challenge, c.Prefix))):`,
		new:  `	case bound && (len(c.Prefix) != p.PrefixSize || len(answer) != len(bindPrefix(v.signatures.Suite.Engine, challenge, c.Prefix))):`,
	},
	{
		name:   "repeated-behind-another-text",
		attack: "The same bytes behind another patient's code, while the camera still sees them, get the earlier verdict.",
		clause: "§9.2", vector: "tv-1739",
		file: "citycode/verify.go",
		old:  `ok && again.prefix == c.Prefix {`,
		new:  `ok {`,
	},
	{
		name:   "replay-counter-alone",
		attack: "No attack but a citizen turned away: a phone that was reset begins again at 1, and its codes are taken for old ones.",
		clause: "§5.12", vector: "tv-1202",
		file: "citycode/internal/replay/memory.go",
		old:  `	return time > than.time || time == than.time && counter > than.counter`,
		new:  `	return counter > than.counter`,
	},
	{
		name:   "replay-last-code-alone",
		attack: "A code is refused only if it equals the last one, so two codes are used in turn.",
		clause: "§5.12", vector: "tv-1214",
		file: "citycode/internal/replay/memory.go",
		old:  `	return time > than.time || time == than.time && counter > than.counter`,
		new:  `	return time != than.time || counter != than.counter`,
	},
	{
		name:   "replay-key-without-list",
		attack: "Two citizens with one index in two status lists use up each other's codes.",
		clause: "§5.12", vector: "tv-1203",
		file: "citycode/replay.go",
		old: `func (g *ReplayGuard) check(a Accepted) Reason {
`,
		new: `func (g *ReplayGuard) check(a Accepted) Reason {
	for list := range 256 {
		other := Serial{Issuer: a.Serial.Issuer, List: uint8(list), Index: a.Serial.Index}
		if g.memory.Check(other, a.Time, a.Counter) == replay.Used {
			return Replayed
		}
	}
`,
	},
	{
		name:   "refused-code-remembered",
		attack: "A code that was refused for want of a network is remembered as used: the citizen is turned away when it is back.",
		clause: "§5.12", vector: "tv-1302",
		file: "citycode/replay.go",
		old: `	for _, condition := range conditions {
`,
		new: `	g.put(a, g.elapsed(), now)
	for _, condition := range conditions {
`,
	},
	{
		name:   "floor-ignored",
		attack: "A gate that lost its journal takes codes that it accepted a moment before.",
		clause: "§5.12", vector: "tv-1222",
		file: "citycode/internal/replay/memory.go",
		old:  `	if time <= g.floor {`,
		new:  `	if false {`,
	},
	{
		name:   "online-ignored",
		attack: "A handle that only an online service can resolve is accepted without one.",
		clause: "§5.14", vector: "tv-1303",
		file: "citycode/verify.go",
		old:  `p.OnlineScenes&verified.scenes != 0 && !c.Online {`,
		new:  `false {`,
	},
}
