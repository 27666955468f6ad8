"""HTTP_PROXY: what reaches the endpoint, and what of its answer reaches the client."""

import datetime
import email.utils
import re

import pytest

from apis import Api, http_proxy
from backends import Seen

TRACE = re.compile(r"Root=1-[0-9a-f]{8}-[0-9a-f]{24}\b")


@pytest.fixture(scope="module")
def through(postern, backend):
    """An API that hands everything to the echo."""
    api = Api(postern)
    api.route("ANY /{proxy+}", {**http_proxy(backend.url + "/{proxy}"),
                                "requestParameters": {"integration.request.path.proxy": "method.request.path.proxy"}},
              requestParameters={"method.request.path.proxy": True})
    api.deploy()
    return api


# --- the request ---

FORWARDED = [
    ("Accept", "text/x-mine"), ("Accept-Charset", "utf-8"), ("Accept-Encoding", "br"), ("Age", "3"),
    ("Authorization", "Bearer abc"), ("Content-Type", "text/x-mine"), ("Date", "Tue, 15 Nov 1994 08:12:31 GMT"),
    ("Pragma", "no-cache"), ("Range", "bytes=0-1"), ("Referer", "http://from.example/"), ("User-Agent", "mine/1"),
    ("Warn", "w"), ("Cookie", "a=1; b=2"), ("x-custom", "y"), ("x-empty", ""), ("Origin", "https://o.example"),
]
WITHHELD = [
    ("Content-MD5", "x"), ("Max-Forwards", "3"), ("Proxy-Authenticate", "x"), ("Server", "x"), ("TE", "trailers"),
    ("Trailer", "x"), ("Upgrade", "x"), ("WWW-Authenticate", "x"), ("Via", "1.0 someone"), ("Content-Encoding", "identity"),
]


@pytest.mark.parametrize("name, value", FORWARDED, ids=[one[0] for one in FORWARDED])
def test_a_header_that_the_endpoint_gets(through, name, value):
    seen = Seen(through.send("/h", "POST", [(name, value)], b"x"))
    assert seen.header(name) == value


@pytest.mark.parametrize("name, value", WITHHELD, ids=[one[0] for one in WITHHELD])
def test_a_header_that_the_endpoint_does_not_get(through, name, value):
    seen = Seen(through.send("/h", "POST", [(name, value)], b"x"))
    assert seen.header(name) is None


def test_the_host_is_the_endpoints(through, backend):
    assert Seen(through.send("/h")).header("host") == f"127.0.0.1:{backend.port}"


def test_what_the_gateway_adds(through):
    seen = Seen(through.send("/h"))
    assert seen.header("x-amzn-apigateway-api-id") == through.id
    assert TRACE.match(seen.header("x-amzn-trace-id"))
    # Defaults, where the client sent none.
    assert seen.header("accept") == "application/json"
    assert seen.header("user-agent") == f"AmazonAPIGateway_{through.id}"
    assert "127.0.0.1" in seen.header("x-forwarded-for")


def test_a_trace_that_the_client_began_goes_on(through):
    sent = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"
    assert sent in Seen(through.send("/h", headers=[("X-Amzn-Trace-Id", sent)])).header("x-amzn-trace-id")


def test_a_signature_for_the_gateway_stays_with_it(through):
    signature = ("AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260101/eu-west-1/execute-api/aws4_request, "
                 "SignedHeaders=host;x-amz-date, Signature=" + "0" * 64)
    assert Seen(through.send("/h", headers=[("Authorization", signature)])).header("authorization") is None


def test_a_repeated_header_keeps_its_values_in_order(through):
    seen = Seen(through.send("/h", headers=[("x-two", "1"), ("x-two", "2")]))
    assert ", ".join(seen.all("x-two")) == "1, 2"


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"])
def test_the_clients_method_is_used_when_the_integrations_is_any(through, backend, method):
    answer = through.send("/m", method)
    assert answer.status == 200
    assert backend.requests[-1].method == method


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_bytes_pass_unchanged(through, method):
    data = bytes(range(256)) * 300
    seen = Seen(through.send("/b", method, [("Content-Type", "application/octet-stream")], data))
    assert seen.body == data
    assert seen.header("content-length") in (str(len(data)), None)


def test_another_integration_method_replaces_the_clients(postern, backend):
    api = Api(postern, {"GET /r": http_proxy(backend.url + "/r", "POST")})
    assert Seen(api.send("/r")).method == "POST"


def test_a_mapped_header_wins_over_the_clients_and_a_static_one_is_added(postern, backend):
    api = Api(postern)
    api.route("GET /m", {**http_proxy(backend.url + "/m"), "requestParameters": {
        "integration.request.header.x-static": "'fixed'",
        "integration.request.header.x-from-query": "method.request.querystring.q",
        "integration.request.header.x-mine": "'theirs'",
        "integration.request.header.x-absent": "method.request.querystring.absent",
        "integration.request.header.x-stage": "context.stage",
    }}, requestParameters={"method.request.querystring.q": False, "method.request.querystring.absent": False})
    api.deploy()
    seen = Seen(api.send("/m?q=v", headers=[("x-mine", "mine")]))
    assert (seen.header("x-static"), seen.header("x-from-query"), seen.header("x-mine")) == ("fixed", "v", "theirs")
    assert seen.header("x-stage") == "test"
    assert seen.header("x-absent") is None


@pytest.mark.parametrize("name", ["Content-Length", "Transfer-Encoding", "X-Amzn-Trace-Id", "X-Amzn-Apigateway-Api-Id"])
def test_headers_that_no_mapping_may_set(postern, backend, name):
    api = Api(postern)
    api.route("GET /m", {**http_proxy(backend.url + "/m"), "requestParameters": {f"integration.request.header.{name}": "'1'"}})
    api.deploy()
    answer = api.send("/m")
    assert (answer.status, answer.body) == (500, b'{"message": "Internal server error"}'), answer


