"""Forged tokens: one row for each, sent to every kind of authorizer that reads tokens, and refused by all in the service's words.

Which tokens are good is in tests of their own.
"""

import base64
import hashlib
import hmac
import json
import time

import pytest

import products
from apis import Api, Routes, function_arn, mock
from issuer import EcKey, encoded
from products import ACCOUNT, REGION

UNAUTHORIZED = (401, "UnauthorizedException", {"message": "Unauthorized"})
EXPIRED = (401, "UnauthorizedException", {"message": "The incoming token has expired"})

POOL = f"{REGION}_pets"
# Of a user pool's token and of any other issuer's alike, so that one token may be tried everywhere.
GOOD = {"aud": "pets", "token_use": "id", "cognito:username": "ann"}


class Forger:
    """Somebody who has the issuers' tokens, and keys of their own."""

    def __init__(self, issuers):
        self.issuers, self.own = issuers, EcKey("own")
        self.rsa, self.ec = issuers.keys
        self.elsewhere, self.for_encryption, self.for_es384 = EcKey("elsewhere"), EcKey("enc", use="enc"), EcKey("es384", alg="ES384")
        issuers.more = {"elsewhere": [self.elsewhere], POOL: [self.for_encryption, self.for_es384]}
        self.good = self.token()
        self.head, self.body, self.signature = self.good.split(".")

    def token(self, name=POOL, **more):
        return self.issuers.token(name, **{**GOOD, **more})

    def claims(self, **more):
        now = int(time.time())
        return {"iss": self.issuers.issuer(POOL), "sub": "ann", "iat": now, "exp": now + 60, **GOOD, **more}

    def raw(self, header=None, claims=None, key=None, sign=None):
        """Signed by the issuer, whatever it is."""
        key = key or self.rsa
        header = header or json.dumps({"alg": key.algorithm, "kid": key.kid}).encode()
        message = f"{encoded(header)}.{encoded(claims or json.dumps(self.claims()).encode())}"
        return f"{message}.{encoded((sign or key.sign)(message.encode()))}"

    def with_secret(self, algorithm, secret, digest):
        """Signed with what anybody can read, as if it were a secret."""
        header = json.dumps({"alg": algorithm, "kid": "rsa"}).encode()
        return self.raw(header, sign=lambda message: hmac.digest(secret, message, digest))

    def members(self, extra):
        """The claims as JSON, with more of it than a writer of JSON would write."""
        return json.dumps(self.claims()).encode()[:-1] + extra + b"}"


def der(signature):
    """The other form of a signature by a curve."""
    def integer(number):
        number = number.lstrip(b"\0") or b"\0"
        number = b"\0" + number if number[0] & 0x80 else number
        return b"\x02" + bytes([len(number)]) + number
    both = integer(signature[:32]) + integer(signature[32:])
    return b"\x30" + bytes([len(both)]) + both


def plain(text):
    return base64.b64encode(text).decode()


REST, HTTP, ROUTES_AND_JWT = {"pool", "jwt"}, {"http"}, {"jwt", "http"}

