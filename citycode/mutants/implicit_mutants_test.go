package mutants

// Verifiers that are wrong about implicit credentials.
var implicitMutants = []mutant{
	{
		name:   "lambda-without-w",
		attack: "Anybody chooses a key and computes the W that makes an issuer vouch for words of his own.",
		clause: "§4.5", vector: "tv-1620",
		file: "citycode/implicit.go",
		old:  `	l := s.lambda(w, issuer.key, static)`,
		new: `	id, p := identity(static[:len(static)-engine.PointSize]), issuer.key.Bytes()
	h := s.engine.NewSM3()
	h.Write(binary.BigEndian.AppendUint16(nil, uint16(8*len(id))))
	h.Write(id)
	h.Write(engine.CurveParameters())
	h.Write(p[1:])
	l := engine.ReduceScalar([32]byte(h.Sum(nil)))`,
	},
	{
		name:   "w-is-the-key",
		attack: "W is taken for the holder's key, so that whoever puts his own key there is a citizen.",
		clause: "§5.5", vector: "tv-1644",
		file: "citycode/verify.go",
		old:  `		if err == nil && holder.verify(t.holderSig.of(b), tagToken, b[:t.holderSig.from]) {`,
		new: `		own, wrong := v.suite.prepare(PublicKey(t.key.of(b)))
		if err == nil && (holder.verify(t.holderSig.of(b), tagToken, b[:t.holderSig.from]) ||
			wrong == nil && own.verify(t.holderSig.of(b), tagToken, b[:t.holderSig.from])) {`,
	},
	{
		name:   "za-over-the-issuer",
		attack: "ZA is over the issuer's key and not over the reconstructed one, so a citizen's signature is moved to a key of the attacker's.",
		clause: "§4.5", vector: "tv-1626",
		file: "citycode/implicit.go",
		old:  `za: engine.ZA(s.engine, key)}, nil`,
		new:  `za: issuer.za}, nil`,
	},
	{
		name:   "facts-of-garbage",
		attack: "A W that nobody issued, over somebody's revoked index: the verifier states a fact before a signature has held.",
		clause: "§4.5", vector: "tv-1645",
		file: "citycode/verify.go",
		old:  `	return nil, refuse(BadSignature, issuerOf(b), "")`,
		new: `	if l := v.status[statusKey{issuerOf(b), listOf(b)}]; l != nil {
		if state, _ := l.At(indexOf(b)); state == StatusRevoked {
			return nil, refuse(Revoked, issuerOf(b), "")
		}
	}
	return nil, refuse(BadSignature, issuerOf(b), "")`,
	},
	{
		name:   "use-of-the-key-ignored",
		attack: "A key that is listed for implicit codes signs an explicit credential: it must sign nothing at all.",
		clause: "§6.3", vector: "tv-0311",
		file: "citycode/trust.go",
		old:  `	if e.Use != KeyUse(p.Mode) || scenes&^e.Scenes != 0 {`,
		new:  `	if e.Use >= UseStatus || scenes&^e.Scenes != 0 {`,
	},
}
