"""AWS_PROXY: what the function is given (payload format 1.0)."""

import base64
import re
import time

import pytest

import wire
from apis import Api, aws_proxy, function_arn
from products import ACCOUNT

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
TRACE = re.compile(r"Root=1-[0-9a-f]{8}-[0-9a-f]{24}\b")
MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


@pytest.fixture
def event(api, lambdas):
    """event(route, path, ...) is the event that a request makes of it."""

    def of(route, path, *request, configure=None, **create):
        name = lambdas.function({"statusCode": 200})
        made = api(**create)
        made.route(route, aws_proxy(name))
        made.deploy()
        if configure:
            configure(made)
        before = len(lambdas.invocations)
        answer = made.send(path, *request)
        assert answer.status == 200, answer
        # One request is one invocation.
        mine = [one for one in lambdas.invocations[before:] if one.name == name]
        assert len(mine) == 1
        return made, answer, mine[0].event

    return of


def test_the_whole_event(event, lambdas):
    began = time.time()
    made, answer, got = event("GET /pets/{id}", "/pets/7?tag=a&tag=b", "GET", [("Accept", "*/*"), ("User-Agent", "curl/8.1")])
    host = f"{made.id}.execute-api.localhost:{made.product.port}"
    domain = got["requestContext"]["domainName"]
    assert domain.startswith(f"{made.id}.execute-api.")

    trace = got["headers"].pop("X-Amzn-Trace-Id")
    assert TRACE.match(trace)
    assert got["multiValueHeaders"].pop("X-Amzn-Trace-Id") == [trace]
    # The front end's own: for whom, on which port, how.
    assert got["headers"].pop("X-Forwarded-For").endswith("127.0.0.1")
    assert got["headers"].pop("X-Forwarded-Port").isdigit()
    assert got["headers"].pop("X-Forwarded-Proto") in ("http", "https")
    for name in ("X-Forwarded-For", "X-Forwarded-Port", "X-Forwarded-Proto"):
        assert len(got["multiValueHeaders"].pop(name)) == 1
    assert got["headers"] == {"Accept": "*/*", "Host": host, "User-Agent": "curl/8.1"}
    assert got["multiValueHeaders"] == {"Accept": ["*/*"], "Host": [host], "User-Agent": ["curl/8.1"]}

    context = got.pop("requestContext")
    at = context.pop("requestTimeEpoch")
    assert began - 1 <= at / 1000 <= time.time() + 1
    parts = time.gmtime(at // 1000)
    assert context.pop("requestTime") == time.strftime(f"%d/{MONTHS[parts.tm_mon - 1]}/%Y:%H:%M:%S +0000", parts)
    assert UUID.fullmatch(context["requestId"])
    assert context == {
        "resourceId": made.resources["/pets/{id}"],
        "resourcePath": "/pets/{id}",
        "httpMethod": "GET",
        "extendedRequestId": answer.header("x-amz-apigw-id"),
        "path": "/test/pets/7",
        "accountId": ACCOUNT,
        "protocol": "HTTP/1.1",
        "stage": "test",
        "domainPrefix": made.id,
        "requestId": answer.header("x-amzn-requestid"),
        "identity": {
            "cognitoIdentityPoolId": None, "accountId": None, "cognitoIdentityId": None, "caller": None,
            "sourceIp": "127.0.0.1", "principalOrgId": None, "accessKey": None, "cognitoAuthenticationType": None,
            "cognitoAuthenticationProvider": None, "userArn": None, "userAgent": "curl/8.1", "user": None,
        },
        "domainName": domain,
        "deploymentId": made.client.get_stage(restApiId=made.id, stageName="test")["deploymentId"],
        "apiId": made.id,
    }
    del got["headers"], got["multiValueHeaders"]
    assert got == {
        "resource": "/pets/{id}",
        "path": "/pets/7",
        "httpMethod": "GET",
        "queryStringParameters": {"tag": "b"},
        "multiValueQueryStringParameters": {"tag": ["a", "b"]},
        "pathParameters": {"id": "7"},
        "stageVariables": None,
        "body": None,
        "isBase64Encoded": False,
    }


def test_what_is_empty_is_null_and_there(event):
    _, _, got = event("GET /plain", "/plain")
    for name in ("queryStringParameters", "multiValueQueryStringParameters", "pathParameters", "stageVariables", "body"):
        assert name in got and got[name] is None, name


def test_a_method_for_any_tells_the_clients_method(event):
    _, _, got = event("ANY /any", "/any", "DELETE")
    assert (got["httpMethod"], got["requestContext"]["httpMethod"], got["resource"]) == ("DELETE", "DELETE", "/any")


def test_text_is_a_string_byte_for_byte(event):
    text = 'line\r\n\ttab "quoted" – ünïcödé 🦀'
    _, _, got = event("POST /text", "/text", "POST", [("Content-Type", "text/plain; charset=utf-8")], text.encode())
    assert (got["body"], got["isBase64Encoded"]) == (text, False)


def test_a_binary_type_is_base64(event):
    data = bytes(range(256))
    _, _, got = event("POST /bin", "/bin", "POST", [("Content-Type", "image/png; x=y")], data, binaryMediaTypes=["image/png"])
    assert (base64.b64decode(got["body"]), got["isBase64Encoded"]) == (data, True)


def test_another_type_than_the_binary_ones_is_text(event):
    _, _, got = event("POST /bin", "/bin", "POST", [("Content-Type", "image/jpeg")], b"plain", binaryMediaTypes=["image/png"])
    assert (got["body"], got["isBase64Encoded"]) == ("plain", False)


def test_authorization_and_user_agent_have_one_spelling_and_repeated_headers_keep_all(event):
    _, _, got = event("GET /h", "/h", "GET", [
        ("authorization", "Bearer abc"), ("USER-AGENT", "me"), ("x-two", "1"), ("x-two", "2"), ("x-one", "a, b")])
    assert got["headers"]["Authorization"] == "Bearer abc"
    assert got["headers"]["User-Agent"] == "me"
    many = {name.lower(): values for name, values in got["multiValueHeaders"].items()}
    assert many["x-two"] == ["1", "2"]
    assert many["x-one"] == ["a, b"]


def test_names_of_headers_are_as_the_client_wrote_them(event):
    sent = {"X-Pet-Name": "rex", "tEsT-HEADeR": "a", "x-lower": "b", "accept": "*/*", "Content-Type": "text/plain"}
    _, answer, got = event("POST /h", "/h", "POST", list(sent.items()), b"X-Pet-Name: no\r\nX-LOWER: no\r\n\r\n")
    assert {name: got["headers"].get(name) for name in sent} == sent
    assert {name: got["multiValueHeaders"].get(name) for name in sent} == {name: [value] for name, value in sent.items()}


def test_names_are_told_apart_from_one_request_to_the_next(greedy, lambdas):
    made, name = greedy
    host = made.product.host(made.id)
    with wire.Connection(made.product.address) as connection:
        for spelling, body in [("X-Pet", b"x"), ("x-PET", None), ("x-pet", b"")]:
            connection.send(wire.encode("POST", "/test/n", [("Host", host), (spelling, "v")], body))
            assert connection.answer("POST").status == 200
            assert lambdas.last(name).event["headers"].get(spelling) == "v"
        head = f"POST /test/n HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
        connection.send(head + b"8\r\nX-Pet: v\r\n0\r\n\r\n")
        assert connection.answer("POST").status == 200
        connection.send(wire.encode("GET", "/test/n", [("HOST", host), ("X-pET", "v")]))
        assert connection.answer().status == 200
        assert {"Host", "X-pET"} <= set(lambdas.last(name).event["headers"])


def test_capitals_of_a_host_mean_nothing(greedy):
    made, _ = greedy
    answer = wire.exchange(made.product.address, "GET", "/test/n", [("Host", made.product.host(made.id).upper())])
    assert answer.status == 200


def test_a_client_of_http_1_0_is_answered_and_told_of_as_any(greedy, lambdas):
    made, name = greedy
    with wire.Connection(made.product.address) as connection:
        connection.send(f"GET /test/n HTTP/1.0\r\nHost: {made.product.host(made.id)}\r\n\r\n".encode())
        answer = connection.answer()
        assert (answer.status, answer.header("connection")) == (200, "close")
        assert connection.reader.read(1) == b""
    assert lambdas.last(name).event["requestContext"]["protocol"] == "HTTP/1.1"


def test_headers_that_functions_never_see(event):
    hidden = ["Content-MD5", "Max-Forwards", "Proxy-Authenticate", "Server", "TE", "Trailer", "Upgrade", "WWW-Authenticate"]
    _, _, got = event("POST /h", "/h", "POST", [(name, "x") for name in hidden] + [("Via", "1.0 me"), ("Age", "3")], b"x")
    names = {name.lower() for name in got["headers"]}
    assert not names & {"connection", "content-length", "expect", "transfer-encoding", *map(str.lower, hidden)}
    assert {"via", "age"} <= names


@pytest.mark.parametrize("sent, kept", [
    ("Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1",
     "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"),
    ("Root=1-5759e988-bd862e3fe1be46a994272793", "Root=1-5759e988-bd862e3fe1be46a994272793"),
])
def test_a_trace_that_the_client_began_goes_on(event, sent, kept):
    _, answer, got = event("GET /t", "/t", "GET", [("X-Amzn-Trace-Id", sent)])
    assert kept in got["headers"]["X-Amzn-Trace-Id"]
    assert kept in answer.header("x-amzn-trace-id")


PATHS = [  # spec: recorded with ANY /{proxy+} behind AWS_PROXY
    ("/test/proxy-value", "/proxy-value", "proxy-value", "/test/proxy-value"),
    ("/test/proxy-value/", "/proxy-value/", "proxy-value", "/test/proxy-value/"),
    ("/test/proxy-value//double-slash", "/proxy-value//double-slash", "proxy-value//double-slash", "/test/proxy-value//double-slash"),
    ("//test/proxy-value", "/proxy-value", "proxy-value", "/test/proxy-value"),
    ("/test//proxy-value", "/proxy-value", "proxy-value", "/test//proxy-value"),
    ("/test//hardcoded", "/hardcoded", None, "/test//hardcoded"),
    ("/test/a/test%2Balias@x.com/plus/t+x", "/a/test%2Balias@x.com/plus/t+x", "a/test%2Balias@x.com/plus/t+x",
     "/test/a/test%2Balias@x.com/plus/t+x"),
]


@pytest.fixture(scope="module")
def greedy(postern, lambdas):
    name = lambdas.function({"statusCode": 200})
    return Api(postern, {"ANY /{proxy+}": aws_proxy(name), "ANY /hardcoded": aws_proxy(name), "ANY /": aws_proxy(name)}), name


@pytest.mark.parametrize("target, path, proxy, context_path", PATHS, ids=[one[0] for one in PATHS])
def test_paths_come_as_they_were_sent(greedy, lambdas, target, path, proxy, context_path):
    made, name = greedy
    answer = wire.exchange(made.product.address, "GET", target, [("Host", made.product.host(made.id))])
    assert answer.status == 200, answer
    got = lambdas.last(name).event
    assert got["path"] == path
    assert got["pathParameters"] == (None if proxy is None else {"proxy": proxy})
    assert got["requestContext"]["path"] == context_path


QUERIES = [
    ("email=test%2Balias@g.com", {"email": ["test+alias@g.com"]}),
    ("plus=test+alias", {"plus": ["test alias"]}),
    ("t=10:00+00:00", {"t": ["10:00 00:00"]}),
    ("a", {"a": [""]}),
    ("a=", {"a": [""]}),
    ("A=1&a=2", {"A": ["1"], "a": ["2"]}),
    ("x=1&x=2&x=3", {"x": ["1", "2", "3"]}),
    ("u=%C3%BC%F0%9F%A6%80", {"u": ["ü🦀"]}),
    ("k%20y=v%26w", {"k y": ["v&w"]}),
    ("eq=a=b", {"eq": ["a=b"]}),
]


@pytest.mark.parametrize("query, expected", QUERIES, ids=[one[0] for one in QUERIES])
def test_queries_are_decoded_as_forms_are(greedy, lambdas, query, expected):
    made, name = greedy
    assert made.send(f"/q?{query}").status == 200
    got = lambdas.last(name).event
    assert got["multiValueQueryStringParameters"] == expected
    assert got["queryStringParameters"] == {key: values[-1] for key, values in expected.items()}


def test_the_function_is_called_by_name_signed_and_asked_to_answer(greedy, lambdas):
    made, name = greedy
    made.send("/once", "POST", [], b"x")
    call = lambdas.last(name)
    assert call.header("authorization").startswith("AWS4-HMAC-SHA256 Credential=")
    assert "/lambda/aws4_request" in call.header("authorization")
    assert (call.header("x-amz-invocation-type") or "RequestResponse") == "RequestResponse"


def test_an_alias_in_the_arn_is_kept(api, lambdas):
    name = lambdas.function({"statusCode": 200})
    made = api()
    integration = aws_proxy(name)
    integration["uri"] = integration["uri"].replace(function_arn(name), function_arn(name) + ":live")
    made.route("GET /a", integration)
    made.deploy()
    assert made.send("/a").status == 200
    assert lambdas.last(name).qualifier == "live"