# What is sent as a token, and which kinds of authorizer it is sent to where that is not all of them.
TOKENS = {
    # The algorithm.
    "alg none": lambda f: f.token(header={"alg": "none"}, signature=b""),
    "alg None": lambda f: f.token(header={"alg": "None"}, signature=b""),
    "alg NONE, signed": lambda f: f.token(header={"alg": "NONE"}),
    "alg of nothing": lambda f: f.token(header={"alg": ""}, signature=b""),
    "no alg": lambda f: f.raw(b'{"kid":"rsa"}'),
    "alg in small letters": lambda f: f.token(header={"alg": "rs256"}),
    "alg with a space": lambda f: f.token(header={"alg": "RS256 "}),
    "alg that is a list": lambda f: f.token(header={"alg": ["RS256"]}),
    "alg twice": lambda f: f.raw(b'{"alg":"none","alg":"RS256","kid":"rsa"}'),
    "HMAC with the published key": lambda f: f.with_secret("HS256", json.dumps(f.rsa.published()).encode(), hashlib.sha256),
    "HMAC with the modulus": lambda f: f.with_secret("HS256", f.rsa.published()["n"].encode(), hashlib.sha256),
    "HMAC with nothing": lambda f: f.with_secret("HS512", b"", hashlib.sha512),
    "another digest": lambda f: f.token(header={"alg": "RS512"}),
    "another padding": lambda f: f.token(header={"alg": "PS256"}),
    "a curve's algorithm and an RSA key": lambda f: f.token(header={"alg": "ES256"}),
    "an algorithm that is not allowed": (HTTP, lambda f: f.token(key=f.ec)),
    # The key.
    "kid of nobody": lambda f: f.token(header={"kid": "nobody"}),
    "kid that is a path": lambda f: f.token(header={"kid": "../../rsa"}),
    "kid that is a query": lambda f: f.token(header={"kid": "x' UNION SELECT 'rsa"}),
    "kid that is an address": lambda f: f.token(key=f.own, header={"kid": f.issuers.issuer("evil") + "/.well-known/jwks.json"}),
    "kid that is null": lambda f: f.token(header={"kid": None}),
    "kid that is a number": lambda f: f.token(header={"kid": 0}),
    "kid of another key": lambda f: f.token(header={"kid": "ec"}),
    "kid of the issuer, own key": (REST, lambda f: f.token(key=f.own, header={"kid": "ec"})),
    "key of another issuer": (REST, lambda f: f.token(key=f.elsewhere)),
    "token of another issuer": (REST, lambda f: f.token("elsewhere", key=f.elsewhere)),
    "key of another issuer that is asked too": ({"jwt"}, lambda f: f.token("second", key=f.for_es384, header={"alg": "ES256"})),
    "key for encryption": ({"jwt"}, lambda f: f.token(key=f.for_encryption)),
    "key for another algorithm": ({"jwt"}, lambda f: f.token(key=f.for_es384)),
    # What comes along in the header is not looked at, and not fetched.
    "jwk": lambda f: f.token(key=f.own, header={"jwk": f.own.published()}),
    "jku": lambda f: f.token(key=f.own, header={"jku": f.issuers.issuer("evil") + "/.well-known/jwks.json"}),
    "x5u": lambda f: f.token(key=f.own, header={"x5u": f.issuers.issuer("evil") + "/cert.pem"}),
    "x5c": lambda f: f.token(key=f.own, header={"x5c": [plain(b"certificate")]}),
    "crit": lambda f: f.token(header={"crit": ["exp"], "exp": 1}),
    "crit of nothing": lambda f: f.token(header={"crit": []}),
    "b64 false": lambda f: f.token(header={"b64": False, "crit": ["b64"]}),
    "b64 false, signed as it stands": lambda f: f.raw(
        b'{"alg":"RS256","kid":"rsa","b64":false}', sign=lambda m: f.rsa.sign(m.split(b".")[0] + b"." + json.dumps(f.claims()).encode())),
    # The signature.
    "no signature": lambda f: f"{f.head}.{f.body}.",
    "signature of zeros": lambda f: f.token(signature=b"\0" * 256),
    "signature cut short": lambda f: f"{f.head}.{f.body}.{f.signature[:-4]}",
    "signature with a zero before it": lambda f: f.token(signature=b"\0" + f.rsa.sign(f"{f.head}.{f.body}".encode())),
    "signature of another token": lambda f: f"{f.head}.{f.token(sub='eve').split('.')[1]}.{f.signature}",
    "header of another token": lambda f: f"{encoded({'alg': 'RS256', 'kid': 'rsa', 'typ': 'at+jwt'})}.{f.body}.{f.signature}",
    "a curve's signature in DER": (REST, lambda f: f.raw(key=f.ec, sign=lambda message: der(f.ec.sign(message)))),
    "a curve's signature of zeros": (REST, lambda f: f.token(key=f.ec, signature=b"\0" * 64)),
    "a curve's signature with more bytes": (REST, lambda f: f.raw(
        key=f.ec, sign=lambda m: (lambda s: b"\0" + s[:32] + b"\0" + s[32:])(f.ec.sign(m)))),
    # Times.
    "expired": lambda f: f.token(exp=int(time.time()) - 1),
    "expired by a fraction": lambda f: f.token(exp=int(time.time()) - 0.5),
    "exp below zero": lambda f: f.token(exp=-1),
    "no exp": lambda f: f.token(exp=None),
    "exp that is null": lambda f: f.raw(claims=json.dumps(f.claims(exp=None)).encode()),
    "exp that is a text": lambda f: f.token(exp="9999999999"),
    "exp that is true": lambda f: f.token(exp=True),
    "exp that is a list": lambda f: f.token(exp=[9999999999]),
    "exp beyond all numbers": lambda f: f.raw(claims=json.dumps(f.claims(exp=7)).encode().replace(b'"exp": 7', b'"exp": 1e999')),
    "exp that is no number": lambda f: f.raw(claims=json.dumps(f.claims(exp=float("inf"))).encode()),
    "nbf to come": lambda f: f.token(nbf=int(time.time()) + 60),
    "nbf that is a text": lambda f: f.token(nbf="0"),
    "iat to come": lambda f: f.token(iat=int(time.time()) + 60),
    # For whom, and of whom.
    "aud of another": (ROUTES_AND_JWT, lambda f: f.token(aud="shop")),
    "aud of others": (ROUTES_AND_JWT, lambda f: f.token(aud=["shop", "pet", "petss", "PETS"])),
    "no aud": (ROUTES_AND_JWT, lambda f: f.token(aud=None)),
    "aud that is a list of nothing": lambda f: f.token(aud=[]),
    "aud in a list in a list": lambda f: f.token(aud=[["pets"]]),
    "aud in an object": lambda f: f.token(aud={"pets": "pets"}),
    "aud among other things": lambda f: f.token(aud=["pets", 1]),
    "aud with a comma": (ROUTES_AND_JWT, lambda f: f.token(aud="pets,shop")),
    "aud with a space": (ROUTES_AND_JWT, lambda f: f.token(aud=" pets")),
    "iss with a slash": lambda f: f.token(iss=f.issuers.issuer(POOL) + "/"),
    "iss in capitals": lambda f: f.token(iss=f.issuers.issuer(POOL).upper()),
    "iss in a list": lambda f: f.token(iss=[f.issuers.issuer(POOL)]),
    "iss of nobody": lambda f: f.token(iss=None),
    "iss that begins alike": lambda f: f.token(iss=f.issuers.issuer(POOL) + ".evil.example"),
    "iss with a user": lambda f: f.token(iss=f.issuers.issuer(POOL).replace("://", "://user@")),
    # JSON that is read in two ways.
    "a claim twice": lambda f: f.raw(claims=f.members(b',"sub":"admin"')),
    "exp twice": lambda f: f.raw(claims=f.members(b',"exp":9999999999')),
    "a claim twice, once escaped": lambda f: f.raw(claims=f.members(b',"s\\u0075b":"admin"')),
    "a claim twice, within another": lambda f: f.raw(claims=f.members(b',"x":{"a":1,"a":2}')),
    "claims and more": lambda f: f.raw(claims=json.dumps(f.claims()).encode() + b" {}"),
    "claims in a list": lambda f: f.raw(claims=json.dumps([f.claims()]).encode()),
    "claims that are deep": lambda f: f.raw(claims=f.members(b',"x":' + b"[" * 2_000 + b"]" * 2_000)),
    "claims that are not UTF-8": lambda f: f.raw(claims=f.members(b',"x":"\xff"')),
    "claims with a mark before them": lambda f: f.raw(claims=b"\xef\xbb\xbf" + json.dumps(f.claims()).encode()),
    "header that is a text": lambda f: f.raw(b'"RS256"'),
    # Base64 that is read in two ways.
    "padding": lambda f: f"{f.good}==",
    "bits that mean nothing": lambda f: f.good[:-1] + chr(ord(f.good[-1]) + 1),
    "the other base64": lambda f: f.good.replace("-", "+").replace("_", "/") if set("-_") & set(f.good) else f.good + "+",
    "a space within": lambda f: f"{f.head}. {f.body}.{f.signature}",
    "a tab within": lambda f: f"{f.head}.{f.body[:9]}\t{f.body[9:]}.{f.signature}",
    "escaped": lambda f: f.good.replace(".", "%2E"),
    "two parts": lambda f: f"{f.head}.{f.body}",
    "four parts": lambda f: f"{f.good}.",
    "five parts": lambda f: f"{f.head}..{f.body}.{f.signature}.{f.signature}",
    "nothing but points": lambda f: "..",
    "a long one": lambda f: "x" * 9_000,
    # Where it stands.
    "another scheme": lambda f: [("Authorization", f"Basic {f.good}")],
    "two in one": lambda f: [("Authorization", f"Bearer {f.good} {f.good}")],
    "two with a comma": lambda f: [("Authorization", f"Bearer {f.good},Bearer {f.good}")],
    "two headers, the last one own": lambda f: [("Authorization", f.good), ("authorization", f.token(header={"alg": "none"}, signature=b""))],
    "another header": lambda f: [("X-Authorization", f.good), ("Proxy-Authorization", f"Bearer {f.good}"), ("X-Forwarded-Authorization", f.good)],
    "a name with an underscore": lambda f: [("Authorization_", f.good), ("HTTP_AUTHORIZATION", f.good)],
    "a cookie": lambda f: [("Cookie", f"Authorization={f.good}; access_token={f.good}")],
    "said to be verified": lambda f: [("X-Amzn-Oidc-Data", f.good), ("X-Amzn-Oidc-Identity", "ann"), ("X-Authenticated-User", "ann")],
}


