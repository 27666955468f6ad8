"""HTTP integrations: the backend is sent what the owner made, and the client what the owner made of the answer."""

import base64
import gzip
import json

import pytest

from apis import Api
from backends import Seen


@pytest.fixture(scope="module")
def api(postern, backend):
    return Api(postern, minimumCompressionSize=200)


def http(backend, path="/", method="POST", **more):
    return {"type": "HTTP", "integrationHttpMethod": method, "uri": backend.url + path, "response": {}, **more}


def deployed(api, route, integration, **method):
    api.route(route, integration, **method)
    api.deploy()
    return api


def test_the_backend_is_sent_what_a_template_and_mappings_make(api, backend):
    deployed(api, "POST /pets/{id}", http(
        backend, "/p/{pet}",
        requestTemplates={"application/json": '{"who": "$input.path(\'$.name\')", "id": "$input.params(\'id\')"}'},
        requestParameters={
            "integration.request.path.pet": "method.request.path.id",
            "integration.request.querystring.page": "method.request.querystring.page",
            "integration.request.header.x-name": "method.request.body.name",
            "integration.request.header.x-stage": "context.stage",
        }), requestParameters={"method.request.path.id": True, "method.request.querystring.page": False})
    answer = api.send("/pets/7?page=2&other=1", "POST",
                      [("Content-Type", "application/json"), ("X-Own", "1")], b'{"name": "Rex"}')
    seen = Seen(answer)
    assert (seen.method, seen.target) == ("POST", "/p/7?page=2")
    assert json.loads(seen.body) == {"who": "Rex", "id": "7"}
    assert (seen.header("x-name"), seen.header("x-stage")) == ("Rex", "test")
    assert seen.header("user-agent") == f"AmazonAPIGateway_{api.id}"
    assert seen.header("x-amzn-apigateway-api-id") == api.id
    assert seen.header("x-own") is None
    assert answer.header("x-amzn-trace-id") == seen.header("x-amzn-trace-id")


def test_the_answer_is_what_the_integration_response_makes_of_it(api, backend):
    path = backend.replies(503, [("Retry-After", "7"), ("Content-Type", "text/plain")], b'{"why": "tired"}')
    api.route("GET /tired", http(backend, path, "GET"))
    where = {"restApiId": api.id, "resourceId": api.resources["/tired"], "httpMethod": "GET"}
    api.client.put_method_response(**where, statusCode="429", responseParameters={"method.response.header.X-After": False})
    api.client.put_integration_response(
        **where, statusCode="429", selectionPattern="5\\d{2}",
        responseParameters={"method.response.header.X-After": "integration.response.header.Retry-After"},
        responseTemplates={"application/json": '{"reason": "$input.path(\'$.why\')"}'})
    api.deploy()
    answer = api.send("/tired")
    assert (answer.status, answer.json()) == (429, {"reason": "tired"})
    assert answer.header("x-after") == "7"
    assert answer.header("content-type") == "application/json"
    assert answer.header("retry-after") is None


def test_bodies_are_packed_and_unpacked(api, backend):
    deployed(api, "POST /packed", http(backend))
    body = json.dumps({"pets": [str(nth) for nth in range(1000)]}).encode()
    coding = [("Content-Encoding", "gzip"), ("Accept-Encoding", "gzip")]
    answer = api.send("/packed", "POST", coding, gzip.compress(body))
    assert answer.header("content-encoding") == "gzip"
    echoed = json.loads(gzip.decompress(answer.body))
    assert base64.b64decode(echoed["body"]) == body
    assert api.send("/packed", "POST", [("Content-Encoding", "br")], b"x").status == 415


def test_a_template_that_is_none_keeps_the_api_from_being_deployed(postern, backend):
    api = Api(postern)
    api.route("POST /wrong", http(backend, requestTemplates={"application/json": '{\n  #if($x) '}))
    with pytest.raises(api.client.exceptions.BadRequestException) as refused:
        api.deploy()
    message = refused.value.response["Error"]["Message"]
    assert message.startswith("POST /wrong: Invalid requestTemplates application/json: line 2, column "), message
