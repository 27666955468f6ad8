"""What is tried against a gateway: one table for each way in, one row for each attack, and every one refused.

Tokens, signatures, API keys, addresses, answers that are kept, and expressions that take long. What each of these lets in, and what else it
refuses, is in tests of its own; here is what somebody does who wants more than they may. The answers are the service's.
"""

import base64
import datetime
import hashlib
import hmac
import json
import time
import uuid

import botocore.auth
import pytest

import products
from apis import Api, Routes, aws_proxy, function_arn, invoke_uri, mock
from issuer import EcKey, encoded
from products import ACCOUNT, REGION
from test_cache import caching, keyed
from test_iam import ann, api, ask, manage, secured, send, signed, sts  # noqa: F401  Whoever signs, as there.
from test_usage_plans import FORBIDDEN, Keyed, refusal

UNAUTHORIZED = (401, "UnauthorizedException", {"message": "Unauthorized"})
EXPIRED = (401, "UnauthorizedException", {"message": "The incoming token has expired"})


# --- tokens ---

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


# --- signatures ---

MISMATCH = "The request signature we calculated does not match the signature you provided."
INVALID = "The security token included in the request is invalid."
INCOMPLETE, WRONG, UNKNOWN = "IncompleteSignatureException", "InvalidSignatureException", "UnrecognizedClientException"


def listed(headers, add):
    return [*headers.items(), add]


def forged(change):
    """A signed request that was changed afterwards."""
    def of(api, keys, monkeypatch):
        method, target, headers, body = signed(api, keys, "/pets?a=1", "POST", b"body", [("X-Tag", "t")])
        return change(method, target, dict(headers), body)
    return of


def otherwise(**more):
    """A request that was signed for something else, or in another way."""
    return lambda api, keys, monkeypatch: signed(api, keys, "/pets", **more)


def at(seconds, **more):
    def of(api, keys, monkeypatch):
        monkeypatch.setattr(botocore.auth, "get_current_datetime",
                            lambda *_: datetime.datetime.now(datetime.UTC).replace(tzinfo=None) + datetime.timedelta(seconds=seconds))
        return signed(api, keys, "/pets", **more)
    return of


def query(change, expires=60):
    """A request that was signed in its query, and changed afterwards."""
    def of(api, keys, monkeypatch):
        method, target, headers, body = signed(api, keys, "/pets?a=1", signer=botocore.auth.SigV4QueryAuth, expires=expires)
        return method, change(target), headers, body
    return of


def authorization(change):
    """A signed request of which only `Authorization` was changed."""
    return forged(lambda m, t, h, b: (m, t, list({**h, "Authorization": change(h["Authorization"])}.items()), b))


def without_host(api, keys, monkeypatch):
    """Signed well, but for any host."""
    class Careless(botocore.auth.SigV4Auth):
        def headers_to_sign(self, request):
            headers = super().headers_to_sign(request)
            del headers["host"]
            return headers
    return signed(api, keys, "/pets", signer=Careless)


def for_another_day(api, keys, monkeypatch):
    class Yesterday(botocore.auth.SigV4Auth):
        def scope(self, request):
            return super().scope(request).replace(request.context["timestamp"][:8], "20200101")

        def credential_scope(self, request):
            return super().credential_scope(request).replace(request.context["timestamp"][:8], "20200101")
    return signed(api, keys, "/pets", signer=Yesterday)


def with_a_date(api, keys, monkeypatch):
    """Signed an hour ago, and sent with a `Date` of now."""
    method, target, headers, body = at(-3_600)(api, keys, monkeypatch)
    return method, target, [*headers, ("Date", datetime.datetime.now(datetime.UTC).strftime("%a, %d %b %Y %H:%M:%S GMT"))], body


def in_both(api, keys, _):
    method, target, headers, body = signed(api, keys, "/pets", signer=botocore.auth.SigV4QueryAuth, expires=60)
    return method, target, [*headers, *(one for one in signed(api, keys, "/pets")[2] if one[0] != "Host")], body


