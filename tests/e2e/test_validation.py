"""Requests are checked before the backend is asked: required parameters first, then the body against its model."""

import json

import pytest

from apis import Api

OK = {"type": "MOCK", "requestTemplates": {"$default": '{"statusCode": 200}'}, "response": {"responseTemplates": {"application/json": "passed"}}}
PET = {"type": "object", "required": ["name"], "properties": {
    "type": {"enum": ["dog", "cat", "fish"]}, "price": {"type": "number", "minimum": 25, "maximum": 500}}}


@pytest.fixture
def made(product):
    api = Api(product)
    at = {"restApiId": api.id}
    api.client.create_model(**at, name="Pet", contentType="application/json", schema=json.dumps(PET))
    reference = f"https://apigateway.amazonaws.com/restapis/{api.id}/models/Pet"
    api.client.create_model(**at, name="Pets", contentType="application/json",
                            schema=json.dumps({"type": "array", "items": {"$ref": reference}}))
    validator = api.client.create_request_validator(
        **at, name="all", validateRequestBody=True, validateRequestParameters=True)["id"]
    required = {"method.request.querystring.q1": True}
    api.route("GET /pets", OK, requestValidatorId=validator, requestParameters=required)
    api.route("POST /pets", OK, requestValidatorId=validator, requestParameters=required,
              requestModels={"application/json": "Pet"})
    api.route("PUT /pets", OK, requestValidatorId=validator, requestModels={"application/json": "Pets"})
    api.client.put_gateway_response(**at, responseType="BAD_REQUEST_BODY", responseTemplates={
        "application/json": '{"message": $context.error.messageString, "detail": "$context.error.validationErrorString"}'})
    api.deploy()
    return api


MISSING = {"message": "Missing required request parameters: [q1]"}


@pytest.mark.parametrize("method, path, headers, body, status, answer", [
    ("GET", "/pets?q1=cat", (), None, 200, None),
    ("GET", "/pets", (), None, 400, MISSING),
    ("GET", "/pets?q1=", (), None, 400, MISSING),
    ("POST", "/pets?q1=x", (), {"name": "M", "type": "cat", "price": 26}, 200, None),
    ("POST", "/pets", (), {}, 400, MISSING),
    ("POST", "/pets?q1=x", (), {"name": "M", "type": "bird", "price": 269}, 400, {
        "message": "Invalid request body",
        "detail": '[instance value ("bird") not found in enum (possible values: ["dog","cat","fish"])]'}),
    ("PUT", "/pets", (), [{"name": "a"}, {"name": "b"}], 200, None),
    ("PUT", "/pets", (), [{"name": "a"}, {}], 400, {
        "message": "Invalid request body", "detail": '[object has missing required properties (["name"])]'}),
    ("PUT", "/pets", (("content-type", "text/xml"),), "<a/>", 200, None),
])
def test_what_passes_and_what_does_not(made, method, path, headers, body, status, answer):
    if body is not None and not isinstance(body, str):
        body = json.dumps(body)
    headers = headers or ((("content-type", "application/json"),) if body else ())
    got = made.send(path, method, headers, body.encode() if body else None)
    assert got.status == status, got.body
    if answer is not None:
        assert json.loads(got.body) == answer
        assert got.header("x-amzn-errortype") == "BadRequestException"
