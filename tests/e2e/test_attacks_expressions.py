"""Expressions that take long: an authorizer may name any, and a client may send any token to it."""

import time

import pytest

from apis import Api, invoke_uri, mock

SLOW = {
    "(a+)+$": "a" * 5_000 + "!",
    "(a|a)*b": "a" * 5_000,
    "(a|aa)+$": "a" * 5_000 + "!",
    "^(([a-z])+.)+[A-Z]([a-z])+$": "a" * 5_000,
    "(.*a){12}": "a" * 11 + "b" * 5_000,
    "(x+x+)+y": "x" * 5_000,
    "([a-zA-Z]+)*1": "a" * 5_000,
    "(?:(?:a?){50}){50}b": "a" * 5_000,
}


@pytest.mark.parametrize("expression", SLOW)
def test_an_expression_made_to_take_long_does_not(postern, lambdas, expression):
    guard = lambdas.function({"principalId": "x"})
    made = Api(postern)
    authorizer = made.client.create_authorizer(restApiId=made.id, name="guard", type="TOKEN", authorizerUri=invoke_uri(guard),
                                               identitySource="method.request.header.Authorization", identityValidationExpression=expression)
    made.route("GET /", mock(), authorizationType="CUSTOM", authorizerId=authorizer["id"])
    made.deploy()
    began = time.monotonic()
    assert made.send("/", headers=[("Authorization", SLOW[expression])], timeout=10).status == 401
    assert time.monotonic() - began < 2
    assert not [one for one in lambdas.invocations if one.name == guard]