SIGNATURES = {
    # What was signed is something else.
    "method": (forged(lambda m, t, h, b: ("GET", t, list(h.items()), b)), WRONG, MISMATCH),
    "path": (forged(lambda m, t, h, b: (m, t.replace("pets", "p/x"), list(h.items()), b)), WRONG, MISMATCH),
    "dots": (forged(lambda m, t, h, b: (m, t.replace("/pets", "/x/../pets"), list(h.items()), b)), "MissingAuthenticationTokenException", "Missing Authentication Token"),
    "dots in a proxy": (lambda api, keys, _: (lambda m, t, h, b: (m, t.replace("/p/", "/p/y/../"), h, b))(*signed(api, keys, "/p/x")), WRONG, MISMATCH),
    "query": (forged(lambda m, t, h, b: (m, t.replace("a=1", "a=2"), list(h.items()), b)), WRONG, MISMATCH),
    "query, one more": (forged(lambda m, t, h, b: (m, t + "&admin=1", list(h.items()), b)), WRONG, MISMATCH),
    "body": (forged(lambda m, t, h, b: (m, t, list(h.items()), b"bodY")), WRONG, MISMATCH),
    "header": (forged(lambda m, t, h, b: (m, t, list({**h, "X-Tag": "u"}.items()), b)), WRONG, MISMATCH),
    "header twice": (forged(lambda m, t, h, b: (m, t, listed(h, ("x-tag", "t")), b)), WRONG, MISMATCH),
    "host in the line": (forged(lambda m, t, h, b: (m, f"http://x{h['Host'][1:]}{t}", list(h.items()), b)), "ForbiddenException", "Forbidden"),
    "host": (without_host, WRONG, "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."),
    "method in a header": (forged(lambda m, t, h, b: (m, t, listed(h, ("x-http-method-override", "DELETE")), b)), WRONG, "'x-http-method-override' must be a 'SignedHeader' in the AWS Authorization."),
    "amz header": (forged(lambda m, t, h, b: (m, t, listed(h, ("x-amz-meta", "1")), b)), WRONG, "'x-amz-meta' must be a 'SignedHeader' in the AWS Authorization."),
    "unsigned payload": (otherwise(headers=[("X-Amz-Content-SHA256", "UNSIGNED-PAYLOAD")]), WRONG, "The provided 'x-amz-content-sha256' header does not match what was computed."),
    "chunks": (otherwise(headers=[("X-Amz-Content-SHA256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD")]), WRONG, "The provided 'x-amz-content-sha256' header does not match what was computed."),
    # By whom, for what and when.
    "service": (otherwise(service="lambda"), WRONG, "Credential should be scoped to correct service: 'execute-api'. "),
    "region": (otherwise(region="us-east-1"), WRONG, "Credential should be scoped to a valid region. "),
    "day": (for_another_day, WRONG, "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20200101' != "),
    "end of the scope": (authorization(lambda a: a.replace("aws4_request", "aws4_reques")), WRONG, "Credential should be scoped with a valid terminator: 'aws4_request', not 'aws4_reques'."),
    "key of nobody": (authorization(lambda a: a.replace("Credential=", "Credential=X")), UNKNOWN, INVALID),
    "old": (at(-320), WRONG, "Signature expired: "),
    "new": (at(+330), WRONG, "Signature not yet current: "),
    "replayed with another date": (forged(lambda m, t, h, b: (m, t, list({**h, "X-Amz-Date": h["X-Amz-Date"][:-2] + ("0Z" if h["X-Amz-Date"][-2] != "0" else "1Z")}.items()), b)), WRONG, MISMATCH),
    "replayed with a Date": (with_a_date, WRONG, "Signature expired: "),
    "date without a signature": (forged(lambda m, t, h, b: (m, t, list({**h, "Authorization": h["Authorization"].replace(";x-amz-date", "")}.items()), b)), WRONG, "'x-amz-date' must be a 'SignedHeader' in the AWS Authorization."),
    "session that was not signed": (forged(lambda m, t, h, b: (m, t, listed(h, ("X-Amz-Security-Token", "x")), b)), WRONG, "'x-amz-security-token' must be a 'SignedHeader' in the AWS Authorization."),
    # The form.
    "authorization twice": (forged(lambda m, t, h, b: (m, t, listed(h, ("authorization", "Bearer x")), b)), INCOMPLETE, "'Authorization' must be given only once."),
    "authorization twice alike": (forged(lambda m, t, h, b: (m, t, listed(h, ("Authorization", h["Authorization"])), b)), INCOMPLETE, "'Authorization' must be given only once."),
    "algorithm": (authorization(lambda a: a.replace("SHA256", "SHA512")), INCOMPLETE, "Unsupported AWS 'algorithm': 'AWS4-HMAC-SHA512'."),
    "no algorithm": (authorization(lambda a: a.replace("AWS4-HMAC-SHA256", "none")), INCOMPLETE, "Unsupported AWS 'algorithm': 'none'."),
    "bearer": (authorization(lambda a: "Bearer abc"), INCOMPLETE, "'abc' not a valid key=value pair (missing equal-sign) in Authorization header: 'Bearer abc'."),
    "signature of nothing": (authorization(lambda a: a[:-64]), WRONG, MISMATCH),
    "signature cut short": (authorization(lambda a: a[:-1]), WRONG, MISMATCH),
    "signature in capitals": (authorization(lambda a: a[:-64] + a[-64:].upper()), WRONG, MISMATCH),
    "signature of zeros": (authorization(lambda a: a[:-64] + "0" * 64), WRONG, MISMATCH),
    "signature twice": (authorization(lambda a: a + ", Signature=" + "0" * 64), WRONG, MISMATCH),
    "headers in another order": (authorization(lambda a: a.replace("host;x-amz-date", "x-amz-date;host")), WRONG, MISMATCH),
    "headers that are not there": (authorization(lambda a: a.replace("host;", "host;x-absent;")), WRONG, ""),
    "unsigned": (forged(lambda m, t, h, b: (m, t, [("Host", h["Host"])], b)), "MissingAuthenticationTokenException", "Missing Authentication Token"),
    # In the query.
    "over": (at(-70, signer=botocore.auth.SigV4QueryAuth, expires=60), WRONG, "Signature expired: "),
    "longer": (query(lambda t: t.replace("Expires=60", "Expires=600")), WRONG, MISMATCH),
    "for more than a week": (query(lambda t: t, expires=604_801), INCOMPLETE, "X-Amz-Expires must be a number of seconds from 1 to 604800"),
    "for no time": (query(lambda t: t, expires=0), INCOMPLETE, "X-Amz-Expires must be a number of seconds from 1 to 604800"),
    "for ever": (query(lambda t: t.replace("&X-Amz-Expires=60", "")), INCOMPLETE, "AWS query-string parameters must include 'X-Amz-Expires'."),
    "query changed": (query(lambda t: t.replace("a=1", "a=2")), WRONG, MISMATCH),
    "query with one more": (query(lambda t: t + "&admin=1"), WRONG, MISMATCH),
    "query with one less": (query(lambda t: t.replace("a=1&", "")), WRONG, MISMATCH),
    "query twice": (query(lambda t: t + "&X-Amz-Expires=600"), INCOMPLETE, "'X-Amz-Expires' must be given only once."),
    "query twice, once escaped": (query(lambda t: t + "&X%2DAmz-Signature=0"), INCOMPLETE, "'X-Amz-Signature' must be given only once."),
    "query with a session": (query(lambda t: t + "&X-Amz-Security-Token=x"), "", ""),
    "query and header": (in_both, INCOMPLETE, "Only one auth mechanism allowed; "),
}


