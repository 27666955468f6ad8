"""Issuers of tokens: OIDC providers and user pools on one port of this machine, whose keys rotate and which can be away.

The cryptography is a few lines of arithmetic, so that what the gateway verifies was not made by what it verifies with.
"""

import base64
import hashlib
import json
import secrets
import time

import rsa

from backends import Server
from products import ROOT

# P-256.
P = 2**256 - 2**224 + 2**192 + 2**96 - 1
N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
G = (0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
     0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5)


def added(a, b):
    if a is None or b is None:
        return a or b
    if a[0] == b[0]:
        if (a[1] + b[1]) % P == 0:
            return None
        slope = (3 * a[0] * a[0] - 3) * pow(2 * a[1], -1, P)
    else:
        slope = (b[1] - a[1]) * pow(b[0] - a[0], -1, P)
    x = (slope * slope - a[0] - b[0]) % P
    return x, (slope * (a[0] - x) - a[1]) % P


DOUBLES = [G]
for _ in range(255):
    DOUBLES.append(added(DOUBLES[-1], DOUBLES[-1]))


def times_g(factor):
    result = None
    for bit, point in enumerate(DOUBLES):
        if factor >> bit & 1:
            result = added(result, point)
    return result


def encoded(data):
    data = data if isinstance(data, bytes) else json.dumps(data).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def number(value, size=None):
    return encoded(value.to_bytes(size or (value.bit_length() + 7) // 8, "big"))


# What says before a digest which one it is.
SHA_256 = bytes.fromhex("3031300d060960864801650304020105000420")


class RsaKey:
    """The key of other tests: making one takes seconds."""

    algorithm = "RS256"

    def __init__(self, kid):
        text = (ROOT / "shared/identity/tests/identity/rsa_key.txt").read_text()
        self.kid, self.private = kid, rsa.PrivateKey.load_pkcs1(base64.b64decode(text), "DER")

    def published(self):
        n, e = number(self.private.n), number(self.private.e)
        return {"kid": self.kid, "kty": "RSA", "use": "sig", "alg": "RS256", "n": n, "e": e}

    def sign(self, message):
        key, digest = self.private, SHA_256 + hashlib.sha256(message).digest()
        size = (key.n.bit_length() + 7) // 8
        padded = int.from_bytes(b"\0\1" + b"\xff" * (size - 3 - len(digest)) + b"\0" + digest, "big")
        # The remainders by the two primes, put together: several times as quick.
        of_p, of_q = pow(padded, key.exp1, key.p), pow(padded, key.exp2, key.q)
        return (of_q + (of_p - of_q) * key.coef % key.p * key.q).to_bytes(size, "big")


class EcKey:
    algorithm = "ES256"

    def __init__(self, kid, **more):
        """`more` is what is published of it besides."""
        self.kid, self.more, self.secret = kid, more, secrets.randbelow(N - 1) + 1

    def published(self):
        x, y = times_g(self.secret)
        return {"kid": self.kid, "kty": "EC", "crv": "P-256", "x": number(x, 32), "y": number(y, 32), **self.more}

    def sign(self, message):
        digest = int.from_bytes(hashlib.sha256(message).digest(), "big")
        nonce = secrets.randbelow(N - 1) + 1
        r = times_g(nonce)[0] % N
        s = pow(nonce, -1, N) * (digest + r * self.secret) % N
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")


class Issuers(Server):
    """`/{name}` is an issuer, whichever name: by discovery, or as a user pool. All of them have the same keys, and some have more."""

    def __init__(self):
        super().__init__()
        self.keys = [RsaKey("rsa"), EcKey("ec")]
        self.more = {}
        self.is_away = False

    def issuer(self, name):
        return f"{self.url}/{name}"

    def times_asked(self, name, what="jwks.json"):
        return sum(one.path == f"/{name}/.well-known/{what}" for one in self.requests)

    def handle(self, received):
        received.read()
        if self.is_away:
            return received.answer(503)
        name, _, document = received.path.strip("/").partition("/.well-known/")
        if document == "openid-configuration":
            issuer = self.issuer(name)
            answer = {"issuer": issuer, "jwks_uri": f"{issuer}/.well-known/jwks.json"}
        elif document == "jwks.json":
            answer = {"keys": [key.published() for key in (*self.keys, *self.more.get(name, ()))]}
        else:
            return received.answer(404)
        return received.answer(200, [("Content-Type", "application/json")], json.dumps(answer).encode())

    def token(self, name, key=None, header=None, signature=None, **claims):
        """A token that is good for a minute; a claim that is None is left out."""
        key, now = key or self.keys[0], int(time.time())
        claims = {"iss": self.issuer(name), "sub": "ann", "iat": now, "exp": now + 60, **claims}
        claims = {claim: value for claim, value in claims.items() if value is not None}
        header = {"alg": key.algorithm, "kid": key.kid, "typ": "JWT", **(header or {})}
        message = f"{encoded(header)}.{encoded(claims)}"
        signature = key.sign(message.encode()) if signature is None else signature
        return f"{message}.{encoded(signature)}"

    def id_token(self, name, **more):
        return self.token(name, **{"token_use": "id", "aud": "client", "cognito:username": "ann", **more})

    def access_token(self, name, scope="pets/read", **more):
        return self.token(name, **{"token_use": "access", "client_id": "client", "scope": scope, **more})
