package vectors

import (
	"math/big"
	"slices"

	"github.com/citizencode/citizencode/citycode"
)

// implicitCity is the everyday with an issuer of implicit codes, its status list, and two more.
func implicitCity() *cityDraft {
	c := newCity()
	transit := uint16(citycode.Transit)
	c.add(c.issuer(5, implicitIssuerKey, useImplicit, transit, issuerLifetime, citycode.ImplicitTransitProfile()))
	c.add(c.issuer(6, "210100 issuer 6", useExplicit, transit, issuerLifetime, citycode.ImplicitTransitProfile()))
	c.add(c.issuer(7, "210100 implicit issuer 7", useImplicit, transit, issuerLifetime, citycode.TransitProfile()))
	for _, name := range []string{lowerKey(8), higherKey(8)} {
		c.add(c.issuer(8, name, useImplicit, transit, issuerLifetime, citycode.ImplicitTransitProfile()))
	}
	for _, index := range []uint32{5, 8} {
		c.status = append(c.status, newStatus(index, statusEntries, []uint32{revokedIndex}, []uint32{suspendedIndex}))
	}
	return c
}

func (e *envelope) implicits() {
	b := e.tokenGroup(1601, "Implicit mode: the holder's key follows from W (SPEC §4.5, §5.5); experimental", implicitCity(), gate(), implicitRide)
	defer b.end()

	b.valid("Normal Implicit", "an implicit ride code", nil)
	b.valid("Implicit", "the same requester and another w: another W, another key", func(c *tokenCase) {
		c.issuedAs(issuance{issuer: implicitIssuerKey, requester: personA, w: "another w"})
	})
	b.valid("Implicit Challenge", "an answer to a challenge", func(c *tokenCase) {
		c.terminal.Challenge = drawn("210100 gate 7", 16, now)
		c.challenge = c.terminal.Challenge.Value
	})
	for i, comment := range []string{"two keys have the id, the first one issued", "two keys have the id, the second one issued"} {
		b.valid("Implicit DuplicateId", comment, func(c *tokenCase) {
			c.issuer = id(shenyang, 8)
			c.issuedAs(issuance{issuer: pairOf(8)[i], requester: personB, w: "w of Test Person B"})
		})
	}
	b.valid("Implicit LeadingZero", "an x of W that begins with a zero byte: it enters lambda in 32 bytes", func(c *tokenCase) {
		i := *c.implicitly
		for n := 0; i.reconstructionPoint().compressed()[1] != 0; n++ {
			i.w = "w " + string(rune('A'+n%26)) + be10(n)
		}
		c.issuedAs(i)
	})
	b.valid("Implicit LeadingZero", "a lambda that begins with a zero byte", func(c *tokenCase) {
		p := key(implicitIssuerKey).point()
		c.search(&c.index, func() byte { return be32(lambdaOf(c.implicitly.reconstructionPoint(), p, c.head()))[0] })
	})

	bad := func(fault, flags, comment string, change func(*tokenCase)) {
		b.invalid(citycode.BadSignature, fault, "Implicit "+flags, comment, change)
	}
	e.implicitLambda(bad)
	e.implicitSigner(bad)
	e.implicitAltered(bad)

	refuse := func(r citycode.Reason, fault, flags, comment string, change func(*tokenCase)) {
		b.invalid(r, fault, "Implicit "+flags, comment, change)
	}
	refuse(citycode.IssuerNotAllowed, "issuer/explicit-key-issues-implicit", "KeyUse", "the key is listed for explicit codes, the code is implicit", func(c *tokenCase) {
		c.issuer = id(shenyang, 6)
		c.issuedAs(issuance{issuer: "210100 issuer 6", requester: personA, w: "w of issuer 6"})
	})
	refuse(citycode.IssuerNotAllowed, "issuer/master-key-signs-explicit", "KeyUse", "the key is listed for implicit codes of profile transit and signed an explicit one", func(c *tokenCase) {
		c.draft = ride()
		c.by(7, "210100 implicit issuer 7")
	})
	refuse(citycode.UnknownIssuer, "issuer/implicit-not-listed", "UnknownIssuer", "an implicit code of a key that nobody listed", func(c *tokenCase) {
		c.issuer = id(shenyang, 9)
		c.issuedAs(issuance{issuer: attacker, requester: personA, w: "w of an attacker"})
	})
	refuse(citycode.Malformed, "mode/explicit-in-implicit-profile", "KeyMode", "the mode byte says explicit and the token is laid out so, its profile is implicit", func(c *tokenCase) {
		c.draft = ride()
		c.profile = 0x13
		c.by(6, "210100 issuer 6")
	})
	refuse(citycode.Malformed, "profile/implicit-named-transit", "KeyMode", "an implicit code whose profile byte says transit", func(c *tokenCase) {
		c.signedAlready()
		c.profile = byte(citycode.ProfileTransit)
	})
	refuse(citycode.Revoked, "statusIndex/implicit-revoked", "Status", "a genuine implicit code that is revoked", func(c *tokenCase) { c.index = revokedIndex })
	refuse(citycode.Suspended, "statusIndex/implicit-suspended", "Status", "a genuine implicit code that is suspended", func(c *tokenCase) { c.index = suspendedIndex })
	refuse(citycode.Expired, "notAfter/implicit-expired", "Expired", "a genuine implicit code that has ended", func(c *tokenCase) { c.notAfter = now - 1 })
	refuse(citycode.CodeTooOld, "time/implicit-picture", "CodeTooOld", "a picture of an implicit code, ten minutes old", func(c *tokenCase) { c.time = now - 600 })
	refuse(citycode.Replayed, "token/implicit-again", "Replay", "an implicit code a second time, with another signature of the same key", func(c *tokenCase) {
		c.before = []scan{{nil, "", c.token(), valid}}
		c.holderSign.nonce = "again"
	})
	b.valid("Implicit NoTrace", "the same code behind a forged one of the same serial with a higher counter: the forgery has left no trace", func(c *tokenCase) {
		forged := implicitRide()
		forged.counter, forged.holderSign = 1000, signing{key: attacker, tag: "CC1/tokn"}
		c.before = []scan{{nil, "", forged.token(), refused(citycode.BadSignature)}}
	})
}