@pytest.mark.parametrize("attack", SIGNATURES)
def test_a_forged_signature_is_refused(api, ann, attack, monkeypatch):  # noqa: F811
    make, kind, message = SIGNATURES[attack]
    answer = send(api.product, *make(api, ann, monkeypatch))
    assert answer.status == 403, answer
    assert not kind or answer.header("x-amzn-ErrorType") == kind, answer
    assert answer.json()["message"].startswith(message), answer


def test_the_same_query_in_another_order_passes(api, ann):  # noqa: F811
    method, target, headers, body = signed(api, ann, "/pets?b=1&a=2", signer=botocore.auth.SigV4QueryAuth, expires=60)
    path, _, parameters = target.partition("?")
    turned = "&".join(reversed(parameters.split("&")))
    assert send(api.product, method, f"{path}?{turned}", headers, body).status == 200
    assert ask(api, ann, "/pets").status == 200


# --- API keys ---

def key_header(change, name="x-api-key"):
    return lambda k: ("/", [(name, change(k.value))])


KEYS = {
    "in the query": lambda k: (f"/?x-api-key={k.value}&api_key={k.value}", []),
    "in a cookie": lambda k: ("/", [("Cookie", f"x-api-key={k.value}")]),
    "with underscores": key_header(lambda v: v, "x_api_key"),
    "without hyphens": key_header(lambda v: v, "xapikey"),
    "in a header for authorization": key_header(lambda v: v, "Authorization"),
    "forwarded": key_header(lambda v: v, "x-forwarded-x-api-key"),
    "the key's id": lambda k: ("/", [("x-api-key", k.key)]),
    "in capitals": key_header(str.upper),
    "a beginning of it": key_header(lambda v: v[:-1]),
    "and more": key_header(lambda v: v + "0"),
    "and a zero byte's escape": key_header(lambda v: v + "%00"),
    "quoted": key_header(lambda v: f'"{v}"'),
    "twice with a comma": key_header(lambda v: f"{v},{v}"),
    "twice with a comma, another's first": key_header(lambda v: f"{'x' * 32},{v}"),
    "after another's": lambda k: ("/", [("x-api-key", "x" * 32), ("X-API-Key", k.value)]),
    "after one of nothing": lambda k: ("/", [("x-api-key", ""), ("x-api-key", k.value)]),
    "of nothing": key_header(lambda v: ""),
    "of anything": key_header(lambda v: "*"),
    "long": key_header(lambda v: v * 200),
    "in bytes": key_header(lambda v: v.encode() + b"\xff"),
    "of a plan of another stage": lambda k: ("/", [("x-api-key", k.elsewhere)]),
    "of no plan": lambda k: ("/", [("x-api-key", k.new_key()[1])]),
    "switched off": lambda k: ("/", [("x-api-key", k.new_key(k.plan, enabled=False)[1])]),
}


