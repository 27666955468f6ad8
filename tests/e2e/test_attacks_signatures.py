"""Forged signatures: one row for each, and refused in the service's words. Which are good is in `test_iam`."""

import datetime

import botocore.auth
import pytest

from test_iam import ann, api, ask, manage, secured, send, signed, sts  # noqa: F401  Whoever signs, as there.

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
