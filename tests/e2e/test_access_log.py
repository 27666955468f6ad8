"""What the access log of a REST API says of who was let in, who was not, and where: by each kind of authorizer."""

import json
import time

import botocore.credentials
import pytest

import products
import test_iam
from apis import Api, invoke_uri, mock
from backends import Reply
from products import ACCOUNT, REGION
from test_authorizers import policy

POOL = f"{REGION}_pets"
STEPS = ("authenticate", "authorizer", "authorize")
NOT_ALLOWED = "The client is not authorized to perform this operation."


@pytest.fixture(scope="module")
def logging(folder, lambdas, issuers):
    product = products.Dev(folder / "access-log", "--memory", "--log", "requests", environment={
        "AWS_ENDPOINT_URL_LAMBDA": lambdas.url, "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER": issuers.url})
    yield product
    product.stop()


@pytest.fixture(scope="module")
def api(logging, lambdas, issuers):
    made = Api(logging)

    def guard(event):
        answer = {"fail": Reply({"errorMessage": "no table"}, error="Unhandled"), "nobody": Reply({"errorMessage": "Unauthorized"}, error="Unhandled")}
        token = event["authorizationToken"]
        return answer.get(token) or policy("Deny" if token == "deny" else "Allow", context={"team": "pets"})

    def authorizer(name, **how):
        created = made.client.create_authorizer(
            restApiId=made.id, name=name, identitySource="method.request.header.Authorization", **how)
        return {"authorizationType": "CUSTOM" if how["type"] == "TOKEN" else how["type"], "authorizerId": created["id"]}

    function = authorizer("function", type="TOKEN", authorizerUri=invoke_uri(lambdas.function(guard)), authorizerResultTtlInSeconds=0)
    made.route("GET /open", mock())
    made.route("GET /shut", mock())
    made.route("GET /signed", mock(), authorizationType="AWS_IAM")
    made.route("GET /function", mock(), **function)
    made.route("GET /function-shut", mock(), **function)
    made.route("GET /pool", mock(), **authorizer("pool", type="COGNITO_USER_POOLS", providerARNs=[f"arn:aws:cognito-idp:{REGION}:{ACCOUNT}:userpool/{POOL}"]))
    made.route("GET /jwt", mock(), **authorizer("jwt", type="JWT", jwtConfiguration={
        "issuers": [{"issuer": issuers.issuer(POOL), "audiences": ["pets"]}], "defaultAlgorithms": ["RS256"]}))
    document = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*"},
        {"Effect": "Deny", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*/GET/*shut"}]}
    names = [f"{step}.{what}" for step in STEPS for what in ("status", "error", "latency")]
    names += ["authorizer.principalId", "authorizer.team", "authorizer.claims.sub", "authorizer.integrationStatus", "authorizer.integrationLatency",
              "authorizer.requestId", "identity.accountId", "identity.userArn"]
    form = json.dumps({"id": "$context.requestId", **{name: f"$context.{name}" for name in names}})
    made.open = made.deploy("open")
    made.client.update_rest_api(restApiId=made.id, patchOperations=[{"op": "replace", "path": "/policy", "value": json.dumps(document)}])
    made.deploy()
    made.client.update_account(patchOperations=[{"op": "replace", "path": "/cloudwatchRoleArn", "value": f"arn:aws:iam::{ACCOUNT}:role/logs"}])
    for stage in ("open", "test"):
        made.patch_stage(("replace", "/accessLogSettings/format", form), ("replace", "/accessLogSettings/destinationArn",
                         f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:access"), stage=stage)
    return made


def logged(api, answer):
    """What the log says of a request that was answered, without what it says nothing of."""
    request = answer.header("x-amzn-requestid")

    def line():
        found = [one for one in api.product.program.text().splitlines() if one.startswith("{") and request in one]
        return found and json.loads(found[0])
    return {name: value for name, value in products.eventually(line).items() if value != "-" and name != "id"}


ADMIN = botocore.credentials.Credentials("AKIAIOSFODNN7EXAMPLE", "any")
ARN = f"arn:aws:iam::{ACCOUNT}:root"

# Where to, with what, and what each step says: its status, and the beginning of its error.
CASES = [
    ("open", "/open", None, {}),
    ("test", "/open", None, {"authorize": (200, None)}),
    ("test", "/shut", None, {"authorize": (403, NOT_ALLOWED)}),
    ("open", "/signed", "signed", {"authenticate": (200, None), "authorize": (200, None), "identity.userArn": ARN, "identity.accountId": ACCOUNT}),
    ("open", "/signed", None, {"authenticate": (403, "")}),
    ("open", "/signed", "Bearer x", {"authenticate": (403, "")}),
    ("open", "/function", "allow", {"authorizer": (200, None), "authorizer.principalId": "ann", "authorizer.team": "pets"}),
    ("test", "/function", "allow", {"authorizer": (200, None), "authorize": (200, None), "authorizer.principalId": "ann", "authorizer.team": "pets"}),
    ("open", "/function", "deny", {"authorizer": (403, NOT_ALLOWED), "authorizer.principalId": "ann", "authorizer.team": "pets"}),
    ("open", "/function", "nobody", {"authorizer": (401, "")}),
    ("open", "/function", "fail", {"authorizer": (500, "")}),
    ("open", "/function", None, {"authorizer": (401, "")}),
    ("test", "/function-shut", "allow", {"authorize": (403, NOT_ALLOWED)}),
    ("open", "/pool", "token", {"authorizer": (200, None), "authorizer.claims.sub": "ann"}),
    ("open", "/pool", "expired", {"authorizer": (401, "the token has expired")}),
    ("open", "/pool", None, {"authorizer": (401, "")}),
    ("open", "/jwt", "token", {"authorizer": (200, None), "authorizer.claims.sub": "ann"}),
    ("open", "/jwt", "nonsense", {"authorizer": (401, "")}),
    ("test", "/jwt", "token", {"authorizer": (200, None), "authorize": (200, None), "authorizer.claims.sub": "ann"}),
]


@pytest.mark.parametrize("stage, path, by, expected", CASES, ids=[" ".join(map(str, one[:3])) for one in CASES])
def test_the_log_says_which_step_let_somebody_in_or_did_not(api, issuers, stage, path, by, expected):
    claims = {"aud": "pets", "token_use": "id", "cognito:username": "ann"}
    if by == "signed":
        keys = type("Keys", (), {"own": ADMIN})
        api.stage, before = stage, api.stage
        answer = test_iam.ask(api, keys, path)
        api.stage = before
    else:
        sent = {"token": lambda: issuers.token(POOL, **claims), "expired": lambda: issuers.token(POOL, **{**claims, "exp": int(time.time()) - 1})}
        headers = [("Authorization", sent[by]() if by in sent else by)] if by else []
        answer = api.send(path, headers=headers, stage=stage)
    found = logged(api, answer)
    statuses = [claim[0] for claim in expected.values() if isinstance(claim, tuple)]
    refused = [status for status in statuses if status != 200]
    assert answer.status == (refused[0] if refused else 200), answer
    for step in STEPS:
        if step not in expected:
            assert not {name for name in found if name.startswith(f"{step}.")}, found
            continue
        status, error = expected[step]
        assert found[f"{step}.status"] == str(status), found
        assert found[f"{step}.latency"].isdigit(), found
        assert (f"{step}.error" in found) == (error is not None) and found.get(f"{step}.error", "").startswith(error or ""), found
    more = {name: value for name, value in expected.items() if not isinstance(value, tuple)}
    assert more == {name: value for name, value in found.items() if name in more}, found
    # A function was called, or none was.
    called = path.startswith("/function") and by is not None and "authorizer" in expected
    assert ("authorizer.integrationStatus" in found) == called, found
    if called:
        assert found["authorizer.integrationStatus"] == "200" and found["authorizer.integrationLatency"].isdigit(), found