@pytest.fixture(scope="module")
def keyed_api(postern):
    made = Keyed(postern)
    made.elsewhere = Keyed(postern).value
    return made


@pytest.mark.parametrize("attack", KEYS)
def test_a_key_is_smuggled_in_vain(keyed_api, attack):
    path, headers = KEYS[attack](keyed_api)
    assert refusal(keyed_api.api.send(path, headers=headers)) == FORBIDDEN, attack


@pytest.mark.parametrize("headers", [
    lambda v: [("x-api-key", v)], lambda v: [("X-API-KEY", v)], lambda v: [("X-Api-Key", v), ("Connection", "x-api-key")],
    lambda v: [("x-api-key", f"  {v}  ")], lambda v: [("x-api-key", v), ("x-api-key", uuid.uuid4().hex)],
], ids=["plain", "capitals", "connection", "spaces", "another after it"])
def test_however_a_key_is_written_it_is_counted(postern, headers):
    made = Keyed(postern, plan={"quota": {"limit": 2, "period": "DAY"}})
    assert [made.api.send("/", headers=headers(made.value)).status for _ in range(4)] == [200, 200, 429, 429]
    # And once for all its ways of being written.
    assert made.send().status == 429


def test_a_key_that_a_function_gives_is_no_clients(postern, lambdas):
    guard = lambdas.function(lambda event: {"principalId": "x", "policyDocument": {
        "Version": "2012-10-17", "Statement": [{"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": "*"}]}, **extra})
    made = Keyed(postern, api={"apiKeySource": "AUTHORIZER"})
    authorizer = made.client.create_authorizer(restApiId=made.api.id, name="guard", type="TOKEN", authorizerUri=invoke_uri(guard),
                                               identitySource="method.request.header.Authorization", authorizerResultTtlInSeconds=0)
    made.api.route("GET /by", mock(), apiKeyRequired=True, authorizationType="CUSTOM", authorizerId=authorizer["id"])
    made.api.deploy()
    for extra, status in [({}, 403), ({"usageIdentifierKey": made.key}, 403), ({"usageIdentifierKey": ""}, 403),
                          ({"context": {"usageIdentifierKey": made.value}}, 403), ({"usageIdentifierKey": made.value}, 200)]:
        for more in ([], [("x-api-key", made.value)]):
            answer = made.api.send("/by", headers=[("Authorization", "t"), *more])
            assert answer.status == status, (extra, more, answer)


