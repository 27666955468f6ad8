"""Methods behind functions that say who is calling, and behind the policy of their API."""

import json

import pytest

from apis import Api, aws_proxy, invoke_uri, mock
from backends import Reply
from products import ACCOUNT, eventually

UNAUTHORIZED = b'{"message":"Unauthorized"}'
NOT_ALLOWED = b'{"Message":"User is not authorized to access this resource"}'
DENIED = b'{"Message":"User is not authorized to access this resource with an explicit deny"}'


def policy(effect="Allow", resource="*", **more):
    statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": resource}
    return {"principalId": "ann", "policyDocument": {"Version": "2012-10-17", "Statement": [statement]}, **more}


def guarded(product, guard, routes, kind="TOKEN", source="method.request.header.Authorization", **authorizer):
    """An API whose routes all ask the function `guard`."""
    api = Api(product)
    made = api.client.create_authorizer(
        restApiId=api.id, name="guard", type=kind, authorizerUri=invoke_uri(guard), identitySource=source, **authorizer)
    for route, integration in routes.items():
        api.route(route, integration, authorizationType="CUSTOM", authorizerId=made["id"])
    api.deploy()
    api.authorizer = made["id"]
    return api


def asked(lambdas, name):
    return [one.event for one in lambdas.invocations if one.name == name]


def by_token(event):
    """As the console's blueprint has it: the token itself says what becomes of it."""
    token = event["authorizationToken"]
    if token == "throw":
        return Reply({"errorMessage": "Unauthorized", "errorType": "Error"}, error="Unhandled")
    if token == "break":
        return Reply({"errorMessage": "no such table"}, error="Unhandled")
    return policy(token.capitalize(), context={"stringKey": "value", "numberKey": 1, "booleanKey": True})


def test_a_token_decides(product, lambdas):
    guard = lambdas.function(by_token)
    backend = lambdas.function({"statusCode": 200})
    api = guarded(product, guard, {"GET /pets/{id}": aws_proxy(backend)})
    ask = lambda token: api.send("/pets/7?q=1", headers=[("Authorization", token)] if token else [])  # noqa: E731
    assert api.settled(lambda: ask("allow").status == 200)
    said = lambdas.last(backend).event["requestContext"]["authorizer"]
    assert said.pop("integrationLatency") >= 0
    assert said == {"principalId": "ann", "stringKey": "value", "numberKey": "1", "booleanKey": "true"}
    arn = f"arn:aws:execute-api:{api.client.meta.region_name}:{ACCOUNT}:{api.id}/test/GET/pets/7"
    assert asked(lambdas, guard)[-1] == {"type": "TOKEN", "methodArn": arn, "authorizationToken": "allow"}
    calls = len(lambdas.invocations)
    for token, status, body, kind in [
        (None, 401, UNAUTHORIZED, "UnauthorizedException"),
        ("deny", 403, DENIED, "AccessDeniedException"),
        ("throw", 401, UNAUTHORIZED, "UnauthorizedException"),
        ("break", 500, b'{"message":null}', "AuthorizerConfigurationException"),
    ]:
        answer = ask(token)
        assert (answer.status, answer.body, answer.header("x-amzn-errortype")) == (status, body, kind)
    assert [one.name for one in lambdas.invocations[calls:]] == [guard] * 3, "the backend is not called"


def test_a_verdict_is_kept_for_all_methods_until_it_is_flushed(product, lambdas):
    guard = lambdas.function(lambda event: policy(resource=event["methodArn"]))
    api = guarded(product, guard, {"GET /a": mock(), "GET /b": mock()}, authorizerResultTtlInSeconds=300)
    ask = lambda path, token="t": api.send(path, headers=[("Authorization", token)])  # noqa: E731
    assert api.settled(lambda: ask("/a").status == 200)
    before = len(asked(lambdas, guard))
    assert [ask("/a").status for _ in range(5)] == [200] * 5
    # The policy that is kept is for one method only: what many have met on the service.
    answer = ask("/b")
    assert (answer.status, answer.body) == (403, NOT_ALLOWED)
    assert len(asked(lambdas, guard)) == before
    # Another caller is another question.
    assert ask("/b", "other").status == 200
    assert len(asked(lambdas, guard)) == before + 1
    api.client.flush_stage_authorizers_cache(restApiId=api.id, stageName="test")
    assert api.settled(lambda: ask("/b").status == 200)
    assert len(asked(lambdas, guard)) > before + 1


