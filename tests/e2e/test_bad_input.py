"""Input that nobody meant well, or thought through: an answer of the right kind, and never a crash or a hang.

That no program panicked on any of it is checked once, at the end of the run, from the logs (conftest.py).
"""

import json
import socket
import time

import pytest

import wire
from apis import Api, aws_proxy, http_proxy, mock


@pytest.fixture(scope="module")
def made(postern, backend, lambdas):
    name = lambdas.function({"statusCode": 200})
    return Api(postern, {"GET /ok": mock(), "ANY /f/{proxy+}": aws_proxy(name), "ANY /h": http_proxy(backend.url + "/h")})


def manage(postern, method, path, body=None, headers=()):
    return wire.exchange(postern.address, method, path, [("Host", f"localhost:{postern.port}"), *headers], body)


def still_well(postern, made):
    assert wire.exchange(postern.address, "GET", "/_postern/health", [("Host", "localhost")]).status == 200
    assert made.send("/ok").status == 200


# --- the management API ---

BODIES = [
    ("nothing", b""),
    ("not JSON", b"{"),
    ("a word", b"null"),
    ("a list", b"[]"),
    ("a string", b'"x"'),
    ("a number", b"1e999"),
    ("not UTF-8", b'{"name": "\xff\xfe"}'),
    ("a lone surrogate", b'{"name": "\\ud800"}'),
    ("a name that is a number", b'{"name": 7}'),
    ("a name that is a list", b'{"name": ["x"]}'),
    ("no name", b'{"description": "x"}'),
    ("types that are a word", b'{"name": "x", "endpointConfiguration": {"types": "REGIONAL"}}'),
    ("types that are wrong", b'{"name": "x", "endpointConfiguration": {"types": ["wrong"]}}'),
    ("deep", b'{"name": ' + b"[" * 20_000 + b"]" * 20_000 + b"}"),
    ("a truncated text", b'{"name": "x'),
    ("trailing text", b'{"name": "x"} and more'),
]


@pytest.mark.parametrize("body", [one[1] for one in BODIES], ids=[one[0] for one in BODIES])
def test_a_body_that_cannot_be_an_api(postern, made, body):
    answer = manage(postern, "POST", "/restapis", body, [("Content-Type", "application/json")])
    assert answer.status == 400, answer
    assert answer.header("x-amzn-errortype"), answer
    assert answer.json().get("message"), "an error says what is wrong"
    assert answer.header("x-amzn-requestid")
    still_well(postern, made)


@pytest.mark.parametrize("method, path", [
    ("GET", "/"), ("GET", "/nothing"), ("PUT", "/restapis"), ("GET", "/restapis/%00"), ("GET", "/restapis/../../etc/passwd"),
    ("GET", "/restapis//resources"), ("GET", "/restapis/%C0%AF"), ("GET", "/restapis/%FF/resources"), ("GET", "/restapis/" + "a" * 5000),
    ("DELETE", "/restapis/%2e%2e"), ("GET", "/_postern/nothing"), ("PATCH", "/restapis/x/resources/y/methods/GET/integration/z"),
    ("GET", "/2015-03-31/functions/x/invocations"), ("GET", "/restapis?limit=-1&position=%00%ff"),
])
def test_a_path_that_is_no_operation_or_no_resource(postern, made, method, path):
    answer = manage(postern, method, path, b"" if method in ("PUT", "PATCH") else None)
    assert answer.status < 500, answer
    if path != "/restapis?limit=-1&position=%00%ff":
        assert 400 <= answer.status, answer
        assert b"passwd" not in answer.body and b"root:" not in answer.body
    still_well(postern, made)


PATCHES = [
    b"", b"[]", b'{"patchOperations": 7}', b'{"patchOperations": [7]}', b'{"patchOperations": [{"op": "wrong", "path": "/name"}]}',
    b'{"patchOperations": [{"op": "replace", "path": "/nothing", "value": "x"}]}',
    b'{"patchOperations": [{"op": "replace", "path": "name", "value": "x"}]}',
    b'{"patchOperations": [{"op": "replace", "path": "/name", "value": 7}]}',
    b'{"patchOperations": [{"op": "replace", "path": "/minimumCompressionSize", "value": "99999999999999999999"}]}',
]