# --- who and where somebody says they are ---

ELSEWHERE = "203.0.113.9"
SPOOFS = {
    "X-Forwarded-For": ELSEWHERE, "Forwarded": f"for={ELSEWHERE}", "X-Real-IP": ELSEWHERE, "True-Client-IP": ELSEWHERE, "X-Client-IP": ELSEWHERE,
    "CF-Connecting-IP": ELSEWHERE, "CloudFront-Viewer-Address": f"{ELSEWHERE}:443", "X-Amzn-Source-Ip": ELSEWHERE, "X-Amz-Cf-Source-Ip": ELSEWHERE,
    "X-Envoy-External-Address": ELSEWHERE, "X-Amzn-Vpce-Id": "vpce-1", "X-Amzn-Vpc-Id": "vpc-1",
}


def test_no_header_says_where_somebody_is_or_which_certificate_they_have(postern, lambdas):
    name = lambdas.function(lambda event: {"statusCode": 200, "body": json.dumps(event["requestContext"]["identity"])})
    made = Api(postern, {"GET /": mock(), "GET /who": aws_proxy(name)})
    document = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*/GET/who"},
        {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*/GET/",
         "Condition": {"IpAddress": {"aws:SourceIp": f"{ELSEWHERE}/24"}}},
        {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*/GET/",
         "Condition": {"StringEquals": {"aws:SourceVpce": "vpce-1"}}}]}
    made.client.update_rest_api(restApiId=made.id, patchOperations=[{"op": "replace", "path": "/policy", "value": json.dumps(document)}])
    made.deploy()
    for header in [*([one] for one in SPOOFS.items()), list(SPOOFS.items()), [("X-Forwarded-For", f"{ELSEWHERE}, {ELSEWHERE}")],
                   [("X-Forwarded-For", ELSEWHERE), ("X-Forwarded-For", ELSEWHERE)]]:
        answer = made.send("/", headers=header)
        assert (answer.status, answer.header("x-amzn-errortype")) == (403, "AccessDeniedException"), header
    certificate = [(f"{front}-{part}", value) for front, parts in [
        ("X-Amzn-Mtls-Clientcert", ("Serial-Number", "Issuer", "Subject", "Validity", "Leaf")),
        ("CloudFront-Viewer-Cert", ("Serial-Number", "Issuer", "Subject", "Present", "Sha256", "Validity", "Pem"))] for part in parts for value in ["CN=admin"]]
    identity = made.send("/who", headers=[*SPOOFS.items(), *certificate, ("X-Amzn-Mtls-Clientcert", "x")]).json()
    assert identity["sourceIp"] == "127.0.0.1" and not identity.get("clientCert"), identity
    assert not {name for name in ("vpcId", "vpceId", "userArn", "caller") if identity.get(name)}, identity


# --- ways around a policy ---

# Of `/shut` and all below it, of `/pets/admin`, and of all below `/files/secret`.
WAYS_AROUND = [
    "/shut", "/shut/", "/shut//", "//shut", "/%73hut", "/./shut", "/x/../shut", "/shut;a", "/SHUT/../shut", "/shut%2F", "/%2Fshut", "/shut%00", "/shut.", "/shut?a",
    "/pets/admin", "/pets/admin/", "/pets/%61dmin", "/pets/admi%6E/", "//pets/admin", "/pets/./admin", "/pets/%2e/admin", "/pets/x%2F..%2Fadmin",
    "/files/secret/a", "/files/s%65cret/a", "/files//secret/a", "/files/secret//a", "/files/./secret/a", "/files/x/../secret/a", "/files/%2e/secret/a",
    "/files/x/%2e%2E/secret/a", "/files/secret%2Fa", "/files/x%2F..%2Fsecret%2Fa", "/files/secret/../secret/a", "/files/../files/secret/a",
]


