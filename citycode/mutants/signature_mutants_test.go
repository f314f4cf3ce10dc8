package mutants

// Verifiers that take signatures which prove nothing.
var signatureMutants = []mutant{
	{
		name:   "issuer-unchecked",
		attack: "Anybody composes a credential: the check of the issuer's signature was commented out for a test and stayed so.",
		clause: "§5.5", vector: "tv-0402",
		file: "citycode/internal/pubkey/signatures.go",
		old:  `	ok := issuer.Verify(signature, s.claim.issuerTag(), message)`,
		new:  `	ok := len(message)+len(signature) > 0`,
	},
	{
		name:   "key-from-the-code",
		attack: "A self-checking certificate: the key that the code brings along is taken for the issuer's.",
		clause: "§5.5", vector: "tv-0401",
		file: "citycode/internal/pubkey/signatures.go",
		old: `	switch {
	case issuer == s.n:`,
		new: `	if issuer == s.n && s.claim.Mode != Static {
		message, signature := split(s.claim.Static)
		if own, err := s.checker.Suite.Prepare([33]byte(s.claim.Point)); err == nil && own.Verify(signature, s.claim.issuerTag(), message) {
			issuer = 0
		}
	}
	switch {
	case issuer == s.n:`,
	},
	{
		name:   "holder-unchecked",
		attack: "A copied credential is shown without its key, with any time and counter.",
		clause: "§5.5", vector: "tv-0503",
		file: "citycode/internal/pubkey/signatures.go",
		old: `	if !s.held() {
`,
		new: `	if false {
`,
	},
	{
		name:   "without-za",
		attack: "A signature over the message alone passes as well, so what a key signed for another system counts here.",
		clause: "§1.2", vector: "tv-0417",
		file: "citycode/internal/pubkey/key.go",
		old:  `	return k.Key.Verify(k.Digest(tag, parts...), [engine.SignatureSize]byte(signature))`,
		new: `	bare := k.suite.Engine.NewSM3()
	bare.Write([]byte(tag))
	for _, p := range parts {
		bare.Write(p)
	}
	return k.Key.Verify(k.Digest(tag, parts...), [engine.SignatureSize]byte(signature)) ||
		k.Key.Verify([engine.DigestSize]byte(bare.Sum(nil)), [engine.SignatureSize]byte(signature))`,
	},
	{
		name:   "za-without-id",
		attack: "ZA under an empty identifier passes as well.",
		clause: "§1.2", vector: "tv-0419",
		file: "citycode/internal/pubkey/key.go",
		old:  `	return k.Key.Verify(k.Digest(tag, parts...), [engine.SignatureSize]byte(signature))`,
		new: `	if k.Key.Verify(k.Digest(tag, parts...), [engine.SignatureSize]byte(signature)) {
		return true
	}
	nameless, point := k.suite.Engine.NewSM3(), k.Key.Bytes()
	nameless.Write([]byte{0, 0})
	nameless.Write(engine.CurveParameters())
	nameless.Write(point[1:])
	other := Key{suite: k.suite, Key: k.Key, ZA: [engine.DigestSize]byte(nameless.Sum(nil))}
	return k.Key.Verify(other.Digest(tag, parts...), [engine.SignatureSize]byte(signature))`,
	},
	{
		name:   "without-tag",
		attack: "A signature that was made for one purpose, or without any, is taken for another one.",
		clause: "§1.2", vector: "tv-0411",
		file: "citycode/internal/pubkey/key.go",
		old:  `	return k.Key.Verify(k.Digest(tag, parts...), [engine.SignatureSize]byte(signature))`,
		new: `	for _, any := range []string{TagCredential, TagStatic, TagToken, "CC1/trst", "CC1/list", "CC1/dlta", "CC1/snap", "CC1/root", "CC1/popp"} {
		if k.Key.Verify(k.Digest(any, parts...), [engine.SignatureSize]byte(signature)) {
			return true
		}
	}
	return false`,
	},
	{
		name:   "leading-zero-trimmed",
		attack: "No attack but a fault of one code in 128: an r or s that begins with a zero byte was cut and is refused.",
		clause: "§1.2", vector: "tv-0014",
		file: "citycode/internal/sm2verify/key.go",
		old:  `	if r.isZero() || s.isZero() || !r.less(&order) || !s.less(&order) {`,
		new:  `	if signature[0] == 0 || signature[32] == 0 || r.isZero() || s.isZero() || !r.less(&order) || !s.less(&order) {`,
	},
	{
		name:   "second-spelling",
		attack: "Whoever saw a code writes its signature in other bytes, which a list of signatures that were seen does not know.",
		clause: "§1.2", vector: "sg-0027",
		file: "citycode/internal/sm2verify/key.go",
		old:  `	if r.isZero() || s.isZero() || !r.less(&order) || !s.less(&order) {`,
		new:  `	if r.isZero() || s.isZero() {`,
	},
	{
		name:   "facts-before-signatures",
		attack: "Anyone composes a code that has a gate write \"revoked\" beside a citizen's name.",
		clause: "§5", vector: "tv-1408",
		file: "citycode/verify.go",
		old: `	entry, refused := s.checkSignatures(b)
`,
		new: `	if _, refused := v.checkStatus(profile, b, now); refused != nil {
		return refused
	}
	entry, refused := s.checkSignatures(b)
`,
	},
}
