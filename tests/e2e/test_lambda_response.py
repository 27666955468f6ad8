"""AWS_PROXY: what the client gets for what the function returned."""

import base64
import time

import pytest

from apis import Api, aws_proxy
from backends import Reply

BROKEN = (502, b'{"message": "Internal server error"}')
PNG = bytes.fromhex("89504e470d0a1a0a00ff")
BASE64_PNG = base64.b64encode(PNG).decode()


@pytest.fixture(scope="module")
def ask(postern, lambdas):
    """ask(reply) is what the client gets when the function replies so."""
    replies = {}
    name = lambdas.function(lambda event: replies["now"])
    plain = Api(postern, {"ANY /{proxy+}": aws_proxy(name)})
    binary = Api(postern, {"ANY /{proxy+}": aws_proxy(name)}, binaryMediaTypes=["image/png", "*/test"])

    def of(reply, headers=(), binary_types=False, method="GET"):
        replies["now"] = reply
        return (binary if binary_types else plain).send("/x", method, headers)

    return of


ANSWERS = [
    ("an empty object", {}, 200, b""),
    ("a status alone", {"statusCode": 200}, 200, b""),
    ("a numeric string as status", {"statusCode": "201"}, 201, b""),
    ("another status", {"statusCode": 418, "body": "teapot"}, 418, b"teapot"),
    ("null headers", {"statusCode": 200, "headers": None}, 200, b""),
    ("headers alone", {"headers": {"test-header": "v"}}, 200, b""),
    ("unicode", {"statusCode": 200, "body": "ünï 🦀"}, 200, "ünï 🦀".encode()),
    ("base64 although nothing is binary", {"statusCode": 200, "isBase64Encoded": True, "body": BASE64_PNG}, 200, BASE64_PNG.encode()),
]


@pytest.mark.parametrize("reply, status, body", [one[1:] for one in ANSWERS], ids=[one[0] for one in ANSWERS])
def test_a_well_formed_answer(ask, reply, status, body):
    answer = ask(reply)
    assert (answer.status, answer.body) == (status, body), answer
    assert answer.header("content-type") == "application/json"


MALFORMED = [
    ("a word as status", {"statusCode": "test"}),
    ("an unknown member", {"statusCode": 200, "wrongValue": "v"}),
    ("a string", "justAString"),
    ("a number", 7),
    ("an array", [1]),
    ("nothing", Reply(b"")),
    ("not JSON", Reply(b"{not json")),
    ("a body that is an object", {"statusCode": 200, "body": {"a": 1}}),
    ("a body that is a number", {"statusCode": 200, "body": 1}),
    ("a header that is an object", {"statusCode": 200, "headers": {"a": {"b": 1}}}),
    ("a header that is a list", {"statusCode": 200, "headers": {"a": ["b"]}}),
    ("a multi-value header that is not a list", {"statusCode": 200, "multiValueHeaders": {"m": "v1"}}),
    ("an unhandled error", Reply({"errorMessage": "boom", "errorType": "Error"}, error="Unhandled")),
    ("an error that looks like an answer", Reply({"statusCode": 200, "body": "no"}, error="Unhandled")),
]


@pytest.mark.parametrize("reply", [one[1] for one in MALFORMED], ids=[one[0] for one in MALFORMED])
def test_a_malformed_answer_is_a_bad_gateway(ask, reply):
    answer = ask(reply)
    assert (answer.status, answer.body) == BROKEN, answer
    assert answer.header("x-amzn-errortype") == "InternalServerErrorException"
    assert answer.header("content-type") == "application/json"


def test_a_header_that_is_true_becomes_text(ask):
    assert ask({"headers": {"flag": True}}).header("flag") == "true"


def test_headers_of_both_kinds_are_all_sent_multi_values_first(ask):
    answer = ask({"headers": {"m": "solo"}, "multiValueHeaders": {"m": ["multi"]}})
    assert ", ".join(answer.all("m")) == "multi, solo"


def test_a_multi_value_header_is_as_many_lines(ask):
    answer = ask({"multiValueHeaders": {"m": ["v1", "v2"], "Set-Cookie": ["a=1", "b=2"]}})
    assert ", ".join(answer.all("m")) == "v1, v2"
    assert answer.all("set-cookie") == ["a=1", "b=2"]


