"""What need not be asked twice: the answers that a stage keeps, and the verdicts of its authorizers."""

import itertools
import time

import botocore.exceptions
import pytest

import products
from apis import Api, aws_proxy, invoke_uri

WARNING = "199 Cache-control headers were ignored because the caller was unauthorized."
FRESH = [("Cache-Control", "max-age=0")]


@pytest.fixture(params=["postern", "functions"], ids=["embedded", "functions"])
def either(request):
    """One process, and several that share a table: what waits for changes to settle is not tried a third time."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def counting(lambdas):
    """counting() is the name of a function that gives every call a number of its own."""

    def make(more=""):
        numbers = itertools.count(1)
        return lambdas.function(lambda event: {"statusCode": 200, "body": f"{next(numbers)}{more}"})

    return make


def keyed(name, *parameters):
    """The integration, and what its method must declare."""
    return ({**aws_proxy(name), "cacheKeyParameters": list(parameters)},
            {"requestParameters": {parameter: False for parameter in parameters}})


def caching(product, routes, *patches):
    """An API whose stage keeps answers, turned on as its owner does it: by patches."""
    api = Api(product)
    for route, (integration, method) in routes.items():
        api.route(route, integration, **method)
    api.deploy()
    api.patch_stage(("replace", "/cacheClusterEnabled", "true"), ("replace", "/cacheClusterSize", "0.5"),
                    ("replace", "/*/*/caching/enabled", "true"), *patches)
    return api


def settled(api, path):
    """Once two requests get the same, the change has been seen by whichever gateway answered them."""
    assert api.settled(lambda: len({api.send(path).body for _ in range(6)}) == 1)


def test_answers_are_told_apart_by_their_key_parameters_alone(product, counting):
    api = caching(product, {"GET /users": keyed(counting(), "method.request.querystring.type")})
    stage = api.client.get_stage(restApiId=api.id, stageName="test")
    assert (stage["cacheClusterEnabled"], stage["cacheClusterSize"], stage["cacheClusterStatus"]) == (True, "0.5", "AVAILABLE")
    settled(api, "/users?type=warm")
    first = api.send("/users?type=admin&department=A")
    for path in ("/users?department=B&type=admin", "/users?type=admin", "/users?type=%61dmin"):
        again = api.send(path, headers=[("Accept", "text/html")])
        assert (again.status, again.body) == (200, first.body)
        assert again.header("x-amzn-requestid") != first.header("x-amzn-requestid")
    others = {api.send(path).body for path in ("/users?type=regular", "/users", "/users?type=", "/users?type=admin&type=x")}
    assert len(others) == 4 and first.body not in others


def test_a_flush_and_a_deployment_begin_with_nothing(either, counting):
    api = caching(either, {"GET /f": keyed(counting())})
    settled(api, "/f")
    before = api.send("/f").body
    answer = api.client.flush_stage_cache(restApiId=api.id, stageName="test")
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 202
    assert api.settled(lambda: api.send("/f").body != before)
    settled(api, "/f")
    before = api.send("/f").body
    api.deploy()
    assert api.settled(lambda: api.send("/f").body != before)


def test_encrypted_answers_are_kept_as_others_are(either, counting):
    api = caching(either, {"GET /e": keyed(counting(" secret" * 1_000))},
                  ("replace", "/*/*/caching/dataEncrypted", "true"))
    settled(api, "/e")
    shown = api.client.get_stage(restApiId=api.id, stageName="test")
    assert shown["methodSettings"]["*/*"]["cacheDataEncrypted"] is True and "cacheKey" not in shown


def test_an_answer_is_kept_for_its_time_and_only_for_get_unless_a_verb_says_so(postern, counting):
    routes = {f"{verb} /v": keyed(counting()) for verb in ("GET", "POST")}
    api = caching(postern, routes, ("replace", "/*/*/caching/ttlInSeconds", "1"))
    ask = lambda verb: api.send("/v", verb).body  # noqa: E731
    assert [ask("GET"), ask("GET"), ask("POST"), ask("POST")] == [b"1", b"1", b"1", b"2"]
    api.patch_stage(("replace", "/~1v/POST/caching/enabled", "true"), ("replace", "/~1v/POST/caching/ttlInSeconds", "60"))
    assert [ask("POST"), ask("POST")] == [b"3", b"3"]
    time.sleep(1.1)
    assert [ask("GET"), ask("GET"), ask("POST")] == [b"2", b"2", b"3"]
    api.patch_stage(("replace", "/*/*/caching/ttlInSeconds", "0"))
    assert [ask("GET"), ask("GET")] == [b"3", b"4"]
    # Turned off and on again, it is empty.
    api.patch_stage(("replace", "/cacheClusterEnabled", "false"))
    assert [ask("POST"), ask("POST")] == [b"4", b"5"]
    api.patch_stage(("replace", "/cacheClusterEnabled", "true"))
    assert [ask("POST"), ask("POST")] == [b"6", b"6"]


def test_a_backends_error_is_kept_and_the_gateways_own_is_not(postern, counting, lambdas):
    broken = lambdas.function(lambda event: next(answers))
    answers = iter(["not an answer", {"statusCode": 503, "body": "busy"}, {"statusCode": 200}])
    api = caching(postern, {"GET /x": keyed(broken)})
    seen = [(answer.status, answer.body) for answer in (api.send("/x") for _ in range(3))]
    assert seen == [(502, b'{"message": "Internal server error"}'), (503, b"busy"), (503, b"busy")]


def test_whoever_asks_for_a_new_answer_is_treated_as_the_stage_says(postern, counting):
    api = caching(postern, {"GET /c": keyed(counting())})
    strategy = "/*/*/caching/unauthorizedCacheControlHeaderStrategy"
    for value, status, warning in (
        ("SUCCEED_WITH_RESPONSE_HEADER", 200, WARNING),
        ("SUCCEED_WITHOUT_RESPONSE_HEADER", 200, None),
        ("FAIL_WITH_403", 403, None),
    ):
        api.patch_stage(("replace", strategy, value))
        assert api.send("/c").body == b"1"
        answer = api.send("/c", headers=FRESH)
        assert (answer.status, answer.header("warning")) == (status, warning)
        assert answer.body == (b"1" if status == 200 else b'{"message":"Forbidden"}')
    api.patch_stage(("replace", "/*/*/caching/requireAuthorizationForCacheControl", "false"))
    assert [api.send("/c", headers=FRESH).body, api.send("/c").body] == [b"2", b"2"]


def test_a_canary_has_answers_of_its_own_unless_it_shares_the_stages(postern, counting):
    api = caching(postern, {"GET /k": keyed(counting())})
    first = api.send("/k").body
    deployment = api.client.get_stage(restApiId=api.id, stageName="test")["deploymentId"]
    canary = [("replace", "/canarySettings/percentTraffic", "100.0"), ("replace", "/canarySettings/deploymentId", deployment)]
    api.patch_stage(*canary, ("replace", "/canarySettings/useStageCache", "true"))
    assert api.send("/k").body == first, "the same deployment on both sides"
    api.patch_stage(("replace", "/canarySettings/useStageCache", "false"))
    assert [api.send("/k").body, api.send("/k").body] == [b"2", b"3"]
    api.patch_stage(("remove", "/canarySettings"))
    assert api.send("/k").body == first


def test_clients_are_told_what_came_of_the_cache_where_the_operator_wants_it(folder, lambdas, counting):
    product = products.embedded(folder / "cache-header", lambdas, "--cache-header", "--cache-memory", "1")
    try:
        api = caching(product, {"GET /h": keyed(counting())},
                      ("replace", "/*/*/caching/requireAuthorizationForCacheControl", "false"))
        told = [api.send("/h", headers=headers).header("x-gateway-cache") for headers in ((), (), FRESH, ())]
        assert told == ["MISS", "HIT", "REFRESH", "HIT"]
    finally:
        product.stop()


def test_a_restart_finds_what_was_kept(folder, lambdas, counting):
    product = products.embedded(folder / "cache-restart", lambdas)
    try:
        api = caching(product, {"GET /r": keyed(counting("long" * 300_000))})
        assert len(api.send("/r").body) == 1_200_001, "too long to be kept"
        api.route("GET /s", aws_proxy(counting()))
        api.deploy()
        assert [api.send("/s").body, api.send("/s").body] == [b"1", b"1"]
        product.stop()
        product.start()
        assert api.send("/s").body == b"1"
    finally:
        product.stop()


def test_verdicts_of_authorizers_are_flushed_apart_from_answers(either, lambdas, counting):
    statement = {"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": "*"}
    policy = {"principalId": "ann", "policyDocument": {"Version": "2012-10-17", "Statement": [statement]}}
    guard = lambdas.function(policy)
    api = Api(either)
    made = api.client.create_authorizer(
        restApiId=api.id, name="guard", type="TOKEN", authorizerUri=invoke_uri(guard),
        identitySource="method.request.header.Authorization", authorizerResultTtlInSeconds=300)
    api.route("GET /g", aws_proxy(counting()), authorizationType="CUSTOM", authorizerId=made["id"])
    api.deploy()
    api.patch_stage(("replace", "/cacheClusterEnabled", "true"), ("replace", "/*/*/caching/enabled", "true"))
    ask = lambda: api.send("/g", headers=[("Authorization", "t")])  # noqa: E731
    asked = lambda: sum(one.name == guard for one in lambdas.invocations)  # noqa: E731
    assert api.settled(lambda: len({ask().body for _ in range(6)}) == 1 and ask().status == 200)
    kept, before = ask().body, asked()
    assert {ask().body for _ in range(5)} == {kept} and asked() == before
    assert api.send("/g").status == 401, "a hit is authorized as any other request"
    answer = api.client.flush_stage_authorizers_cache(restApiId=api.id, stageName="test")
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 202
    assert api.settled(lambda: ask().body == kept and asked() > before)
    api.client.flush_stage_cache(restApiId=api.id, stageName="test")
    assert api.settled(lambda: ask().body != kept)


def test_an_owner_may_keep_some_statuses_only(postern, lambdas):
    numbers = itertools.count(1)
    flaky = lambdas.function(lambda event: {"statusCode": int(event["queryStringParameters"]["status"]), "body": f"{next(numbers)}"})
    api = caching(postern, {"GET /f": keyed(flaky, "method.request.querystring.status")},
                  ("replace", "/postern/cache/statuses", "2xx,404"))
    for status, is_kept in [(200, True), (201, True), (404, True), (500, False), (403, False)]:
        first, second = (api.send(f"/f?status={status}") for _ in range(2))
        assert (first.status, first.body == second.body) == (status, is_kept), status
    with pytest.raises(botocore.exceptions.ClientError) as refused:
        api.patch_stage(("replace", "/postern/cache/statuses", "2xx,teapot"))
    assert "teapot" in refused.value.response["Error"]["Message"]
    api.patch_stage(("remove", "/postern/cache", None)[:2])
    first, second = (api.send("/f?status=500") for _ in range(2))
    assert first.body == second.body