@pytest.fixture(scope="module")
def forger(issuers):
    return Forger(issuers)


@pytest.fixture(scope="module")
def guards(folder, lambdas, issuers, forger):
    """By kind of authorizer, how to send something to a method behind it."""
    product = products.Dev(folder / "attacks", "--memory", environment={
        "AWS_ENDPOINT_URL_LAMBDA": lambdas.url, "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER": issuers.url})
    pool, jwt, http = Api(product), Api(product), Routes(product)
    names = {"pool": {"type": "COGNITO_USER_POOLS", "providerARNs": [f"arn:aws:cognito-idp:{REGION}:{ACCOUNT}:userpool/{POOL}"]},
             "jwt": {"type": "JWT", "jwtConfiguration": {"defaultAlgorithms": ["RS256", "ES256"], "issuers": [
                 {"issuer": issuers.issuer(name), "audiences": ["pets"]} for name in (POOL, "second")]}}}
    for made, how in ((pool, names["pool"]), (jwt, names["jwt"])):
        authorizer = made.client.create_authorizer(
            restApiId=made.id, name="guard", identitySource="method.request.header.Authorization", **how)
        made.route("GET /", mock(), authorizationType=how["type"], authorizerId=authorizer["id"])
        made.deploy()
    authorizer = http.client.create_authorizer(
        ApiId=http.id, Name="guard", AuthorizerType="JWT", IdentitySource=["$request.header.Authorization"],
        JwtConfiguration={"Issuer": issuers.issuer(POOL), "Audience": ["pets"]})
    name = lambdas.function({"statusCode": 200})
    http.route("GET /", {"IntegrationType": "AWS_PROXY", "IntegrationUri": function_arn(name), "PayloadFormatVersion": "2.0"},
               AuthorizationType="JWT", AuthorizerId=authorizer["AuthorizerId"])
    yield {"pool": pool, "jwt": jwt, "http": http}
    product.stop()


