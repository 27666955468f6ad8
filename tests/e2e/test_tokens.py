"""Methods that want a token: of a user pool, or of an issuer that publishes its keys."""

import json
import time

import pytest
from botocore.exceptions import ClientError

import products
from apis import Api, aws_proxy, mock
from backends import LambdaEndpoint
from issuer import EcKey
from products import ACCOUNT, REGION

UNAUTHORIZED = (401, "UnauthorizedException", {"message": "Unauthorized"})
EXPIRED = (401, "UnauthorizedException", {"message": "The incoming token has expired"})


@pytest.fixture(scope="module")
def functions_of_lambda():
    server = LambdaEndpoint()
    yield server
    server.close()


@pytest.fixture(scope="module")
def postern(folder, functions_of_lambda, issuers):
    product = products.Dev(folder / "tokens", "--memory", environment={
        "AWS_ENDPOINT_URL_LAMBDA": functions_of_lambda.url,
        # As for every AWS tool: where user pools are.
        "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER": issuers.url,
    })
    yield product
    product.stop()


def pool_arn(name):
    return f"arn:aws:cognito-idp:{REGION}:{ACCOUNT}:userpool/{name}"


def claims_template():
    text = "$context.authorizer.claims.sub|$context.authorizer.claims['cognito:username']|$context.authorizer.claims.groups"
    return {**mock(), "response": {"responseTemplates": {"application/json": text}}}


def guarded(postern, kind, scopes=("pets/read",), **authorizer):
    """An API whose `/plain` wants a token, and whose `/scoped` wants one with a scope."""
    api = Api(postern)
    made = api.client.create_authorizer(restApiId=api.id, name="guard", type=kind,
                                        identitySource="method.request.header.Authorization", **authorizer)
    api.authorizer = made
    by = {"authorizationType": kind, "authorizerId": made["id"]}
    api.route("GET /plain", claims_template(), **by)
    api.route("GET /scoped", claims_template(), authorizationScopes=list(scopes), **by)
    api.route("GET /function", aws_proxy("who"), **by)
    api.deploy()
    return api


@pytest.fixture(scope="module")
def pool(postern):
    return guarded(postern, "COGNITO_USER_POOLS", providerARNs=[pool_arn(f"{REGION}_other"), pool_arn(f"{REGION}_pets")])


POOL = f"{REGION}_pets"


def get(api, path, token, scheme="Bearer "):
    return api.send(path, headers=[] if token is None else [("Authorization", scheme + token)])


def seen(answer):
    return answer.status, answer.header("x-amzn-errortype"), json.loads(answer.body)


def test_a_pools_tokens_pass_where_they_are_wanted(pool, issuers):
    id_token, access_token = issuers.id_token(POOL, groups=["a", "b"]), issuers.access_token(POOL, "openid pets/read")
    for path, token, scheme in [("/plain", id_token, "Bearer "), ("/plain", id_token, ""), ("/plain", id_token, "bearer "),
                                ("/scoped", access_token, "Bearer ")]:
        answer = get(pool, path, token, scheme)
        assert answer.status == 200, (path, scheme, answer)
    assert get(pool, "/plain", id_token).body == b"ann|ann|a,b"
    for path, token in [
        ("/plain", access_token), ("/scoped", id_token), ("/plain", None),
        ("/scoped", issuers.access_token(POOL, "pets/write")),
        ("/plain", issuers.id_token(f"{REGION}_third")),
        ("/plain", issuers.id_token(POOL, aud=None)),
        ("/plain", issuers.id_token(POOL, token_use=None)),
        ("/plain", issuers.id_token(POOL, nbf=int(time.time()) + 60)),
        ("/plain", issuers.id_token(POOL, key=issuers.keys[1])),
    ]:
        answer = get(pool, path, token)
        assert seen(answer) == UNAUTHORIZED, (path, answer)
        assert answer.header("www-authenticate") is None
    assert seen(get(pool, "/plain", issuers.id_token(POOL, exp=int(time.time()) - 1))) == EXPIRED


def test_functions_and_logs_are_told_the_claims(pool, issuers, functions_of_lambda):
    told = []

    def who(event):
        told.append(event["requestContext"]["authorizer"])
        return {"statusCode": 200, "body": "ok"}

    functions_of_lambda.function(who, "who")
    now = int(time.time())
    token = issuers.id_token(POOL, groups=["a", "b"], email_verified=True, auth_time=now, exp=now + 60)
    assert get(pool, "/function", token).status == 200
    [authorizer] = told
    assert set(authorizer) == {"claims"}
    claims = authorizer["claims"]
    assert all(isinstance(value, str) for value in claims.values())
    end = time.strftime("%a %b %d %H:%M:%S UTC %Y", time.gmtime(now + 60))
    assert (claims["sub"], claims["groups"], claims["email_verified"], claims["auth_time"], claims["exp"]) == (
        "ann", "a,b", "true", str(now), end)


