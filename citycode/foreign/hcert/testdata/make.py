#!/usr/bin/env python3
"""Makes independent.json: certificates of a made-up issuer, and CBOR items.

It shares nothing with the Go code: CBOR is cbor2's, zlib is zlib's, Base45 and
ECDSA (RFC 6979 nonces) are written out below. Every run gives the same file.

    python3 testdata/make.py > testdata/independent.json     (Debian: python3-cbor2)

The keys come from a published sentence; they are TEST keys, known to everybody.
"""
import hashlib
import hmac
import json
import random
import zlib

import cbor2

P = 2**256 - 2**224 + 2**192 + 2**96 - 1
N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
G = (0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
     0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5)


def add(p, q):
    if p is None or q is None:
        return p or q
    if p[0] == q[0]:
        if (p[1] + q[1]) % P == 0:
            return None
        slope = (3 * p[0] * p[0] - 3) * pow(2 * p[1], -1, P)
    else:
        slope = (q[1] - p[1]) * pow(q[0] - p[0], -1, P)
    x = (slope * slope - p[0] - q[0]) % P
    return x, (slope * (p[0] - x) - p[1]) % P


def times(k, p):
    total = None
    while k:
        if k & 1:
            total = add(total, p)
        p = add(p, p)
        k >>= 1
    return total


def key(name):
    sentence = "CITIZEN CODE TEST KEY, KNOWN TO EVERYBODY: " + name
    d = int.from_bytes(hashlib.sha256(sentence.encode()).digest(), "big") % (N - 1) + 1
    return d, times(d, G)


def sign(d, message):
    h = hashlib.sha256(message).digest()
    x = d.to_bytes(32, "big") + (int.from_bytes(h, "big") % N).to_bytes(32, "big")
    k, v = b"\0" * 32, b"\1" * 32
    for sep in (b"\0", b"\1"):
        k = hmac.new(k, v + sep + x, "sha256").digest()
        v = hmac.new(k, v, "sha256").digest()
    v = hmac.new(k, v, "sha256").digest()
    nonce = int.from_bytes(v, "big")
    assert 0 < nonce < N
    r = times(nonce, G)[0] % N
    s = pow(nonce, -1, N) * (int.from_bytes(h, "big") + r * d) % N
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def base45(data):
    digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
    out = ""
    for i in range(0, len(data), 2):
        pair = data[i:i + 2]
        v = int.from_bytes(pair, "big")
        for _ in range(len(pair) + 1):
            out += digits[v % 45]
            v //= 45
    return out


def kid(name):
    return hashlib.sha256(b"TEST certificate of " + name.encode()).digest()[:8]


ISSUER = "hcert TEST issuer"
NOON = 1795320000
CLAIMS = {1: "XX", 4: NOON + 86400 * 180, 6: NOON - 86400,
          -260: {1: {"ver": "1.3.0", "dob": "1900-01-01",
                     "nam": {"fn": "Person A", "gn": "Test", "fnt": "PERSON<A", "gnt": "TEST"},
                     "v": [{"tg": "840539006", "co": "XX", "dn": 2, "sd": 2, "is": "TEST AUTHORITY", "ci": "URN:UVCI:TEST:0001"}]}}}


def certificate(claims=CLAIMS, protected=None, unprotected=None, tagged=True, packed=9):
    if protected is None:
        protected = {1: -7, 4: kid(ISSUER)}
    header = cbor2.dumps(protected) if protected else b""
    payload = cbor2.dumps(claims)
    signature = sign(key(ISSUER)[0], cbor2.dumps(["Signature1", header, b"", payload]))
    message = [header, unprotected or {}, payload, signature]
    message = cbor2.dumps(cbor2.CBORTag(18, message) if tagged else message)
    return "HC1:" + base45(zlib.compress(message, packed))


rng = random.Random(20261122)


def item(depth=0):
    kind = rng.randrange(6 if depth > 3 else 9)
    if kind < 2:
        return rng.choice([1, -1]) * rng.getrandbits(rng.choice([4, 8, 16, 32, 62]))
    if kind == 2:
        return rng.randbytes(rng.choice([0, 1, 23, 24, 300]))
    if kind == 3:
        return "TEST 市民码 " * rng.randrange(30)
    if kind == 4:
        return rng.choice([True, False, None, 1.5, 1e300, float("inf")])
    if kind == 5:
        return cbor2.CBORSimpleValue(rng.choice([0, 19, 32, 255]))
    if kind == 6:
        return [item(depth + 1) for _ in range(rng.randrange(7))]
    if kind == 7:
        return {rng.choice([i, -i - 1, "k%d" % i]): item(depth + 1) for i in range(rng.randrange(5))}
    return cbor2.CBORTag(rng.choice([6, 40, 999, 70000]), item(depth + 1))


def main():
    _, public = key(ISSUER)
    no_kid = {1: -7}
    out = {
        "comment": "made by make.py with cbor2; made-up people and TEST keys",
        "key": {"kid": kid(ISSUER).hex(), "x": "%064x" % public[0], "y": "%064x" % public[1]},
        "clock": NOON,
        "certificates": {
            "as most issuers make it": certificate(),
            "key id in the unprotected header": certificate(protected=no_kid, unprotected={4: kid(ISSUER)}),
            "key id in both": certificate(unprotected={4: b"01234567"}),
            "without a tag": certificate(tagged=False),
            "not compressed, but in zlib's form": certificate(packed=0),
            "without an issuer": certificate({k: v for k, v in CLAIMS.items() if k != 1}),
            "with claims and headers that nobody knows": certificate({**CLAIMS, 7: b"id", "x": [1.5]}, {1: -7, 4: kid(ISSUER), "x": {}}),
            "expiring this second": certificate({**CLAIMS, 4: NOON}),
            "issued 30 s ahead": certificate({**CLAIMS, 6: NOON + 30}),
        },
        "hcert": cbor2.dumps(CLAIMS[-260][1]).hex(),
        "items": [cbor2.dumps(item()).hex() for _ in range(120)],
    }
    print(json.dumps(out, indent=1, ensure_ascii=True))


main()