@pytest.fixture(scope="module")
def shut(postern, lambdas):
    """Two APIs with the same paths: the one shut by its own policy, the other by that of its authorizer's function."""
    name = lambdas.function({"statusCode": 200, "body": "in"})
    paths = ["shut", "shut/*", "pets/admin", "files/secret/*"]

    def guard(event):
        arn = event["methodArn"].split("/")[0]
        statements = [("Allow", "*"), ("Deny", [f"{arn}/*/GET/{path}" for path in paths])]
        return {"principalId": "x", "policyDocument": {"Version": "2012-10-17", "Statement": [
            {"Action": "execute-api:Invoke", "Effect": effect, "Resource": resource} for effect, resource in statements]}}

    made = []
    for by in ("resource policy", "authorizer"):
        one, how = Api(postern), {}
        if by == "authorizer":
            authorizer = one.client.create_authorizer(restApiId=one.id, name="guard", type="REQUEST", authorizerUri=invoke_uri(lambdas.function(guard)),
                                                      authorizerResultTtlInSeconds=0)
            how = {"authorizationType": "CUSTOM", "authorizerId": authorizer["id"]}
        else:
            document = {"Version": "2012-10-17", "Statement": [
                {"Effect": effect, "Principal": "*", "Action": "execute-api:Invoke", "Resource": [f"execute-api:/{path}" for path in which]}
                for effect, which in (("Allow", ["*"]), ("Deny", [f"*/GET/{path}" for path in paths]))]}
            one.client.update_rest_api(restApiId=one.id, patchOperations=[{"op": "replace", "path": "/policy", "value": json.dumps(document)}])
        for path in ("/shut", "/pets/{id}", "/files/{proxy+}"):
            one.route(f"GET {path}", aws_proxy(name), **how)
        one.deploy()
        made.append(one)
    return made


@pytest.mark.parametrize("path", WAYS_AROUND)
def test_no_way_of_writing_a_path_leads_around_a_policy(shut, path):
    for one in shut:
        answer = one.send(path)
        assert answer.status == 403 and answer.body != b"in", answer
        for open_path in ("/pets/7", "/files/a/secret"):
            assert one.send(open_path).body == b"in"


def test_who_asks_for_a_wildcard_is_not_given_one(postern, lambdas):
    guard = lambdas.function(lambda event: {"principalId": "x", "policyDocument": {"Version": "2012-10-17", "Statement": [
        {"Action": "execute-api:Invoke", "Effect": "Deny" if event["methodArn"].endswith("hers") else "Allow",
         "Resource": event["methodArn"]}]}})
    made = Api(postern)
    authorizer = made.client.create_authorizer(restApiId=made.id, name="guard", type="TOKEN", authorizerUri=invoke_uri(guard),
                                               identitySource="method.request.header.Authorization", authorizerResultTtlInSeconds=300)
    made.route("GET /pets/{id}", mock(), authorizationType="CUSTOM", authorizerId=authorizer["id"])
    made.deploy()
    for number, wild in enumerate(("*", "%2A", "????", "%3F%3F%3F%3F", "${*}", "${aws:UserAgent}", "mine")):
        by = [("Authorization", f"t{number}")]
        made.send(f"/pets/{wild}", headers=by)
        # What the function said of that one is kept, and says nothing of others.
        assert made.send("/pets/hers", headers=[*by, ("User-Agent", "hers")]).status == 403, wild


# --- answers that are kept ---

# Two requests that a backend may answer differently: whoever sends the first must not choose what the second gets.
POISONS = {
    "a parameter in another's value": ("/c?a=1%26b%3D2", (), "/c?a=1&b=2", ()),
    "a parameter in two": ("/c?a=1&a=2", (), "/c?a=2", ()),
    "the last of two": ("/c?a=1&a=2", (), "/c?a=1", ()),
    "two in one": ("/c?a=1,2", (), "/c?a=1&a=2", ()),
    "of nothing": ("/c?a=", (), "/c", ()),
    "a name in capitals": ("/c?A=1", (), "/c?a=1", ()),
    "the other parameter": ("/c?a=1", (), "/c?b=1", ()),
    "a header": ("/c?a=1", [("x-tenant", "eve")], "/c?a=1", [("x-tenant", "ann")]),
    "a header twice": ("/c?a=1", [("x-tenant", "ann"), ("x-tenant", "eve")], "/c?a=1", [("x-tenant", "ann")]),
    "a header with a comma": ("/c?a=1", [("x-tenant", "ann,eve")], "/c?a=1", [("x-tenant", "ann"), ("x-tenant", "eve")]),
    "no header": ("/c?a=1", (), "/c?a=1", [("x-tenant", "")]),
    "a header for a parameter": ("/c?a=1", [("x-tenant", "b")], "/c?a=1&b=b", ()),
    "another method": ("/c?a=1", [("X-HTTP-Method-Override", "DELETE")], "/c?a=1", ()),
    "another path": ("/d?a=1", (), "/c?a=1", ()),
    "another stage": ("/c?a=1&stage", (), "/c?a=1", (), "other"),
}