def test_nothing_is_kept_without_a_time_to_keep_it(api, postern, lambdas):
    guard = lambdas.function(policy())
    made = guarded(postern, guard, {"GET /a": mock()}, authorizerResultTtlInSeconds=0)
    for count in range(1, 4):
        assert made.send("/a", headers=[("Authorization", "t")]).status == 200
        assert len(asked(lambdas, guard)) == count


def test_a_request_decides(postern, lambdas):
    # In the words of a function written in Python.
    guard = lambdas.function(lambda event: policy(
        "Allow" if event["headers"]["X-Team"] == "pets" and event["queryStringParameters"]["q"] == "1" else "Deny"))
    api = guarded(postern, guard, {"POST /pets/{id}": mock()}, "REQUEST",
                  "method.request.header.X-Team,method.request.querystring.q", authorizerResultTtlInSeconds=60)
    ask = lambda team, query: api.send(  # noqa: E731
        f"/pets/7{query}", "POST", [("X-Team", team), ("Content-Type", "application/json")], b'{"secret":1}')
    assert ask("pets", "?q=1").status == 200
    event = asked(lambdas, guard)[-1]
    assert (event["type"], event["resource"], event["path"], event["httpMethod"]) == ("REQUEST", "/pets/{id}", "/pets/7", "POST")
    assert event["pathParameters"] == {"id": "7"} and event["queryStringParameters"] == {"q": "1"}
    assert "body" not in event and "secret" not in json.dumps(event)
    assert (ask("pets", "?q=2").status, ask("cats", "?q=1").status) == (403, 403)
    before = len(asked(lambdas, guard))
    assert (ask("pets", "").status, ask("pets", "?q=").status) == (401, 401)
    assert ask("pets", "?q=1").status == 200
    assert len(asked(lambdas, guard)) == before


@pytest.mark.parametrize("token, status", [("Bearer abc", 200), ("Bearer ABC", 401), ("abc", 401), ("Bearer abc x", 401)])
def test_a_token_that_looks_wrong_is_not_asked_about(postern, lambdas, token, status):
    guard = lambdas.function(policy())
    api = guarded(postern, guard, {"GET /": mock()}, identityValidationExpression="^Bearer [a-z]+$")
    assert api.send("/", headers=[("Authorization", token)]).status == status
    assert len(asked(lambdas, guard)) == (status == 200)


def test_what_refuses_is_answered_as_the_owner_wants(postern, lambdas):
    guard = lambdas.function(by_token)
    api = guarded(postern, guard, {"GET /": mock()})
    for kind, status in [("UNAUTHORIZED", "418"), ("ACCESS_DENIED", "404"), ("AUTHORIZER_FAILURE", "503")]:
        api.client.put_gateway_response(
            restApiId=api.id, responseType=kind, statusCode=status, responseTemplates={"text/plain": kind + " $context.authorizer.stringKey"})
    api.deploy()
    for token, status, body in [
        ("throw", 418, b"UNAUTHORIZED "),
        ("deny", 404, b"ACCESS_DENIED value"),
        ("break", 503, b"AUTHORIZER_FAILURE "),
    ]:
        answer = api.send("/", headers=[("Authorization", token)])
        assert (answer.status, answer.body) == (status, body)


def test_a_policy_of_the_api_refuses_from_its_next_deployment_on(product):
    api = Api(product, {"GET /open": mock(), "GET /shut": mock()})
    assert api.settled(lambda: api.send("/shut").status == 200)
    document = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*"},
        {"Effect": "Deny", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*/GET/shut"}]}
    api.client.update_rest_api(restApiId=api.id, patchOperations=[
        {"op": "replace", "path": "/policy", "value": json.dumps(document)}])
    assert api.send("/shut").status == 200
    api.deploy()
    # Each environment sees it for itself.
    assert api.settled(lambda: {api.send("/shut").status for _ in range(12)} == {403})
    answer = api.send("/shut")
    resource = f"arn:aws:execute-api:{api.client.meta.region_name}:********{ACCOUNT[-4:]}:{api.id}/test/GET/shut"
    assert answer.json() == {
        "Message": f"User: anonymous is not authorized to perform: execute-api:Invoke on resource: {resource} with an explicit deny"}
    assert answer.header("x-amzn-errortype") == "AccessDeniedException"
    assert eventually(lambda: api.send("/open").status == 200)