@pytest.mark.parametrize("patch", PATCHES, ids=range(len(PATCHES)))
def test_a_patch_that_cannot_be(postern, made, patch):
    answer = manage(postern, "PATCH", f"/restapis/{made.id}", patch, [("Content-Type", "application/json")])
    # An empty list of operations is accepted; so may be none at all.
    assert answer.status == 400 or (answer.status == 200 and patch in (b"", b"[]")), answer
    assert made.client.get_rest_api(restApiId=made.id)["name"] == "e2e"


def test_a_management_body_beyond_all_measure_is_refused(postern, made):
    try:
        answer = manage(postern, "POST", "/restapis", b'{"name": "' + b"x" * 30_000_000 + b'"}')
        assert answer.status in (400, 413), answer.status
    except OSError:
        pass  # Refused while it was still being sent.
    still_well(postern, made)


@pytest.mark.parametrize("pathPart", ["", "a/b", "{", "{}", "{a", "a}", "{a}b", "a b", "ü", "..", "%2f", "{a+", "{+}", "x" * 3000])
def test_a_path_part_that_cannot_be(postern, made, pathPart):
    answer = manage(postern, "POST", f"/restapis/{made.id}/resources/{made.resources['/']}",
                    json.dumps({"pathPart": pathPart}).encode())
    # A dot is allowed in names, so `..` may be one; it is never followed.
    assert answer.status == 400 or (pathPart in ("..", "x" * 3000) and answer.status == 201), answer
    if answer.status == 201:
        made.client.delete_resource(restApiId=made.id, resourceId=answer.json()["id"])


# --- requests to an API ---

TARGETS = [  # and the statuses that are right
    ("/test/f/../../secret", {200, 400}), ("/test/../test/ok", {400, 403}), ("/test/./ok", {200, 400, 403}),
    ("/test/f/%00", {200, 400}), ("/test/f/%C0%AF", {200, 400}), ("/test/f/%FF%FE", {200, 400}), ("/test/f/%ED%A0%80", {200, 400}),
    ("/test/f/%", {200, 400}), ("/test/f/%zz", {200, 400}), ("/test/f/%2", {200, 400}),
    ("/test/f/a?%FF=%C0%AF", {200, 400}), ("/test/f/a?%", {200, 400}), ("/test/f/a?" + "&" * 200, {200, 400}),
    ("/test/f/a?=&=b&&c=&", {200, 400}), ("/test/ok%00", {400, 403}), ("/test%2Fok", {400, 403}), ("/%74est/ok", {200, 400, 403}),
    ("//////test/ok", {200}), ("/test/f/" + "a/" * 2000, {200, 400, 414}), ("/test/f/a?q=" + "x" * 20_000, {200, 400, 413, 414, 431}),
]


@pytest.mark.parametrize("target, statuses", TARGETS, ids=[one[0][:30] for one in TARGETS])
def test_a_target_that_is_odd(made, target, statuses):
    answer = wire.exchange(made.product.address, "GET", target, [("Host", made.product.host(made.id))])
    assert answer.status in statuses, answer


