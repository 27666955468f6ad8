"""API keys that are smuggled in: one row for each way, and none of them counts. How plans limit is in `test_usage_plans`."""

import uuid

import pytest

from apis import invoke_uri, mock
from test_usage_plans import FORBIDDEN, Keyed, refusal


def key_header(change, name="x-api-key"):
    return lambda k: ("/", [(name, change(k.value))])


KEYS = {
    "in the query": lambda k: (f"/?x-api-key={k.value}&api_key={k.value}", []),
    "in a cookie": lambda k: ("/", [("Cookie", f"x-api-key={k.value}")]),
    "with underscores": key_header(lambda v: v, "x_api_key"),
    "without hyphens": key_header(lambda v: v, "xapikey"),
    "in a header for authorization": key_header(lambda v: v, "Authorization"),
    "forwarded": key_header(lambda v: v, "x-forwarded-x-api-key"),
    "the key's id": lambda k: ("/", [("x-api-key", k.key)]),
    "in capitals": key_header(str.upper),
    "a beginning of it": key_header(lambda v: v[:-1]),
    "and more": key_header(lambda v: v + "0"),
    "and a zero byte's escape": key_header(lambda v: v + "%00"),
    "quoted": key_header(lambda v: f'"{v}"'),
    "twice with a comma": key_header(lambda v: f"{v},{v}"),
    "twice with a comma, another's first": key_header(lambda v: f"{'x' * 32},{v}"),
    "after another's": lambda k: ("/", [("x-api-key", "x" * 32), ("X-API-Key", k.value)]),
    "after one of nothing": lambda k: ("/", [("x-api-key", ""), ("x-api-key", k.value)]),
    "of nothing": key_header(lambda v: ""),
    "of anything": key_header(lambda v: "*"),
    "long": key_header(lambda v: v * 200),
    "in bytes": key_header(lambda v: v.encode() + b"\xff"),
    "of a plan of another stage": lambda k: ("/", [("x-api-key", k.elsewhere)]),
    "of no plan": lambda k: ("/", [("x-api-key", k.new_key()[1])]),
    "switched off": lambda k: ("/", [("x-api-key", k.new_key(k.plan, enabled=False)[1])]),
}


@pytest.fixture(scope="module")
def keyed_api(postern):
    made = Keyed(postern)
    made.elsewhere = Keyed(postern).value
    return made


@pytest.mark.parametrize("attack", KEYS)
def test_a_key_is_smuggled_in_vain(keyed_api, attack):
    path, headers = KEYS[attack](keyed_api)
    assert refusal(keyed_api.api.send(path, headers=headers)) == FORBIDDEN, attack


@pytest.mark.parametrize("headers", [
    lambda v: [("x-api-key", v)], lambda v: [("X-API-KEY", v)], lambda v: [("X-Api-Key", v), ("Connection", "x-api-key")],
    lambda v: [("x-api-key", f"  {v}  ")], lambda v: [("x-api-key", v), ("x-api-key", uuid.uuid4().hex)],
], ids=["plain", "capitals", "connection", "spaces", "another after it"])
def test_however_a_key_is_written_it_is_counted(postern, headers):
    made = Keyed(postern, plan={"quota": {"limit": 2, "period": "DAY"}})
    assert [made.api.send("/", headers=headers(made.value)).status for _ in range(4)] == [200, 200, 429, 429]
    # And once for all its ways of being written.
    assert made.send().status == 429


def test_a_key_that_a_function_gives_is_no_clients(postern, lambdas):
    guard = lambdas.function(lambda event: {"principalId": "x", "policyDocument": {
        "Version": "2012-10-17", "Statement": [{"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": "*"}]}, **extra})
    made = Keyed(postern, api={"apiKeySource": "AUTHORIZER"})
    authorizer = made.client.create_authorizer(restApiId=made.api.id, name="guard", type="TOKEN", authorizerUri=invoke_uri(guard),
                                               identitySource="method.request.header.Authorization", authorizerResultTtlInSeconds=0)
    made.api.route("GET /by", mock(), apiKeyRequired=True, authorizationType="CUSTOM", authorizerId=authorizer["id"])
    made.api.deploy()
    for extra, status in [({}, 403), ({"usageIdentifierKey": made.key}, 403), ({"usageIdentifierKey": ""}, 403),
                          ({"context": {"usageIdentifierKey": made.value}}, 403), ({"usageIdentifierKey": made.value}, 200)]:
        for more in ([], [("x-api-key", made.value)]):
            answer = made.api.send("/by", headers=[("Authorization", "t"), *more])
            assert answer.status == status, (extra, more, answer)
