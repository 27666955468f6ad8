"""TestInvokeMethod: a method is tried as it stands, without a deployment, a key or credentials, and tells its log."""

import json

import pytest
from botocore.exceptions import ClientError

from apis import Api, aws_proxy, invoke_uri, mock
from backends import Reply


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
        "Method response headers: {Content-Type=application/json}",
        "Successfully completed execution",
        "Method completed with status: 200",
    ]
    bare = made.client.test_invoke_method(**at)["log"]
    assert "Method request path: {petId={petId}}" in bare


def test_the_log_writes_names_as_the_service_does(product, lambdas):
    made = Api(product)
    name = lambdas.function({"statusCode": 200, "headers": {"X-Pet": "rex", "Server": "me"}, "body": "{}"})
    made.route("ANY /pets", aws_proxy(name))
    at = {"restApiId": made.id, "resourceId": made.resource("/pets"), "httpMethod": "ANY"}
    tried = made.client.test_invoke_method(**at, pathWithQueryString="?a=1", headers={"X-Mine": "1", "accept": "*/*"})
    event = lambdas.last(name).event
    assert event["path"] == "/pets" and event["queryStringParameters"] == {"a": "1"}
    assert event["headers"] == {"X-Mine": "1", "accept": "*/*"}
    lines = dict(line.split(" : ", 1)[1].split(": ", 1) for line in tried["log"].splitlines()[1:] if ": {" in line)
    assert lines["Method request headers"] == "{X-Mine=1, accept=*/*}"
    request_id = tried["log"].splitlines()[0].removeprefix("Execution log for request ")
    assert lines["Endpoint request headers"].startswith(
        f"{{x-amzn-lambda-integration-tag={request_id}, x-amzn-apigateway-api-id={made.id}, Accept=application/json, "
        f"User-Agent=AmazonAPIGateway_{made.id}, X-Amzn-Trace-Id=Root=")
    assert "X-Amz-Executed-Version=$LATEST" in lines["Endpoint response headers"]
    assert "x-amzn-RequestId=" in lines["Endpoint response headers"]
    assert lines["Method response headers"].startswith("{X-Amzn-Trace-Id=Root=")
    assert "Content-Type=application/json" in lines["Method response headers"]
    assert tried["headers"]["x-amzn-Remapped-Server"] == "me"


def test_what_is_not_there_cannot_be_tried(product):
    made = Api(product)
    with pytest.raises(ClientError) as refused:
        made.client.test_invoke_method(restApiId=made.id, resourceId=made.resource("/"), httpMethod="GET")
    assert refused.value.response["Error"]["Message"] == "Invalid Method identifier specified"


ALLOW = {"principalId": "user-7", "policyDocument": {"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "*"}]}}


def authorizer(made, lambdas, answer, kind="TOKEN", source="method.request.header.Auth", **more):
    name = lambdas.function(answer)
    created = made.client.create_authorizer(restApiId=made.id, name=name, type=kind, authorizerUri=invoke_uri(name),
                                            identitySource=source, **more)
    return name, {"restApiId": made.id, "authorizerId": created["id"]}


def test_an_authorizer_is_tried_before_it_is_deployed(product, lambdas):
    made = Api(product)
    name, at = authorizer(made, lambdas, ALLOW, identityValidationExpression="Bearer .+")
    tried = made.client.test_invoke_authorizer(**at, headers={"Auth": "Bearer x"}, pathWithQueryString="/pets?a=1")
    assert (tried["clientStatus"], tried["principalId"]) == (200, "user-7")
    assert json.loads(tried["policy"]) == ALLOW["policyDocument"]
    assert "Successfully completed authorizer execution" in tried["log"]
    event = lambdas.last(name).event
    assert (event["type"], event["authorizationToken"]) == ("TOKEN", "Bearer x")
    assert event["methodArn"].startswith("arn:aws:execute-api:") and event["methodArn"].endswith("/GET/pets")
    before = len(lambdas.invocations)
    for headers in ({}, {"Auth": ""}, {"Auth": "Basic x"}):
        assert made.client.test_invoke_authorizer(**at, headers=headers)["clientStatus"] == 401, headers
    assert [one for one in lambdas.invocations[before:] if one.name == name] == []


def test_an_authorizer_is_given_the_request_without_its_body(product, lambdas):
    made = Api(product)
    sources = "method.request.header.Auth, method.request.querystring.a, stageVariables.v"
    name, at = authorizer(made, lambdas, ALLOW, "REQUEST", sources)
    given = {"headers": {"Auth": "x"}, "pathWithQueryString": "/?a=1&a=2", "stageVariables": {"v": "w"}, "body": "secret"}
    assert made.client.test_invoke_authorizer(**at, **given)["clientStatus"] == 200
    event = lambdas.last(name).event
    assert event["type"] == "REQUEST" and "body" not in event and "isBase64Encoded" not in event
    assert event["multiValueQueryStringParameters"] == {"a": ["1", "2"]}
    assert event["stageVariables"] == {"v": "w"} and event["requestContext"]["httpMethod"] == "GET"
    assert made.client.test_invoke_authorizer(**at, **{**given, "stageVariables": {}})["clientStatus"] == 401


@pytest.mark.parametrize("answer, status", [
    (Reply({"errorMessage": "Unauthorized"}, error="Unhandled"), 401),
    (Reply({"errorMessage": "broken"}, error="Unhandled"), 500),
    ({"principalId": "u"}, 500),
    ({**ALLOW, "context": {"a": []}}, 500),
    ("allow", 500),
], ids=str)
def test_an_authorizer_that_does_not_allow_says_why(product, lambdas, answer, status):
    made = Api(product)
    _, at = authorizer(made, lambdas, answer)
    tried = made.client.test_invoke_authorizer(**at, headers={"Auth": "x"})
    assert tried["clientStatus"] == status and "policy" not in tried