RAW = [
    ("no host", b"GET /test/ok HTTP/1.1\r\n\r\n"),
    ("two hosts", b"GET /test/ok HTTP/1.1\r\nHost: %b\r\nHost: other\r\n\r\n"),
    ("an empty host", b"GET /test/ok HTTP/1.1\r\nHost:\r\n\r\n"),
    ("a host of bytes", b"GET /test/ok HTTP/1.1\r\nHost: \xff\xfe\r\n\r\n"),
    ("a method of its own", b"BREW /test/ok HTTP/1.1\r\nHost: %b\r\n\r\n"),
    ("a target with a raw byte", b"GET /test/\xff HTTP/1.1\r\nHost: %b\r\n\r\n"),
    ("a target with a space", b"GET /test/a b HTTP/1.1\r\nHost: %b\r\n\r\n"),
    ("an absolute target", b"GET http://%b/test/ok HTTP/1.1\r\nHost: %b\r\n\r\n"),
    ("an asterisk", b"OPTIONS * HTTP/1.1\r\nHost: %b\r\n\r\n"),
    ("an authority", b"CONNECT other:443 HTTP/1.1\r\nHost: %b\r\n\r\n"),
    ("no version", b"GET /test/ok\r\n\r\n"),
    ("another version", b"GET /test/ok HTTP/9.9\r\nHost: %b\r\n\r\n"),
    ("no colon", b"GET /test/ok HTTP/1.1\r\nHost: %b\r\nnonsense\r\n\r\n"),
    ("a nameless header", b"GET /test/ok HTTP/1.1\r\nHost: %b\r\n: x\r\n\r\n"),
    ("two lengths", b"POST /test/h HTTP/1.1\r\nHost: %b\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxy"),
    ("a length that is a word", b"POST /test/h HTTP/1.1\r\nHost: %b\r\nContent-Length: x\r\n\r\n"),
    ("a negative length", b"POST /test/h HTTP/1.1\r\nHost: %b\r\nContent-Length: -1\r\n\r\n"),
    ("a length and chunks", b"POST /test/h HTTP/1.1\r\nHost: %b\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    ("a chunk of no size", b"POST /test/h HTTP/1.1\r\nHost: %b\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n"),
    ("not HTTP", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"x" * 100),
]


@pytest.mark.parametrize("raw", [one[1] for one in RAW], ids=[one[0] for one in RAW])
def test_a_request_that_is_hardly_one(postern, made, raw):
    raw = raw.replace(b"%b", made.product.host(made.id).encode())
    with wire.Connection(made.product.address, timeout=10) as connection:
        connection.send(raw)
        connection.socket.shutdown(socket.SHUT_WR)
        first = connection.reader.readline()
        # An answer that is no server error, or a closed connection.
        if first:
            status = int(first.split(b" ")[1])
            assert status < 500, first
    still_well(postern, made)


def test_headers_beyond_all_measure_are_refused(postern, made):
    try:
        answer = made.send("/ok", headers=[(f"x-{number}", "y" * 1000) for number in range(2000)])
        assert 400 <= answer.status < 500, answer.status
    except OSError:
        pass
    still_well(postern, made)


def test_headers_over_the_limit_are_refused(made):
    """10,240 bytes in all, names, values and line ends; which 4xx is not known."""
    answer = made.send("/ok", headers=[(f"x-{number}", "y" * 1000) for number in range(12)])
    assert 400 <= answer.status < 500, answer


def test_a_body_over_ten_megabytes_is_too_long(made):
    body = b"x" * (10 * 1024 * 1024 + 1)
    try:
        answer = made.send("/f/x", "POST", [("Content-Type", "text/plain")], body)
    except OSError:
        pytest.fail("the connection was closed without an answer")
    assert answer.status == 413, answer
    assert answer.body in (b'{"message":"Request Too Long"}', b"HTTP content length exceeded 10485760 bytes."), answer


def test_a_body_that_says_it_is_too_long_is_refused_before_it_is_sent(made):
    with wire.Connection(made.product.address, timeout=5) as connection:
        connection.send(wire.encode("POST", "/test/f/x", [("Host", made.product.host(made.id)), ("Content-Length", "999999999999")]))
        assert connection.answer().status == 413


@pytest.mark.parametrize("headers", [
    [("x", "")], [("x", ""), ("x", "")], [("Content-Type", "")], [("Content-Type", "a"), ("Content-Type", "b")],
    [("Accept", "")], [("Authorization", "")], [("X-Forwarded-For", "nonsense, , ,")], [("X-Amzn-Trace-Id", "nonsense;;=")],
    [("X-Amzn-Trace-Id", "")], [("Cookie", ";;==")], [("x-bytes", b"\xff\xfe")], [("User-Agent", "a"), ("User-Agent", "b")],
    [("X-HTTP-Method-Override", "nonsense")], [("x-amzn-RequestId", "not an id")], [("Connection", "x-custom"), ("x-custom", "1")],
], ids=str)
def test_headers_that_are_odd(made, headers):
    for path in ("/f/x", "/h"):
        answer = made.send(path, "POST", headers, b"x")
        assert answer.status in (200, 400, 403), answer


def test_a_client_that_never_finishes_its_request_holds_up_nobody(postern, made):
    slow = [socket.create_connection(postern.address) for _ in range(100)]
    for one in slow:
        one.sendall(b"POST /test/f/x HTTP/1.1\r\nHost: " + made.product.host(made.id).encode() + b"\r\nContent-Length: 1000\r\n\r\nx")
    began = time.monotonic()
    still_well(postern, made)
    assert time.monotonic() - began < 5
    for one in slow:
        one.close()
    still_well(postern, made)


def test_a_client_that_waits_to_be_told_to_go_on_is_told(made):
    with wire.Connection(made.product.address, timeout=10) as connection:
        connection.send(wire.encode("POST", "/test/h", [("Host", made.product.host(made.id)), ("Expect", "100-continue"),
                                                        ("Content-Length", "4")]))
        assert connection.line().startswith(b"HTTP/1.1 100")
        assert connection.line() == b""
        connection.send(b"four")
        assert connection.answer().status == 200
