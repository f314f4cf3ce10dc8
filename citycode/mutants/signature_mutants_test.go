package mutants

// Verifiers that take signatures which prove nothing.
var signatureMutants = []mutant{
	{
		name:   "issuer-unchecked",
		attack: "Anybody composes a credential: the check of the issuer's signature was commented out for a test and stayed so.",
		clause: "§5.5", vector: "tv-0402",
		file: "citycode/verify.go",
		old:  `		if e.key.verify(t.issuerSig.of(b), tag, b[:t.issuerSig.from]) {`,
		new:  `		if tag != "" {`,
	},
	{
		name:   "key-from-the-code",
		attack: "A self-checking certificate: the key that the code brings along is taken for the issuer's.",
		clause: "§5.5", vector: "tv-0401",
		file: "citycode/verify.go",
		old: `	if signer == nil {
		return nil, refuse(BadIssuerSignature`,
		new: `	if signer == nil && t.mode != Static {
		if own, err := v.suite.prepare(PublicKey(t.key.of(b))); err == nil && own.verify(t.issuerSig.of(b), tag, b[:t.issuerSig.from]) {
			signer = candidates[0]
		}
	}
	if signer == nil {
		return nil, refuse(BadIssuerSignature`,
	},
	{
		name:   "holder-unchecked",
		attack: "A copied credential is shown without its key, with any time and counter.",
		clause: "§5.5", vector: "tv-0503",
		file: "citycode/verify.go",
		old:  `	if !holder.verify(t.holderSig.of(b), tagToken, b[:t.holderSig.from]) {`,
		new:  `	if _ = holder; false {`,
	},
	{
		name:   "without-za",
		attack: "A signature over the message alone passes as well, so what a key signed for another system counts here.",
		clause: "§1.2", vector: "tv-0417",
		file: "citycode/signature.go",
		old:  `	return k.key.Verify(k.digest(tag, parts...), [engine.SignatureSize]byte(signature))`,
		new: `	bare := k.suite.engine.NewSM3()
	bare.Write([]byte(tag))
	for _, p := range parts {
		bare.Write(p)
	}
	return k.key.Verify(k.digest(tag, parts...), [engine.SignatureSize]byte(signature)) ||
		k.key.Verify([engine.DigestSize]byte(bare.Sum(nil)), [engine.SignatureSize]byte(signature))`,
	},
	{
		name:   "za-without-id",
		attack: "ZA under an empty identifier passes as well.",
		clause: "§1.2", vector: "tv-0419",
		file: "citycode/signature.go",
		old:  `	return k.key.Verify(k.digest(tag, parts...), [engine.SignatureSize]byte(signature))`,
		new: `	if k.key.Verify(k.digest(tag, parts...), [engine.SignatureSize]byte(signature)) {
		return true
	}
	nameless, point := k.suite.engine.NewSM3(), k.key.Bytes()
	nameless.Write([]byte{0, 0})
	nameless.Write(engine.CurveParameters())
	nameless.Write(point[1:])
	other := verifyKey{suite: k.suite, key: k.key, za: [engine.DigestSize]byte(nameless.Sum(nil))}
	return k.key.Verify(other.digest(tag, parts...), [engine.SignatureSize]byte(signature))`,
	},
	{
		name:   "without-tag",
		attack: "A signature that was made for one purpose, or without any, is taken for another one.",
		clause: "§1.2", vector: "tv-0411",
		file: "citycode/signature.go",
		old:  `	return k.key.Verify(k.digest(tag, parts...), [engine.SignatureSize]byte(signature))`,
		new: `	for _, any := range []string{tagCredential, tagStatic, tagToken, tagTrust, tagStatus, tagDelta, tagSnapshot, tagRoot, tagPossession} {
		if k.key.Verify(k.digest(any, parts...), [engine.SignatureSize]byte(signature)) {
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
		old: `	entry, refused := v.checkSignatures(t, b, candidates)
`,
		new: `	if _, refused := v.checkStatus(profile, b, now); refused != nil {
		return nil, refused
	}
	entry, refused := v.checkSignatures(t, b, candidates)
`,
	},
}