def test_headers_that_belong_to_the_connection_are_renamed_or_dropped(ask):
    answer = ask({"headers": {
        "Connection": "x", "Server": "mine", "Date": "yesterday", "WWW-Authenticate": "Basic", "Content-Length": "999",
        "Transfer-Encoding": "chunked", "x-kept": "yes", "Access-Control-Allow-Origin": "*"}, "body": "four"})
    assert answer.body == b"four"
    assert answer.header("x-amzn-remapped-connection") == "x"
    assert answer.header("x-amzn-remapped-server") == "mine"
    assert answer.header("x-amzn-remapped-www-authenticate") == "Basic"
    assert answer.header("x-amzn-remapped-content-length") == "999"
    assert answer.header("x-amzn-remapped-date") is not None
    assert answer.header("www-authenticate") is None
    assert answer.header("date") != "yesterday"
    assert (answer.header("x-kept"), answer.header("access-control-allow-origin")) == ("yes", "*")


def test_a_content_type_of_the_functions_own(ask):
    assert ask({"headers": {"Content-Type": "text/plain"}, "body": "x"}).header("content-type") == "text/plain"


@pytest.mark.parametrize("accept, decoded", [
    ("image/png", True), ("image/png, text/html", True), ("text/html, image/png", False),
    ("image/jpg", False), ("image/*", False), ("*/*", False), (None, False), ("whatever/test", False)])
def test_base64_is_decoded_when_the_client_asks_for_a_binary_type(ask, accept, decoded):
    headers = [("Accept", accept)] if accept else []
    answer = ask({"statusCode": 200, "isBase64Encoded": True, "body": BASE64_PNG}, headers, binary_types=True)
    assert answer.body == (PNG if decoded else BASE64_PNG.encode())


def test_base64_that_cannot_be_decoded_is_our_error(ask):
    answer = ask({"statusCode": 200, "isBase64Encoded": True, "body": "!!!"}, [("Accept", "image/png")], binary_types=True)
    assert (answer.status, answer.body) == (500, b'{"message": "Internal server error"}')


def test_head_has_the_headers_and_no_body(ask):
    answer = ask({"statusCode": 200, "body": "text", "headers": {"x": "y"}}, method="HEAD")
    assert (answer.status, answer.body, answer.header("x")) == (200, b"", "y")


def test_every_answer_has_its_ids(ask):
    answer = ask({"statusCode": 200})
    assert answer.header("x-amzn-requestid") and answer.header("x-amz-apigw-id") and answer.header("x-amzn-trace-id")


SERVICE_ERRORS = [
    ("throttled", Reply("Rate Exceeded.", 429, type="TooManyRequestsException"), (500, 502)),
    ("not permitted", Reply("not authorized", 403, type="AccessDeniedException"), (500,)),
    ("no such function", Reply("Function not found", 404, type="ResourceNotFoundException"), (500,)),
    ("broken service", Reply("oops", 500, type="ServiceException"), (502,)),
]


@pytest.mark.parametrize("reply, statuses", [one[1:] for one in SERVICE_ERRORS], ids=[one[0] for one in SERVICE_ERRORS])
def test_what_the_lambda_service_refuses(ask, reply, statuses):
    answer = ask(reply)
    assert answer.status in statuses and answer.body == b'{"message": "Internal server error"}', answer
    assert answer.header("x-amzn-errortype") == "InternalServerErrorException"


def test_a_slow_function_times_out(api, lambdas):
    name = lambdas.function(Reply({"statusCode": 200}, wait=3))
    made = api()
    made.route("GET /slow", {**aws_proxy(name), "timeoutInMillis": 300})
    made.deploy()
    began = time.monotonic()
    answer = made.send("/slow")
    assert (answer.status, answer.body) == (504, b'{"message": "Endpoint request timed out"}'), answer
    assert 0.3 <= time.monotonic() - began < 2


def test_an_integration_method_other_than_post_is_our_error(api, lambdas):
    made = api({"GET /get": aws_proxy(lambdas.function({"statusCode": 200}), method="GET")})
    answer = made.send("/get")
    assert (answer.status, answer.body) == (500, b'{"message": "Internal server error"}'), answer


def test_a_function_that_is_not_there(api):
    answer = api({"GET /gone": aws_proxy("nobody-made-this")}).send("/gone")
    assert (answer.status, answer.body) == (500, b'{"message": "Internal server error"}'), answer
