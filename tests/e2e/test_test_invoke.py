"""TestInvokeMethod: a method is tried as it stands, without a deployment, a key or credentials, and tells its log."""

import json

import pytest
from botocore.exceptions import ClientError

from apis import Api, mock


def test_a_method_is_tried_before_it_is_deployed(product):
    made = Api(product)
    response = {"responseTemplates": {"application/json": '{"done": true}'}}
    made.route("GET /pets/{petId}", {**mock(), "response": response}, apiKeyRequired=True, authorizationType="AWS_IAM")
    at = {"restApiId": made.id, "resourceId": made.resource("/pets/{petId}"), "httpMethod": "GET"}
    tried = made.client.test_invoke_method(**at, pathWithQueryString="/pets/123?foo=bar", body='{"foo": "bar"}',
                                           headers={"content-type": "application/json"})
    assert tried["status"] == 200 and json.loads(tried["body"]) == {"done": True}
    assert tried["headers"]["Content-Type"] == "application/json"
    assert tried["multiValueHeaders"]["Content-Type"] == ["application/json"]
    first, *lines = tried["log"].splitlines()
    request_id = first.removeprefix("Execution log for request ")
    assert len(request_id) == 36
    assert [line.split(" : ", 1)[1] for line in lines] == [
        f"Starting execution for request: {request_id}",
        "HTTP Method: GET, Resource Path: /pets/123",
        "Method request path: {petId=123}",
        "Method request query string: {foo=bar}",
        "Method request headers: {content-type=application/json}",
        'Method request body before transformations: {"foo": "bar"}',
        'Method response body after transformations: {"done": true}',
        "Method response headers: {content-type=application/json}",
        "Successfully completed execution",
        "Method completed with status: 200",
    ]
    bare = made.client.test_invoke_method(**at)["log"]
    assert "Method request path: {petId={petId}}" in bare


def test_what_is_not_there_cannot_be_tried(product):
    made = Api(product)
    with pytest.raises(ClientError) as refused:
        made.client.test_invoke_method(restApiId=made.id, resourceId=made.resource("/"), httpMethod="GET")
    assert refused.value.response["Error"]["Message"] == "Invalid Method identifier specified"
