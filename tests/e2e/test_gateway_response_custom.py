"""Gateway responses as an owner sets them, from the management API to the client."""

import pytest

from apis import Api, mock


@pytest.fixture(scope="module")
def api(postern):
    api = Api(postern, {"GET /keyed": mock()})
    where = {"restApiId": api.id, "resourceId": api.resources["/keyed"], "httpMethod": "GET"}
    api.client.update_method(**where, patchOperations=[{"op": "replace", "path": "/apiKeyRequired", "value": "true"}])
    api.client.put_gateway_response(
        restApiId=api.id, responseType="MISSING_AUTHENTICATION_TOKEN", statusCode="404",
        responseParameters={"gatewayresponse.header.x-q": "method.request.querystring.q"},
        responseTemplates={"application/json": '{"no": $context.error.messageString, "at": "$context.path"}'})
    api.client.put_gateway_response(
        restApiId=api.id, responseType="DEFAULT_4XX",
        responseParameters={"gatewayresponse.header.Access-Control-Allow-Origin": "'*'"})
    api.deploy()
    return api


def test_a_type_that_was_set_answers_as_it_was_set(api):
    answer = api.send("/none?q=7")
    assert answer.status == 404
    assert answer.json() == {"no": "Missing Authentication Token", "at": "/test/none"}
    assert answer.header("x-q") == "7"
    assert answer.header("x-amzn-errortype") == "MissingAuthenticationTokenException"
    assert answer.header("access-control-allow-origin") is None


def test_what_was_not_set_answers_as_the_default_of_its_class(api):
    answer = api.send("/keyed")
    assert (answer.status, answer.body) == (403, b'{"message":"Forbidden"}')
    assert answer.header("access-control-allow-origin") == "*"


def test_a_change_is_seen_when_the_api_is_deployed_again(api):
    api.client.delete_gateway_response(restApiId=api.id, responseType="MISSING_AUTHENTICATION_TOKEN")
    assert api.send("/none").status == 404
    api.deploy()
    assert api.settled(lambda: api.send("/none").status == 403)
