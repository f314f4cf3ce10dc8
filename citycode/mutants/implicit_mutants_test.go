package mutants

// Verifiers that are wrong about implicit credentials.
var implicitMutants = []mutant{
	{
		name:   "lambda-without-w",
		attack: "Anybody chooses a key and computes the W that makes an issuer vouch for words of his own.",
		clause: "§4.5", vector: "tv-1620",
		file: "citycode/internal/pubkey/holder.go",
		old:  `	l := s.Lambda(p.w, issuer.Key, tag, static)`,
		new: `	id, ppub := append([]byte(tag), static[:len(static)-engine.PointSize]...), issuer.Key.Bytes()
	h := s.Engine.NewSM3()
	h.Write(binary.BigEndian.AppendUint16(nil, uint16(8*len(id))))
	h.Write(id)
	h.Write(engine.CurveParameters())
	h.Write(ppub[1:])
	l := engine.ReduceScalar([32]byte(h.Sum(nil)))`,
	},
	{
		name:   "w-is-the-key",
		attack: "W is taken for the holder's key, so that whoever puts his own key there is a citizen.",
		clause: "§5.5", vector: "tv-1644",
		file: "citycode/internal/pubkey/signatures.go",
		old:  `		if err == nil && s.held() {`,
		new: `		own, wrong := s.checker.Suite.Prepare([33]byte(s.claim.Point))
		message, signature := split(s.claim.Token)
		if err == nil && (s.held() || wrong == nil && own.Verify(signature, TagToken, message)) {`,
	},
	{
		name:   "za-over-the-issuer",
		attack: "ZA is over the issuer's key and not over the reconstructed one, so a citizen's signature is moved to a key of the attacker's.",
		clause: "§4.5", vector: "tv-1626",
		file: "citycode/internal/pubkey/holder.go",
		old:  `	p.key.ZA = s.za(p.key.Key)`,
		new:  `	p.key.ZA = issuer.ZA`,
	},
	{
		name:   "facts-of-garbage",
		attack: "A W that nobody issued, over somebody's revoked index: the verifier states a fact before a signature has held.",
		clause: "§4.5", vector: "tv-1645",
		file: "citycode/verify.go",
		old: `	entry, refused := s.checkSignatures(b)
	if refused != nil {
`,
		new: `	entry, refused := s.checkSignatures(b)
	if refused != nil {
		if l := v.status[statusKey{issuerOf(b), listOf(b)}]; l != nil && refused.Reason == BadSignature {
			if state, _ := l.At(indexOf(b)); state == StatusRevoked {
				return refuse(Revoked, issuerOf(b), "")
			}
		}
`,
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
