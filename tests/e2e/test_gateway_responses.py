"""What the gateway itself answers: status, body to the byte, and headers."""

import re

import pytest

import wire
from apis import Api, mock

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
EXTENDED_ID = re.compile(r"[A-Za-z0-9+/_-]{15}=")


@pytest.fixture(scope="module")
def api(postern):
    return Api(postern, {
        "GET /ok": mock(),
        "GET /mute": {"type": "MOCK", "requestTemplates": {"application/json": '{"no": 1}'}},
    })


def the_usual(answer, status, body, kind):
    assert (answer.status, answer.body) == (status, body), answer
    assert answer.header("x-amzn-errortype") == kind
    assert answer.header("content-type") == "application/json"
    assert answer.header("content-length") == str(len(body))
    assert answer.header("date") is not None
    assert UUID.fullmatch(answer.header("x-amzn-requestid"))
    assert EXTENDED_ID.fullmatch(answer.header("x-amz-apigw-id"))


MISSING = (403, b'{"message":"Missing Authentication Token"}', "MissingAuthenticationTokenException")
FORBIDDEN = (403, b'{"message":"Forbidden"}', "ForbiddenException")
INTERNAL = (500, b'{"message": "Internal server error"}', "InternalServerErrorException")


@pytest.mark.parametrize("method, path", [("GET", "/nothing"), ("POST", "/ok"), ("GET", "/ok/more"), ("DELETE", "/")])
def test_no_such_resource_or_method(api, method, path):
    answer = api.send(path, method)
    the_usual(answer, *MISSING)
    assert answer.header("x-amzn-trace-id") is None


@pytest.mark.parametrize("stage", ["nostage", "TEST", "test2"])
def test_no_such_stage(api, stage):
    the_usual(api.send("/ok", stage=stage), *FORBIDDEN)


def test_no_stage_at_all(api):
    the_usual(wire.exchange(api.product.address, "GET", "/", [("Host", api.product.host(api.id))]), *FORBIDDEN)


@pytest.mark.parametrize("id", ["nosuchapi0", "x", "a" * 60])
def test_no_such_api(api, id):
    answer = api.product.send(id, "test", "/ok")
    assert (answer.status, answer.body) == FORBIDDEN[:2], answer


def test_an_api_in_the_path_is_the_same_api(api):
    by_host, by_path = api.send("/ok"), wire.exchange(
        api.product.address, "GET", f"/_api/{api.id}/test/ok", [("Host", f"localhost:{api.product.port}")])
    assert (by_host.status, by_host.body) == (by_path.status, by_path.body) == (200, b"")


def test_a_token_where_nothing_asks_for_one_is_parsed_on_unmatched_paths(api):
    answer = api.send("/nothing", headers=[("Authorization", "Bearer abc")])
    assert answer.status == 403
    assert answer.body == (b"{\"message\":\"'abc' not a valid key=value pair (missing equal-sign) in Authorization header: "
                           b"'Bearer abc'.\"}")
    assert answer.header("x-amzn-errortype") == "IncompleteSignatureException"


def test_a_mock_without_a_status(api):
    answer = api.send("/mute")
    the_usual(answer, *INTERNAL)
    assert answer.header("x-amzn-trace-id") is None


def test_ids_differ_from_request_to_request(api):
    ids = [(one.header("x-amzn-requestid"), one.header("x-amz-apigw-id")) for one in (api.send("/ok") for _ in range(50))]
    assert len({one for one, _ in ids}) == len({one for _, one in ids}) == 50


def test_the_connection_stays_open_unless_the_client_closes_it(api):
    with wire.Connection(api.product.address) as connection:
        for _ in range(5):
            connection.send(wire.encode("GET", "/test/nothing", [("Host", api.product.host(api.id))]))
            assert connection.answer().status == 403
        connection.send(wire.encode("GET", "/test/ok", [("Host", api.product.host(api.id)), ("Connection", "close")]))
        answer = connection.answer()
        assert (answer.status, (answer.header("connection") or "").lower()) == (200, "close")
        assert connection.reader.read() == b""


# MOCK itself, since it is what answers without anyone behind the gateway.

@pytest.mark.parametrize("template, status", [
    ('{"statusCode": 200}', 200),
    ("{statusCode: 200}", 200),
    ("{'statusCode': 200}", 200),
    ('{"statusCode": 200,}', 200),
    ("{statusCode: 200, \"value\": 'goog'}", 200),
    ('{"statusCode": 0}', 200),
    ('{"statusCode": -1000}', 200),
    ('{"statusCode": "200"}', 500),
    ('{"statusCode": 200', 500),
    ("statusCode: 200", 500),
    ('{"statusCode\': 200}', 500),
    ("{}", 500),
    ("plain text", 500),
])
def test_what_a_mock_takes_for_a_status(postern, template, status):
    integration = {"type": "MOCK", "requestTemplates": {"application/json": template}}
    answer = Api(postern, {"GET /m": integration}).send("/m")
    assert answer.status == status, answer


def test_a_mock_chooses_its_response_by_status(postern):
    api = Api(postern)
    api.route("GET /m", {**mock(418), "response": {"statusCode": "200"}})
    where = {"restApiId": api.id, "resourceId": api.resource("/m"), "httpMethod": "GET"}
    api.client.put_method_response(**where, statusCode="404")
    api.client.put_integration_response(**where, statusCode="404", selectionPattern="4\\d{2}",
                                        responseTemplates={"application/json": '{"tea": "no"}'})
    api.deploy()
    answer = api.send("/m")
    assert (answer.status, answer.body) == (404, b'{"tea": "no"}'), answer


def test_a_mock_adds_static_headers(postern):
    api = Api(postern)
    api.route("OPTIONS /m", {**mock(), "response": {"responseParameters": {
        "method.response.header.Access-Control-Allow-Origin": "'*'",
        "method.response.header.Access-Control-Allow-Methods": "'GET,OPTIONS'",
    }}})
    api.deploy()
    answer = api.send("/m", "OPTIONS")
    assert (answer.status, answer.body, answer.header("content-type")) == (200, b"", "application/json")
    assert answer.header("access-control-allow-origin") == "*"
    assert answer.header("access-control-allow-methods") == "GET,OPTIONS"
    assert answer.header("x-amzn-trace-id") is None
