"""Routes of HTTP APIs that want a token, ask a function, want a signature or a key, and that only so many may call."""

import json
import uuid

import pytest

import products
import test_iam
from apis import Routes, function_arn, invoke_uri
from backends import LambdaEndpoint, Reply
from issuer import Issuers
from products import ACCOUNT, REGION

UNAUTHORIZED = (401, b'{"message":"Unauthorized"}')
FORBIDDEN = (403, b'{"message":"Forbidden"}')
ERROR = (500, b'{"message":"Internal Server Error"}')
THROTTLED = (429, b'{"message":"Too Many Requests"}')


def said(answer):
    return answer.status, answer.body


def function(name, version="2.0"):
    return {"IntegrationType": "AWS_PROXY", "IntegrationUri": function_arn(name), "PayloadFormatVersion": version}


def by_tokens(api, issuer, name="jwt", source="$request.header.Authorization", audience=("a", "b")):
    made = api.client.create_authorizer(
        ApiId=api.id, Name=name, AuthorizerType="JWT", IdentitySource=[source],
        JwtConfiguration={"Issuer": issuer, "Audience": list(audience)})
    return {"AuthorizationType": "JWT", "AuthorizerId": made["AuthorizerId"]}


def by_function(api, guard, version="2.0", simple=True, source=("$request.header.Authorization",), ttl=0):
    simple = {"EnableSimpleResponses": True} if simple and version == "2.0" else {}
    made = api.client.create_authorizer(
        ApiId=api.id, Name=uuid.uuid4().hex, AuthorizerType="REQUEST", AuthorizerUri=invoke_uri(guard), IdentitySource=list(source),
        AuthorizerPayloadFormatVersion=version, AuthorizerResultTtlInSeconds=ttl, **simple)
    return {"AuthorizationType": "CUSTOM", "AuthorizerId": made["AuthorizerId"]}


def bearing(token):
    return [("Authorization", token)] if token else []


# --- tokens ---

def test_tokens_pass_wherever_postern_keeps_its_data(product, lambdas, issuers):
    who = lambdas.function({"statusCode": 200})
    api = Routes(product)
    by = by_tokens(api, issuers.issuer("all"))
    api.route("GET /plain", function(who), **by)
    api.route("GET /scoped", function(who), AuthorizationScopes=["pets/read", "pets/write"], **by)
    token = issuers.token("all", aud="a", scope="openid pets/read", groups=["x", "y"], level=7, admin=True)
    assert api.settled(lambda: api.send("/plain", headers=bearing(f"Bearer {token}")).status == 200)
    jwt = lambdas.last(who).event["requestContext"]["authorizer"]["jwt"]
    claims = jwt["claims"]
    assert (claims["iss"], claims["sub"], claims["scope"]) == (issuers.issuer("all"), "ann", "openid pets/read")
    assert (claims["groups"], claims["level"], claims["admin"]) == ("[x y]", "7", "true")
    assert claims["exp"].isdigit() and jwt["scopes"] is None
    assert api.settled(lambda: api.send("/scoped", headers=bearing(token)).status == 200)
    assert lambdas.last(who).event["requestContext"]["authorizer"]["jwt"]["scopes"]
    assert said(api.send("/plain")) == UNAUTHORIZED


@pytest.fixture(scope="module")
def tokens(postern, backend, issuers):
    """An HTTP API whose routes want tokens: of any scope, of one of two, and in the query string."""
    api = Routes(postern)
    by = by_tokens(api, issuers.issuer("pets"))
    api.route("GET /plain", backend.url, **by)
    api.route("GET /scoped", backend.url, AuthorizationScopes=["pets/read", "pets/write"], **by)
    api.route("GET /query", backend.url, **by_tokens(api, issuers.issuer("pets"), "query", "$request.querystring.token"))
    return api


def invalid(description):
    return f'Bearer scope="" error="invalid_token" error_description="{description}"'


WRONG_AUDIENCE = invalid("the token does not have a valid audience")


@pytest.mark.parametrize("claims, status, challenge", [
    ({"aud": "a"}, 200, None),
    ({"aud": ["x", "b"]}, 200, None),
    ({"client_id": "a"}, 200, None),
    ({"aud": "x"}, 401, WRONG_AUDIENCE),
    # Where a token says whom it is for, the client's name does not count.
    ({"aud": "x", "client_id": "a"}, 401, WRONG_AUDIENCE),
    ({"aud": [], "client_id": "a"}, 401, WRONG_AUDIENCE),
    ({"aud": None}, 401, WRONG_AUDIENCE),
    ({"aud": "a", "exp": 1}, 401, invalid("the token has expired")),
    ({"aud": "a", "iss": "http://127.0.0.1:1/pets"}, 401, invalid("issuer does not match")),
])
def test_a_token_must_be_of_the_issuer_for_the_audience_and_of_now(tokens, issuers, claims, status, challenge):
    answer = tokens.send("/plain", headers=bearing(f"Bearer {issuers.token('pets', **claims)}"))
    assert (answer.status, answer.header("www-authenticate")) == (status, challenge), answer
    assert status == 200 or said(answer) == UNAUTHORIZED