# --- the query ---

QUERIES = [
    ("a=1&b=2", {"a": ["1"], "b": ["2"]}),
    ("x=1&x=2", {"x": ["1", "2"]}),
    ("p=test+alias&q=test%2Balias", {"p": ["test alias"], "q": ["test+alias"]}),
    ("empty=&bare", {"empty": [""], "bare": [""]}),
    ("u=%C3%BC", {"u": ["ü"]}),
    ("amp=%26&eq=%3D&hash=%23", {"amp": ["&"], "eq": ["="], "hash": ["#"]}),
]


@pytest.mark.parametrize("query, expected", QUERIES, ids=[one[0] for one in QUERIES])
def test_all_of_the_query_is_forwarded(through, query, expected):
    assert Seen(through.send(f"/q?{query}")).query == expected


def test_mapped_query_parameters_join_those_that_are_there(postern, backend):
    """Recorded: the URI has two, the request two, and four are mapped."""
    api = Api(postern)
    api.route("GET /{pathVariable}", {**http_proxy(backend.url + "/anything?testVar={pathVar}&testQs={qsVar}"), "requestParameters": {
        "integration.request.path.pathVar": "method.request.path.pathVariable",
        "integration.request.path.qsVar": "method.request.querystring.testVar",
        "integration.request.querystring.queryString": "method.request.querystring.testQueryString",
        "integration.request.querystring.testQs": "method.request.querystring.testQueryString",
    }}, requestParameters={"method.request.path.pathVariable": True, "method.request.querystring.testVar": False,
                           "method.request.querystring.testQueryString": False})
    api.deploy()
    seen = Seen(api.send("/foobar?testQueryString=foo&testVar=bar"))
    assert seen.query == {"queryString": ["foo"], "testQs": ["bar", "foo"], "testQueryString": ["foo"], "testVar": ["foobar", "bar"]}


# --- the answer ---

def test_the_answer_comes_back_as_it_is(postern, backend):
    path = backend.replies(207, [("Content-Type", "text/x-mine; q=1"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"),
                                 ("Access-Control-Allow-Origin", "*"), ("ETag", '"e"'), ("Cache-Control", "no-store"),
                                 ("x-own", "1")], bytes(range(256)))
    answer = Api(postern, {"GET /a": http_proxy(backend.url + path)}).send("/a")
    assert (answer.status, answer.body) == (207, bytes(range(256)))
    assert answer.header("content-type") == "text/x-mine; q=1"
    assert answer.all("set-cookie") == ["a=1", "b=2"]
    assert (answer.header("access-control-allow-origin"), answer.header("etag")) == ("*", '"e"')
    assert (answer.header("cache-control"), answer.header("x-own")) == ("no-store", "1")
    assert answer.header("x-amzn-requestid") and answer.header("x-amz-apigw-id")
    assert answer.header("x-amzn-trace-id") is None


RENAMED = ["Connection", "Date", "Server", "x-amzn-RequestId", "WWW-Authenticate", "Authorization", "Content-MD5",
           "Max-Forwards", "User-Agent"]
GONE = ["Content-Encoding", "Via", "Expect", "Host", "Proxy-Authenticate", "TE", "Trailer", "Upgrade"]


@pytest.mark.parametrize("name", RENAMED)
def test_a_header_of_the_answer_that_is_renamed(postern, backend, name):
    value = {"Date": "Tue, 15 Nov 1994 08:12:31 GMT", "Connection": "keep-alive"}.get(name, "theirs")
    answer = Api(postern, {"GET /a": http_proxy(backend.url + backend.replies(200, [(name, value)]))}).send("/a")
    assert answer.status == 200
    if name == "Date":
        assert answer.header("x-amzn-remapped-date") is not None
        now = datetime.datetime.now(datetime.timezone.utc)
        assert abs(email.utils.parsedate_to_datetime(answer.header("date")) - now) < datetime.timedelta(seconds=60)
    else:
        assert answer.header(f"x-amzn-remapped-{name}") == value
        assert value not in answer.all(name) or name == "Connection"


@pytest.mark.parametrize("name", GONE)
def test_a_header_of_the_answer_that_is_dropped(postern, backend, name):
    answer = Api(postern, {"GET /a": http_proxy(backend.url + backend.replies(200, [(name, "x")]))}).send("/a")
    assert answer.status == 200
    assert answer.all(name) == [] and answer.all(f"x-amzn-remapped-{name}") == []


def test_the_length_of_the_endpoints_answer_is_told_twice(postern, backend):
    answer = Api(postern, {"GET /a": http_proxy(backend.url + backend.replies(200, [], b"four"))}).send("/a")
    assert answer.body == b"four"
    assert answer.header("x-amzn-remapped-content-length") == "4"


def test_a_redirect_is_the_clients_to_follow(postern, backend):
    answer = Api(postern, {"GET /a": http_proxy(backend.url + backend.replies(302, [("Location", "/b")]))}).send("/a")
    assert (answer.status, answer.header("location")) == (302, "/b")


@pytest.mark.parametrize("status", [200, 204, 304, 400, 404, 500, 503])
def test_any_status_passes(postern, backend, status):
    assert Api(postern, {"GET /a": http_proxy(backend.url + backend.replies(status))}).send("/a").status == status


def test_head_has_the_headers_and_no_body(postern, backend):
    answer = Api(postern, {"HEAD /a": http_proxy(backend.url + backend.replies(200, [("x", "y")], b"four"))}).send("/a", "HEAD")
    assert (answer.status, answer.body, answer.header("x")) == (200, b"", "y")