func be10(n int) string { return big.NewInt(int64(n)).String() }

// implicitLambda has issuers that compute lambda in another way; the holder signs with the key that follows.
func (e *envelope) implicitLambda(bad func(fault, flags, comment string, change func(*tokenCase))) {
	lambda := func(fault, comment string, f func(w, ppub point, static []byte) *big.Int) {
		bad("lambda/"+fault, "Lambda", comment, func(c *tokenCase) { c.implicitly.lambda = f })
	}
	withoutW := func(static []byte) []byte { return identityOf(static[:len(static)-33]) }
	lambda("without-coordinates-of-w", "lambda = HA: W stands in the identity alone", func(w, p point, s []byte) *big.Int { return number(identityHash(identityOf(s), p)) })
	lambda("identity-without-w", "W stands in front of HA and not in the identity", func(w, p point, s []byte) *big.Int {
		return number(sm3(w.bytes(), identityHash(withoutW(s), p)))
	})
	lambda("without-w", "lambda without W at all: anybody could choose a key and compute a W", func(w, p point, s []byte) *big.Int { return number(identityHash(withoutW(s), p)) })
	lambda("x-of-w-only", "lambda over the x of W alone", func(w, p point, s []byte) *big.Int { return number(sm3(be32(w.x), identityHash(identityOf(s), p))) })
	lambda("compressed-w", "lambda over the 33 bytes of W", func(w, p point, s []byte) *big.Int {
		return number(sm3(w.compressed(), identityHash(identityOf(s), p)))
	})
	lambda("ha-before-w", "lambda = SM3(HA ‖ xW ‖ yW)", func(w, p point, s []byte) *big.Int { return number(sm3(identityHash(identityOf(s), p), w.bytes())) })
	lambda("no-tag", "the identity without CC1/impl", func(w, p point, s []byte) *big.Int { return number(sm3(w.bytes(), identityHash(s, p))) })
	lambda("without-issuer", "HA with W in the place of the issuer's key", func(w, p point, s []byte) *big.Int { return number(sm3(w.bytes(), identityHash(identityOf(s), w))) })
	lambda("truncated", "the first 16 bytes of lambda", func(w, p point, s []byte) *big.Int { return new(big.Int).Rsh(lambdaOf(w, p, s), 128) })
	lambda("zero", "lambda = 0: the issuer's key drops out and W is the key", func(w, p point, s []byte) *big.Int { return new(big.Int) })
	lambda("one", "lambda = 1", func(w, p point, s []byte) *big.Int { return new(big.Int).Set(one) })
	lambda("negated", "n - lambda", func(w, p point, s []byte) *big.Int { return mod(new(big.Int).Neg(lambdaOf(w, p, s))) })

	bad("reconstructionPoint/computed-for-a-chosen-key", "Lambda", "words of an attacker's own: W = X - [lambda]P for his key X, with a lambda that is not over W. No issuer took part", func(c *tokenCase) {
		p := key(implicitIssuerKey).point()
		c.subject = filler("whatever he likes", 8)
		head := c.head()
		l := number(identityHash(withoutW(head), p))
		c.holderKey = key(attacker).point().minus(p.times(l)).compressed()
		c.holderSign.key = attacker
	})
}