@pytest.mark.parametrize("scopes, status", [
    ({"scope": "pets/read"}, 200), ({"scope": "openid pets/write"}, 200), ({"scp": ["pets/read"]}, 200), ({"scp": "pets/read x"}, 200),
    ({}, 403), ({"scope": "pets/reader"}, 403), ({"scope": "pets"}, 403), ({"scp": []}, 403)])
def test_a_route_with_scopes_wants_one_of_them(tokens, issuers, scopes, status):
    answer = tokens.send("/scoped", headers=bearing(issuers.token("pets", aud="a", **scopes)))
    assert answer.status == status, answer
    if status == 403:
        assert said(answer) == FORBIDDEN
        assert answer.header("www-authenticate").startswith('Bearer scope="pets/read pets/write" error="insufficient_scope"')


@pytest.mark.parametrize("headers, challenge", [
    ([], "Bearer"),
    ([("Authorization", "")], "Bearer"),
    ([("Authorization", "Bearer")], "Bearer"),
    ([("Authorization", "{token}.")], invalid("token contains an invalid number of segments")),
    ([("Authorization", "Bearer ")], "Bearer"),
    ([("X-Authorization", "{token}")], "Bearer"),
    ([("Cookie", "authorization={token}")], "Bearer"),
    ([("Authorization", "Basic {token}")], None),
    ([("Authorization", "Bearer {token} {token}")], None),
    # Of two tokens none counts, for whoever comes behind the gateway might take the other.
    ([("Authorization", "Bearer {token}"), ("Authorization", "Bearer {token}")], None),
    ([("Authorization", "Bearer {token}"), ("authorization", "")], None),
])
def test_a_token_stands_alone_in_its_place(tokens, issuers, headers, challenge):
    token = issuers.token("pets", aud="a")
    answer = tokens.send("/plain", headers=[(name, value.format(token=token)) for name, value in headers])
    assert said(answer) == UNAUTHORIZED
    assert challenge is None or answer.header("www-authenticate") == challenge, answer


def test_a_token_may_stand_in_the_query_where_the_authorizer_looks_for_it(tokens, issuers):
    token = issuers.token("pets", aud="a")
    assert tokens.send(f"/query?token={token}").status == 200
    assert tokens.send(f"/query?token=Bearer%20{token}").status == 200
    for path in ("/query", "/query?token=", f"/query?Token={token}", f"/query?token={token}&token={token}"):
        assert said(tokens.send(path)) == UNAUTHORIZED, path
    assert said(tokens.send("/query", headers=bearing(token))) == UNAUTHORIZED
    assert said(tokens.send(f"/plain?token={token}&authorization={token}")) == UNAUTHORIZED


def test_an_issuer_that_is_away_is_told_of(postern, backend):
    server = Issuers()
    server.is_away = True
    api = Routes(postern)
    api.route("GET /", backend.url, **by_tokens(api, server.issuer("gone")))
    answer = api.send("/", headers=bearing(server.token("gone", aud="a")))
    assert said(answer) == UNAUTHORIZED
    assert answer.header("www-authenticate") == invalid("OIDC discovery endpoint communication error")
    server.close()


# --- functions ---

def test_a_function_says_yes_or_no(product, lambdas):
    guard = lambdas.function(lambda event: {"isAuthorized": event["headers"]["authorization"] == "allow",
                                            "context": {"user": "ann", "level": 7, "tags": ["a"]}})
    who = lambdas.function({"statusCode": 200})
    api = Routes(product, stage="dev")
    api.route("GET /pets/{id}", function(who), **by_function(api, guard))
    assert api.settled(lambda: api.send("/pets/7?q=1", headers=bearing("allow")).status == 200)
    context = lambdas.last(who).event["requestContext"]
    assert context["authorizer"] == {"lambda": {"user": "ann", "level": 7, "tags": ["a"]}}
    event = lambdas.last(guard).event
    assert (event["version"], event["type"], event["identitySource"]) == ("2.0", "REQUEST", ["allow"])
    assert event["routeArn"] == f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{api.id}/dev/GET/pets/7"
    assert (event["rawPath"], event["rawQueryString"], event["routeKey"]) == ("/dev/pets/7", "q=1", "GET /pets/{id}")
    assert "authorizer" not in event["requestContext"] and "body" not in event
    assert said(api.send("/pets/7", headers=bearing("deny"))) == FORBIDDEN
    calls = len(lambdas.invocations)
    assert said(api.send("/pets/7")) == UNAUTHORIZED
    assert len(lambdas.invocations) == calls