def test_an_authorizer_for_tokens_can_be_tried(pool, issuers):
    def tried(token, authorizer=pool.authorizer["id"]):
        return pool.client.test_invoke_authorizer(restApiId=pool.id, authorizerId=authorizer, headers={"Authorization": token})

    good = tried(issuers.id_token(POOL))
    assert good["clientStatus"] == 200 and good["claims"]["cognito:username"] == "ann"
    bad = tried("nonsense")
    assert bad["clientStatus"] == 401 and "claims" not in bad
    assert "Unauthorized request" in bad["log"]


def jwt(postern, issuers, name, algorithms=("RS256", "ES256"), **issuer):
    return guarded(postern, "JWT", jwtConfiguration={
        "issuers": [{"issuer": issuers.issuer(name), "audiences": ["pets", "shop"], **issuer}], "defaultAlgorithms": list(algorithms)})


def test_an_issuers_tokens_must_say_what_the_owner_wants(postern, issuers):
    api = jwt(postern, issuers, "tenant", additionalClaims=[
        {"claimName": "tenant", "format": "SINGLE_STRING", "required": True, "expectedValues": ["x"]}])
    told = api.authorizer["jwtConfiguration"]["issuers"][0]["jwksUri"]
    assert told == f"{issuers.issuer('tenant')}/.well-known/jwks.json"
    forbidden = (403, "ForbiddenException", {"message": "Forbidden"})
    good = {"aud": ["other", "pets"], "tenant": "x", "scope": "pets/read"}
    for key in issuers.keys:
        for path, more, expected in [
            ("/plain", {}, None), ("/scoped", {}, None), ("/scoped", {"scope": None, "scp": ["pets/read"]}, None),
            ("/scoped", {"scope": "pets/write"}, forbidden), ("/plain", {"tenant": "y"}, UNAUTHORIZED),
            ("/plain", {"tenant": None}, UNAUTHORIZED), ("/plain", {"aud": "other"}, UNAUTHORIZED),
            ("/plain", {"iss": issuers.issuer("tenant") + "/"}, UNAUTHORIZED), ("/plain", {"exp": int(time.time()) - 1}, EXPIRED),
        ]:
            answer = get(api, path, issuers.token("tenant", key, **{**good, **more}))
            assert (answer.status == 200) if expected is None else (seen(answer) == expected), (key.algorithm, path, more, answer)


def test_an_issuer_is_asked_when_it_is_made_an_authorizers(postern, issuers):
    for name, algorithms, words in [("missing/x/y", ["RS256"], "/.well-known/openid-configuration for issuer"),
                                    ("fine", ["HS256"], "HS256"), ("fine", ["none"], "none")]:
        issuers.is_away = name.startswith("missing")
        with pytest.raises(ClientError) as refused:
            jwt(postern, issuers, name, algorithms)
        issuers.is_away = False
        assert refused.value.response["Error"]["Code"] == "BadRequestException"
        assert words in refused.value.response["Error"]["Message"]


def test_keys_rotate_and_outlive_an_outage(postern, issuers):
    api = jwt(postern, issuers, "rotating")
    issuers.is_away = True
    token = issuers.token("rotating", aud="pets")
    answer = get(api, "/plain", token)
    assert (answer.status, answer.header("x-amzn-errortype"), answer.body) == (
        500, "AuthorizerConfigurationException", b'{"message":null}')
    issuers.is_away = False
    assert products.eventually(lambda: get(api, "/plain", token).status == 200)
    fetches = issuers.times_asked("rotating")
    # A new key is found by the first token of it, and unknown ones are not looked for again and again.
    new = EcKey("new")
    issuers.keys.append(new)
    try:
        assert get(api, "/plain", issuers.token("rotating", new, aud="pets")).status == 200
        for number in range(10):
            assert seen(get(api, "/plain", issuers.token("rotating", EcKey(f"unknown{number}"), aud="pets"))) == UNAUTHORIZED
        assert issuers.times_asked("rotating") == fetches + 1
        issuers.is_away = True
        for key in issuers.keys:
            assert get(api, "/plain", issuers.token("rotating", key, aud="pets", sub="bob")).status == 200
    finally:
        issuers.is_away = False
        issuers.keys.remove(new)