// implicitSigner has tokens that somebody else signed, or under another ZA, and values of W.
func (e *envelope) implicitSigner(bad func(fault, flags, comment string, change func(*tokenCase))) {
	for _, k := range []struct{ fault, name, comment string }{
		{"by-requester", personA, "signed by the requester's own secret, before the issuer's answer was added"},
		{"by-master-key", implicitIssuerKey, "signed by the issuer's master key"},
		{"by-stranger", attacker, "signed by a key that has nothing to do with it"},
	} {
		bad("holderSignature/implicit-"+k.fault, "WrongKey", k.comment, func(c *tokenCase) { c.holderSign.key = k.name })
	}
	bad("holderSignature/implicit-by-share", "WrongKey", "signed by the issuer's share alone, which the issuer knows", func(c *tokenCase) {
		c.holderSign.with = keyOf(c.implicitly.share(c.head()))
	})
	bad("holderSignature/implicit-by-another-answer", "WrongKey", "signed by the key of another answer to the same requester", func(c *tokenCase) {
		other := *c.implicitly
		other.w = "another w"
		c.holderSign.with = other.key(c.head())
	})
	za := func(fault, comment string, of func(c *tokenCase) point) {
		bad("holderSignature/za-"+fault, "WrongZA", comment, func(c *tokenCase) {
			p := of(c)
			c.holderSign.za = func(*testKey) []byte { return (&testKey{x: p.x, y: p.y}).za(identity) }
		})
	}
	za("over-issuer", "ZA over Ppub: a signature could be moved to another key", func(*tokenCase) point { return key(implicitIssuerKey).point() })
	za("over-w", "ZA over W", func(c *tokenCase) point { return c.implicitly.reconstructionPoint() })
	za("over-requester", "ZA over the requester's point U", func(*tokenCase) point { return key(personA).point() })
	bad("holderSignature/implicit-no-za", "WrongZA", "without ZA", func(c *tokenCase) { c.holderSign.za = func(*testKey) []byte { return nil } })
	bad("holderSignature/moved-to-another-key", "Moved", "the genuine signature, moved from PA to [c](PA+G) - G", func(c *tokenCase) {
		c.holderSign.after = func(sig []byte, _ *testKey) []byte { return moved(sig, nonceOf("c")) }
	})
	bad("reconstructionPoint/moved-with-the-signature", "Moved Lambda", "W' = [c](PA+G) - G - [lambda]P for an attacker's c, and a citizen's signature moved there: passes where ZA is over Ppub, lambda not over W and the signature over the dynamic part alone",
		func(c *tokenCase) {
			p, factor := key(implicitIssuerKey).point(), nonceOf("c")
			head := c.head()
			holder := c.implicitly.key(head)
			digest := sm3(key(implicitIssuerKey).za(identity), []byte("CC1/tokn"), c.dynamic())
			target := holder.point().plus(generator()).times(factor).minus(generator())
			c.holderKey = target.minus(p.times(number(identityHash(identityOf(head[:len(head)-33]), p)))).compressed()
			c.holderSign.give = moved(holder.sign(digest), factor)
		})
	for _, tag := range []string{"CC1/impl", "CC1/cred", "CC1/popp"} {
		bad("holderSignature/implicit-tag-"+tag[4:], "WrongTag", "signed under "+tag+" instead of CC1/tokn", func(c *tokenCase) { c.holderSign.tag = tag })
	}
	bad("holderSignature/implicit-halves-swapped", "Malleable", "s‖r in place of r‖s", func(c *tokenCase) {
		c.holderSign.after = func(sig []byte, _ *testKey) []byte { return append(slices.Clone(sig[32:]), sig[:32]...) }
	})
	bad("holderSignature/implicit-all-zero", "ScalarRange", "64 zero bytes", func(c *tokenCase) { c.holderSign.give = make([]byte, 64) })

	w := func(fault, flags, comment string, value func(c *tokenCase) []byte) {
		bad("reconstructionPoint/"+fault, flags, comment, func(c *tokenCase) {
			c.signedAlready()
			c.holderKey = value(c)
		})
	}
	w("garbage", "Garbage", "a W that nobody issued: it gives some key", func(*tokenCase) []byte { return key("garbage").public() })
	w("not-on-curve", "OffCurve", "there is no point with this x", func(*tokenCase) []byte { return offCurve() })
	w("x-not-below-p", "OffCurve", "x+p in place of x", func(*tokenCase) []byte { return beyondField() })
	w("other-point-of-x", "Altered", "-W in place of W", func(c *tokenCase) []byte { return append([]byte{c.holderKey[0] ^ 1}, c.holderKey[1:]...) })
	w("of-another-credential", "Moved", "the W of another answer", func(c *tokenCase) []byte {
		other := *c.implicitly
		other.w = "another w"
		return other.reconstructionPoint().compressed()
	})
	w("is-issuer-key", "Garbage", "Ppub in the place of W", func(*tokenCase) []byte { return key(implicitIssuerKey).public() })
	w("is-generator", "Garbage", "G in the place of W", func(*tokenCase) []byte { return generator().compressed() })
	bad("reconstructionPoint/is-the-holder-key", "SelfChecked", "an attacker's key in the place of W, and his signature: passes where W is taken for the key", func(c *tokenCase) {
		c.shownBy(attacker)
	})
	bad("statusIndex/garbage-on-revoked", "Garbage Order", "garbage W over a revoked index: until a signature holds, nobody has said that this credential exists", func(c *tokenCase) {
		c.index = revokedIndex
		c.signedAlready()
		c.holderKey = key("garbage").public()
	})
	bad("notAfter/garbage-on-expired", "Garbage Order", "garbage W over a credential that has ended", func(c *tokenCase) {
		c.notAfter = now - 1
		c.signedAlready()
		c.holderKey = key("garbage").public()
	})
}

// implicitAltered flips a bit of every field that the first steps do not judge.
func (e *envelope) implicitAltered(bad func(fault, flags, comment string, change func(*tokenCase))) {
	for _, field := range []string{"issuedAt", "notAfter", "statusList", "statusIndex", "benefit", "subject", "reconstructionPoint", "time", "counter", "holderSignature"} {
		bad(field+"/implicit-bit-flipped", "Altered", "one bit of "+field+" flipped after signing", func(c *tokenCase) {
			_, to := c.spanOf(field)
			c.edit = func(token []byte) []byte { token[to-1] ^= 1; return token }
		})
	}
	bad("issuer/implicit-altered", "Altered", "the other implicit issuer's id over a genuine code", func(c *tokenCase) {
		c.signedAlready()
		c.issuer = id(shenyang, 8)
	})
	bad("challenge/implicit-stripped", "Stripped", "an answer to a challenge, made into a one-way code", func(c *tokenCase) {
		c.challenge = drawn("210100 gate 7", 16, now).Value
		c.signedAlready()
		c.challenge = nil
	})
}