@pytest.mark.parametrize("attack", TOKENS)
def test_a_forged_token_is_refused_by_every_kind_of_authorizer(guards, forger, attack):
    made = TOKENS[attack]
    kinds, make = made if isinstance(made, tuple) else (set(guards), made)
    sent = make(forger)
    headers = sent if isinstance(sent, list) else [("Authorization", f"Bearer {sent}")]
    for kind in sorted(kinds):
        answer = guards[kind].send("/", headers=headers)
        if kind == "http":
            assert (answer.status, answer.body) == (401, b'{"message":"Unauthorized"}'), (kind, answer)
            assert answer.header("www-authenticate").startswith("Bearer"), (kind, answer)
        else:
            expected = EXPIRED if attack in ("expired", "expired by a fraction", "exp below zero") else UNAUTHORIZED
            found = answer.status, answer.header("x-amzn-errortype"), answer.json()
            assert found == expected, (kind, answer)
            assert answer.header("www-authenticate") is None


def test_what_is_not_forged_passes_and_nobody_was_asked_for_the_forgers_keys(guards, forger, issuers):
    for kind, guard in guards.items():
        for token in [forger.token(), forger.token(exp=time.time() + 60.5), forger.token(exp=1e300), forger.token(header={"typ": None, "x5t": "x"})]:
            answer = guard.send("/", headers=[("Authorization", f"Bearer {token}")])
            assert answer.status == 200, (kind, answer)
    assert guards["jwt"].send("/", headers=[("Authorization", forger.token("second", key=forger.ec, aud=["x", "pets"]))]).status == 200
    assert not [one.target for one in issuers.requests if "evil" in one.target or "cert.pem" in one.target]


def test_a_flood_of_unknown_keys_makes_nobody_fetch(guards, forger, issuers):
    before = issuers.times_asked("second")
    guards["jwt"].send("/", headers=[("Authorization", forger.token("second"))])
    for number in range(200):
        answer = guards["jwt"].send("/", headers=[("Authorization", forger.token("second", key=forger.ec, header={"kid": f"unknown{number}"}, signature=b"x" * 64))])
        assert answer.status == 401
    # The first that is unknown may be new, and after it none for a while.
    assert issuers.times_asked("second") - before <= 3
    assert guards["jwt"].send("/", headers=[("Authorization", forger.token("second"))]).status == 200
