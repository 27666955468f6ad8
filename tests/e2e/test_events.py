"""Every sample event of events/ is understood by its function."""

import base64
import json

import pytest

import wire
from apis import Api, aws_proxy
from products import ROOT

EVENTS = {path.stem: path for path in sorted((ROOT / "events").glob("*.json"))}


def test_there_is_an_event_of_every_source():
    assert {name for name in EVENTS} >= {
        "gateway-function-url-get", "gateway-function-url-iam", "gateway-function-url-post-base64", "gateway-alb",
        "gateway-alb-multivalue", "gateway-vpc-lattice", "management-function-url-create-rest-api"}
    described = (ROOT / "events" / "README.md").read_text()
    assert "petstore01" in described


@pytest.fixture(scope="module")
def petstore(functions, lambdas):
    name = lambdas.function(lambda event: {"statusCode": 200, "headers": {"x-path": event["path"]}, "body": json.dumps(event)})
    api = Api(functions, binaryMediaTypes=["image/png"])
    api.route("ANY /pets", aws_proxy(name))
    api.route("ANY /pets/{id}", aws_proxy(name))
    api.deploy()
    api.settled(lambda: api.send("/pets").status == 200)
    return api


@pytest.fixture
def event(petstore):
    """event(name) is the sample with the id of our API."""
    return lambda name: EVENTS[name].read_text().replace("petstore01", petstore.id)


@pytest.fixture
def invoke(petstore, event):
    """invoke(name) is status, headers and body of the function's answer to that event."""

    def of(name):
        function = name.split("-")[0]
        answer = wire.exchange(petstore.product.address, "POST", f"/2015-03-31/functions/{function}/invocations",
                               [("Host", "localhost")], event(name).encode())
        if function == "gateway":  # Streamed: the emulator takes the head off, as a Function URL does.
            return answer.status, {key.lower(): value for key, value in answer.headers}, answer.body
        buffered = answer.json()
        body = buffered["body"].encode()
        return (buffered["statusCode"], {key.lower(): value for key, value in buffered["headers"].items()},
                base64.b64decode(body) if buffered["isBase64Encoded"] else body)

    return of


@pytest.mark.parametrize("name, expected", [
    ("gateway-function-url-get", b'"path": "/pets/7"'), ("management-function-url-get-rest-apis", b'"statusCode":200')])
def test_cargo_lambda_sends_them(petstore, event, tmp_path, name, expected):
    file = tmp_path / "event.json"
    file.write_text(event(name))
    printed = petstore.product.invoke(name.split("-")[0], file)
    assert expected in printed


TAGS = {"tag": ["a", "b"]}

REQUESTS = [  # event, method, path, query, body, base64?
    ("gateway-function-url-get", "GET", "/pets/7", {**TAGS, "note": ["two words"]}, None, False),
    ("gateway-function-url-host", "GET", "/pets/7", None, None, False),
    ("gateway-function-url-iam", "GET", "/pets/7", None, None, False),
    ("gateway-function-url-post", "POST", "/pets", None, '{"name":"Rex","note":"ünï"}', False),
    ("gateway-function-url-post-base64", "POST", "/pets", None, "iVBORw0KGgoAAAANSUhEUv8A", True),
    ("gateway-alb", "GET", "/pets/7", {"tag": ["b"], "note": ["two words"]}, None, False),
    ("gateway-alb-host", "GET", "/pets/7", None, None, False),
    ("gateway-alb-multivalue", "POST", "/pets", {**TAGS, "note": ["two words"]}, '{"name":"Rex"}', False),
    ("gateway-vpc-lattice", "GET", "/pets/7", TAGS, None, False),
]


@pytest.mark.parametrize("name, method, path, query, body, is_base64", REQUESTS, ids=[one[0] for one in REQUESTS])
def test_an_event_of_the_gateway(invoke, name, method, path, query, body, is_base64):
    status, headers, answered = invoke(name)
    assert status == 200, answered
    assert headers["x-amzn-requestid"]
    event = json.loads(answered)
    assert (event["httpMethod"], event["path"]) == (method, path)
    assert event["multiValueQueryStringParameters"] == query
    assert (event["body"], event["isBase64Encoded"]) == (body, is_base64)
    if name != "gateway-vpc-lattice":
        assert event["requestContext"]["identity"]["sourceIp"] == "198.51.100.7"
    assert event["requestContext"]["identity"]["userAgent"] == "curl/8.5.0"
    if name == "gateway-function-url-get":
        assert event["headers"]["cookie" if "cookie" in event["headers"] else "Cookie"] == "session=1; theme=dark"


def test_a_path_that_leads_nowhere(invoke):
    status, headers, body = invoke("gateway-function-url-no-such-path")
    assert (status, body) == (403, b'{"message":"Missing Authentication Token"}')
    assert headers["x-amzn-errortype"] == "MissingAuthenticationTokenException"


def test_the_events_of_management(invoke, petstore):
    status, headers, body = invoke("management-function-url-create-rest-api")
    made = json.loads(body)
    assert (status, made["name"], made["endpointConfiguration"]["types"]) == (201, "petstore", ["REGIONAL"])
    assert petstore.client.get_rest_api(restApiId=made["id"])["name"] == "petstore"

    status, _, body = invoke("management-function-url-get-rest-apis")
    assert status == 200 and made["id"] in {one["id"] for one in json.loads(body)["item"]}

    status, _, body = invoke("management-function-url-create-deployment")
    assert status == 201 and json.loads(body)["description"] == "from an event"

    status, headers, body = invoke("management-function-url-get-no-such-api")
    assert (status, headers["x-amzn-errortype"].split(":")[0]) == (404, "NotFoundException")
    assert json.loads(body)["message"].startswith("Invalid API identifier specified ")