@pytest.fixture(scope="module")
def kept(postern, lambdas):
    calls = []
    name = lambdas.function(lambda event: calls.append(event) or {"statusCode": 200, "body": str(len(calls))})
    parameters = [f"method.request.{one}" for one in ("querystring.a", "querystring.b", "header.x-tenant")]
    routes = {f"{verb} /{path}": keyed(name, *parameters) for verb in ("GET", "DELETE") for path in "cd"}
    made = caching(postern, routes, ("replace", "/~1c/DELETE/caching/enabled", "true"))
    made.deploy("other")
    made.patch_stage(("replace", "/cacheClusterEnabled", "true"), ("replace", "/*/*/caching/enabled", "true"), stage="other")
    return made


@pytest.mark.parametrize("attack", POISONS)
def test_nobody_chooses_the_answer_that_somebody_else_gets(kept, attack):
    evil, with_evil, good, with_good, *stage = POISONS[attack]
    mark = f"&mark={uuid.uuid4().hex}" if "?" in evil else ""
    # Each row begins with nothing kept.
    kept.client.flush_stage_cache(restApiId=kept.id, stageName=kept.stage)
    poisoned = kept.send(evil + mark, headers=with_evil, stage=stage[0] if stage else None)
    met = kept.send(good, headers=with_good)
    assert (poisoned.status, met.status) == (200, 200)
    assert met.body != poisoned.body, attack
    assert kept.send(good, headers=with_good).body == met.body


def test_what_the_gateway_itself_refuses_is_kept_for_nobody(kept):
    kept.client.flush_stage_cache(restApiId=kept.id, stageName=kept.stage)
    for headers in ([("x-large", "x" * 11_000)], [("Content-Length", "99999999999")], [("Transfer-Encoding", "nonsense")], [("Expect", "nonsense")]):
        try:
            assert kept.send("/c?a=refused", headers=headers).status >= 400 or headers[0][0] == "Expect"
        except (OSError, ValueError):
            pass
        assert kept.send("/c?a=refused").status == 200, headers


# --- expressions ---

SLOW = {
    "(a+)+$": "a" * 5_000 + "!",
    "(a|a)*b": "a" * 5_000,
    "(a|aa)+$": "a" * 5_000 + "!",
    "^(([a-z])+.)+[A-Z]([a-z])+$": "a" * 5_000,
    "(.*a){12}": "a" * 11 + "b" * 5_000,
    "(x+x+)+y": "x" * 5_000,
    "([a-zA-Z]+)*1": "a" * 5_000,
    "(?:(?:a?){50}){50}b": "a" * 5_000,
}


@pytest.mark.parametrize("expression", SLOW)
def test_an_expression_made_to_take_long_does_not(postern, lambdas, expression):
    guard = lambdas.function({"principalId": "x"})
    made = Api(postern)
    authorizer = made.client.create_authorizer(restApiId=made.id, name="guard", type="TOKEN", authorizerUri=invoke_uri(guard),
                                               identitySource="method.request.header.Authorization", identityValidationExpression=expression)
    made.route("GET /", mock(), authorizationType="CUSTOM", authorizerId=authorizer["id"])
    made.deploy()
    began = time.monotonic()
    assert made.send("/", headers=[("Authorization", SLOW[expression])], timeout=10).status == 401
    assert time.monotonic() - began < 2
    assert not [one for one in lambdas.invocations if one.name == guard]