def test_a_policy_says_what_may_be_called(postern, lambdas, backend):
    def guard(event):
        return {"principalId": "ann", "context": {"user": "ann"}, "policyDocument": {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": f"arn:aws:execute-api:*:*:{api.id}/*/GET/*"}]}}
    name = lambdas.function(guard)
    api = Routes(postern)
    for version in ("1.0", "2.0"):
        api.route(f"ANY /{version}", backend.url, **by_function(api, name, version, simple=False))
        assert api.send(f"/{version}", headers=bearing("t")).status == 200
        assert said(api.send(f"/{version}", "POST", headers=bearing("t"))) == FORBIDDEN
    first = next(one.event for one in lambdas.invocations if one.name == name)
    assert (first["version"], first["type"], first["identitySource"], first["authorizationToken"]) == ("1.0", "REQUEST", "t", "t")
    assert first["methodArn"] == f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{api.id}/$default/GET/1.0"


def test_an_answer_is_kept_for_all_routes_by_what_says_who_calls(postern, lambdas, backend):
    guard = lambdas.function({"isAuthorized": True})
    api = Routes(postern)
    shared = by_function(api, guard, source=["$request.header.Authorization", "$request.querystring.team"], ttl=60)
    single = by_function(api, guard, source=["$request.header.Authorization", "$context.routeKey"], ttl=60)
    for route, by in [("GET /a", shared), ("GET /b", shared), ("GET /c", single), ("GET /d", single)]:
        api.route(route, backend.url, **by)
    asked = lambda: sum(one.name == guard for one in lambdas.invocations)  # noqa: E731
    for path, token, count in [("/a?team=x", "t", 1), ("/a?team=x&other=1", "t", 1), ("/b?team=x", "t", 1), ("/a?team=y", "t", 2), ("/a?team=x", "u", 3),
                               ("/c", "t", 4), ("/c", "t", 4), ("/d", "t", 5)]:
        assert api.send(path, headers=bearing(token)).status == 200
        assert asked() == count, (path, token)
    api.client.reset_authorizers_cache(ApiId=api.id, StageName="$default")
    assert api.send("/a?team=x", headers=bearing("t")).status == 200
    assert asked() == 6


def test_a_function_that_fails_lets_nobody_pass_and_is_asked_again(postern, lambdas, backend):
    answers = {"broken": Reply({"errorMessage": "no such table"}, error="Unhandled"), "odd": {"isAuthorized": "yes"}, "text": "true",
               "refused": Reply("slow down", 429, type="TooManyRequestsException")}
    guard = lambdas.function(lambda event: answers.get(event["headers"]["authorization"], {"isAuthorized": True}))
    api = Routes(postern)
    api.route("GET /", backend.url, **by_function(api, guard, ttl=60))
    for token in answers:
        assert said(api.send("/", headers=bearing(token))) == ERROR, token
    answers.clear()
    assert api.send("/", headers=bearing("broken")).status == 200


# --- signatures ---

@pytest.fixture(scope="module")
def signers(folder, lambdas, tmp_path_factory):
    """A Postern that has given ann a key, and a key to bob, who may do nothing."""
    product = products.Dev(folder / "signers", "--memory", environment={"AWS_ENDPOINT_URL_LAMBDA": lambdas.url})
    manage = lambda *words: test_iam.postern(*words, "--endpoint-url", product.endpoint, "--region", REGION)  # noqa: E731
    product.ann, product.bob = (test_iam.Keys(manage("credentials", "issue", name)) for name in ("ann", "bob"))
    document = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": f"arn:aws:execute-api:{REGION}:{ACCOUNT}:*/dev/GET/*"},
        {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": f"arn:aws:execute-api:{REGION}:{ACCOUNT}:*/dev/$default"}]}
    file = tmp_path_factory.mktemp("policy") / "ann.json"
    file.write_text(json.dumps(document))
    manage("credentials", "policy", "attach", "ann", "calls", file)
    yield product
    product.stop()


def test_a_signature_counts_for_the_routes_that_policies_allow(signers, lambdas):
    who = lambdas.function({"statusCode": 200})
    api = Routes(signers, stage="dev")
    for route in ("GET /pets", "POST /pets", "$default"):
        api.route(route, function(who), AuthorizationType="AWS_IAM")
    assert test_iam.ask(api, signers.ann, "/pets?a=1").status == 200
    iam = lambdas.last(who).event["requestContext"]["authorizer"]["iam"]
    assert iam["userArn"] == f"arn:aws:iam::{ACCOUNT}:user/ann" and iam["accessKey"] == signers.ann.id
    assert (iam["accountId"], iam["cognitoIdentity"]) == (ACCOUNT, None)
    assert "authorization" not in lambdas.last(who).event["headers"]
    assert test_iam.ask(api, signers.ann, "/else", "PUT").status == 200
    calls = len(lambdas.invocations)
    for keys, path, method in [(signers.ann, "/pets", "POST"), (signers.bob, "/pets", "GET"), (signers.bob, "/else", "GET")]:
        assert said(test_iam.ask(api, keys, path, method)) == FORBIDDEN, (path, method)
    method, target, headers, body = test_iam.signed(api, signers.ann, "/pets")
    for name, value in [("Authorization", None), ("X-Amz-Date", "20200101T000000Z"), ("Host", f"other.{api.id}.example")]:
        changed = [(known, value if known == name else was) for known, was in headers if known != name or value]
        assert test_iam.send(signers, method, target, changed, body).status in (403, 404), name
    assert said(test_iam.send(signers, method, target + "?a=1", headers, body)) == FORBIDDEN
    assert said(api.send("/pets")) == FORBIDDEN
    assert len(lambdas.invocations) == calls


# --- how much ---

def test_a_route_is_throttled_by_its_own_settings_or_the_stages(postern, backend):
    api = Routes(postern, {key: backend.url for key in ("GET /a", "GET /b", "GET /c", "ANY /d", "$default")})
    none = {"ThrottlingBurstLimit": 0, "ThrottlingRateLimit": 0.0}
    api.client.update_stage(ApiId=api.id, StageName="$default", DefaultRouteSettings=none, RouteSettings={
        # What a route's own settings do not say is not the stage's.
        "GET /b": {"DetailedMetricsEnabled": True}, "GET /c": {"ThrottlingBurstLimit": 5, "ThrottlingRateLimit": 5.0}, "ANY /d": none, "$default": none})
    for path, method, is_throttled in [("/a", "GET", True), ("/b", "GET", False), ("/c", "GET", False), ("/d", "PUT", True), ("/e", "GET", True)]:
        answer = api.send(path, method)
        assert (said(answer) == THROTTLED) == is_throttled, (path, answer)
        assert is_throttled or answer.status == 200
    api.client.update_stage(ApiId=api.id, StageName="$default", DefaultRouteSettings={})
    assert api.send("/a").status == 200


def test_a_route_may_want_a_key_of_a_usage_plan(product, backend):
    api = Routes(product, {"GET /open": backend.url}, stage="dev")
    api.route("GET /keyed", backend.url, ApiKeyRequired=True)
    rest = product.client()
    plan = rest.create_usage_plan(name="p", apiStages=[{"apiId": api.id, "stage": "dev"}], quota={"limit": 2, "period": "MONTH"})["id"]
    value = uuid.uuid4().hex
    key = rest.create_api_key(name="k", enabled=True, value=value)["id"]
    ask = lambda given=value, path="/keyed": api.send(path, headers=[("x-api-key", one) for one in [given] if one])  # noqa: E731
    assert api.settled(lambda: ask(path="/open").status == 200)
    assert api.settled(lambda: said(ask()) == FORBIDDEN)
    rest.create_usage_plan_key(usagePlanId=plan, keyId=key, keyType="API_KEY")
    assert api.settled(lambda: ask().status == 200)
    assert said(ask(None)) == FORBIDDEN and said(ask("nobody")) == FORBIDDEN
    # A key counts where it belongs, alone and whole.
    for path, headers in [
        (f"/keyed?x-api-key={value}&apiKey={value}", []),
        ("/keyed", [("X-Api-Key2", value)]),
        ("/keyed", [("X_Api_Key", value)]),
        ("/keyed", [("Cookie", f"x-api-key={value}")]),
        ("/keyed", [("Authorization", value)]),
        ("/keyed", [("X-Api-Key", f"nobody,{value}")]),
        ("/keyed", [("X-Api-Key", f"{value},{value}")]),
        ("/keyed", [("X-Api-Key", "nobody"), ("X-Api-Key", value)]),
        ("/keyed", [("X-Api-Key", f"Bearer {value}")]),
        ("/keyed", [("X-Api-Key", value[:-1])]),
    ]:
        assert said(api.send(path, headers=headers)) == FORBIDDEN, (path, headers)
    statuses = [ask().status for _ in range(3)]
    # Each environment of the functions learns of the key by itself, and then of how much is left: one of two, by now.
    assert set(statuses) <= {200, 403, 429} and statuses.count(200) <= 1
    assert api.settled(lambda: said(ask()) == THROTTLED)
