"""What HTTP APIs have beyond AWS, said by unmodified clients: a response cache, a canary, and validation of requests."""

import itertools

import botocore.exceptions
import pytest

from apis import Routes, function_arn


def counting(lambdas):
    """The integration of a function that gives every call a number of its own, beside who is calling and the variable `v`."""
    numbers = itertools.count(1)

    def answer(event):
        context = event["requestContext"]
        who = context.get("authorizer", {}).get("lambda", {}).get("who")
        return {"statusCode": 200, "body": f"{next(numbers)} {who} {(event.get('stageVariables') or {}).get('v')}"}

    return {"IntegrationType": "AWS_PROXY", "IntegrationUri": function_arn(lambdas.function(answer)), "PayloadFormatVersion": "2.0"}


class Staged(Routes):
    """An HTTP API, the stage of which is patched by the management API of REST APIs."""

    def patch(self, *operations):
        operations = [dict(zip(("op", "path", "value", "from"), operation)) for operation in operations]
        return self.v1.update_stage(restApiId=self.id, stageName=self.stage, patchOperations=operations)

    @property
    def v1(self):
        return self.product.client("apigateway")


CACHED = [("replace", "/cacheClusterEnabled", "true"), ("replace", "/*/*/caching/enabled", "true")]


def test_a_stage_keeps_answers_and_never_one_callers_for_another(product, lambdas):
    guard = lambdas.function(lambda event: {"isAuthorized": True, "context": {"who": event["headers"].get("x-who", "nobody")}})
    api = Staged(product)
    uri = f"arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/{function_arn(guard)}/invocations"
    authorizer = api.client.create_authorizer(
        ApiId=api.id, Name="guard", AuthorizerType="REQUEST", AuthorizerUri=uri, AuthorizerPayloadFormatVersion="2.0",
        IdentitySource=[], EnableSimpleResponses=True)["AuthorizerId"]
    integration = counting(lambdas)
    api.route("GET /open", integration)
    api.route("GET /off", integration)
    api.route("ANY /guarded/{id}", integration, AuthorizationType="CUSTOM", AuthorizerId=authorizer)
    shown = api.patch(*CACHED, ("replace", "/~1off/GET/caching/enabled", "false"), ("replace", "/*/*/caching/dataEncrypted", "true"))
    assert (shown["cacheClusterEnabled"], shown["methodSettings"]["*/*"]["cachingEnabled"]) == (True, True)

    def get(path, **headers):
        answer = api.send(path, headers=[(name.replace("_", "-"), value) for name, value in headers.items()])
        assert answer.status == 200, answer
        return answer.body

    assert api.settled(lambda: len({get("/open?warm") for _ in range(6)}) == 1)
    first = get("/open")
    assert get("/open", x_any="1") == first
    others = [get("/open?a=1"), get("/open?a=2"), get("/open", authorization="me"), get("/open", cookie="a=1"), get("/off"), get("/off")]
    assert len({first, *others}) == 7
    # The authorizer says who it is, by a header that nobody declared.
    ann, bob = get("/guarded/1", x_who="ann"), get("/guarded/1", x_who="bob")
    assert (ann.split()[1], bob.split()[1]) == (b"ann", b"bob")
    assert (get("/guarded/1", x_who="ann"), get("/guarded/1", x_who="bob")) == (ann, bob)
    assert get("/guarded/2", x_who="ann") != ann
    # What may not be kept for all is not looked for either.
    posted = {api.send("/guarded/1", "POST", [("x-who", "ann")]).body for _ in range(2)}
    assert len(posted) == 2

    # Both management APIs show the stage, each in its own words.
    assert "cacheKey" not in api.v1.get_stage(restApiId=api.id, stageName="$default")
    assert "CacheClusterEnabled" not in api.client.get_stage(ApiId=api.id, StageName="$default")
    api.v1.flush_stage_cache(restApiId=api.id, stageName="$default")
    assert api.settled(lambda: get("/open") != first)


def test_a_canary_takes_its_share_of_an_http_api_and_is_promoted(postern, lambdas):
    api = Staged(postern, {"GET /v": counting(lambdas)}, stage="prod")
    api.client.update_stage(ApiId=api.id, StageName="prod", AutoDeploy=False, StageVariables={"v": "old"})
    api.route("GET /new", counting(lambdas))
    deployment = api.client.create_deployment(ApiId=api.id)["DeploymentId"]

    def told():
        return {(api.send("/new").status, api.send("/v").body.split()[2]) for _ in range(20)}

    assert told() == {(404, b"old")}
    api.patch(("replace", "/canarySettings/percentTraffic", "100"), ("replace", "/canarySettings/deploymentId", deployment),
              ("replace", "/canarySettings/stageVariableOverrides/v", "new"))
    assert told() == {(200, b"new")}
    api.patch(("replace", "/canarySettings/percentTraffic", "50"))
    assert len({api.send("/v").body.split()[2] for _ in range(60)}) == 2
    api.patch(("copy", "/deploymentId", "", "/canarySettings/deploymentId"),
              ("copy", "/variables", "", "/canarySettings/stageVariableOverrides"), ("remove", "/canarySettings"))
    assert told() == {(200, b"new")}
    shown = api.client.get_stage(ApiId=api.id, StageName="prod")
    assert (shown["DeploymentId"], shown["StageVariables"]) == (deployment, {"v": "new"})


def test_what_apigatewayv2_has_words_for_is_changed_by_it(postern):
    api = Staged(postern)
    with pytest.raises(botocore.exceptions.ClientError, match="Use UpdateStage of apigatewayv2") as refused:
        api.patch(("replace", "/variables/a", "1"))
    assert refused.value.response["Error"]["Code"] == "BadRequestException"


def test_a_route_refuses_what_does_not_fit_its_model_and_lacks_what_it_asks_for(postern, backend):
    api = Routes(postern)
    api.client.create_model(ApiId=api.id, Name="Pet", ContentType="application/json", Schema='{"type": "object", "required": ["name"]}')
    api.route("POST /pets/{id}", backend.url, RequestModels={"application/json": "Pet"}, RequestParameters={
        "route.request.header.X-A": {"Required": True}, "route.request.querystring.q": {"Required": True}})
    json = ("Content-Type", "application/json")
    for path, headers, body, status in [
        ("/pets/1?q=1", [("X-A", "1"), json], '{"name": "Rex"}', 200),
        ("/pets/1?q=1", [("X-A", "1"), json], '{"nam": "Rex"}', 400),
        ("/pets/1?q=1", [json], '{"name": "Rex"}', 400),
        ("/pets/1", [("X-A", "1"), json], '{"name": "Rex"}', 400),
        ("/pets/1?q=1", [("X-A", "1"), ("Content-Type", "text/plain")], "Rex", 200),
    ]:
        answer = api.send(path, "POST", headers, body.encode())
        assert answer.status == status, (path, headers, body, answer)
        if status == 400:
            assert answer.json() == {"message": "Bad Request"}
    # A document carries what a route asks for, and what it asks for goes on being asked.
    document = api.client.export_api(ApiId=api.id, Specification="OAS30", OutputType="YAML")["body"].read().decode()
    assert "Warnings" not in api.client.reimport_api(ApiId=api.id, Body=document)
    for path, body, status in [("/pets/1?q=1", b'{"name": "Rex"}', 200), ("/pets/1?q=1", b'{"nam": "Rex"}', 400), ("/pets/1", b'{"name": "Rex"}', 400)]:
        assert api.send(path, "POST", [("X-A", "1"), json], body).status == status, (path, body)
