"""HTTP APIs: which stage and route answer, and what is said where none does."""

import re

import pytest

from apis import Routes
from backends import Seen

NOT_FOUND = b'{"message":"Not Found"}'


@pytest.fixture(params=["postern", "on_dynamodb", "functions"], ids=["embedded", "dynamodb", "functions"])
def product(request):
    return request.getfixturevalue(request.param)


def test_the_most_specific_route_answers_and_the_default_route_takes_the_rest(product, backend):
    keys = ["GET /pets/dog/1", "GET /pets/dog/{id}", "GET /pets/{proxy+}", "ANY /{proxy+}", "POST /slash", "$default"]
    api = Routes(product, {key: f"{backend.url}/{number}" for number, key in enumerate(keys)})
    for method, path, key in [
        ("GET", "/pets/dog/1", "GET /pets/dog/1"),
        ("GET", "/pets/dog/2", "GET /pets/dog/{id}"),
        ("GET", "/p%65ts/d%6Fg/1", "GET /pets/dog/1"),
        ("GET", "/pets/dog%2F1", "GET /pets/{proxy+}"),
        ("GET", "/pets/cat/1", "GET /pets/{proxy+}"),
        ("GET", "/pets/dog/1/x", "GET /pets/{proxy+}"),
        ("POST", "/test/5", "ANY /{proxy+}"),
        ("POST", "/pets/dog/1", "ANY /{proxy+}"),
        ("GET", "/", "$default"),
        ("POST", "/slash", "POST /slash"),
    ]:
        def answered(method=method, path=path, key=key):
            assert Seen(api.send(path, method)).target.startswith(f"/{keys.index(key)}"), (method, path, key)
            return True

        assert api.settled(answered)


def test_the_first_segment_names_a_stage_or_is_the_default_ones(product, backend):
    api = Routes(product, {"GET /{proxy+}": f"{backend.url}/{{proxy}}"})
    api.client.create_stage(ApiId=api.id, StageName="dev", AutoDeploy=True)

    def reaches(path, target):
        assert Seen(api.send(path)).target == target
        return True

    for path, target in [("/pets", "/pets"), ("/dev/pets", "/pets"), ("/devil/pets", "/devil/pets"), ("/dev/dev/x", "/dev/x")]:
        assert api.settled(lambda: reaches(path, target)), path
    # As many paths as anybody likes are answered without a stage being looked for.
    for number in range(20):
        assert reaches(f"/{number}/x", f"/{number}/x")
    api.client.delete_stage(ApiId=api.id, StageName="dev")
    assert api.settled(lambda: reaches("/dev/pets", "/dev/pets"))


def test_what_is_not_there_is_not_found_and_has_an_id_of_its_own(product, backend):
    api = Routes(product, {"GET /a": backend.url}, stage="dev")
    for path, stage in [("/b", "dev"), ("/a/", "dev"), ("/", "dev"), ("/a", "prod"), ("/a", "$default")]:
        def missing(path=path, stage=stage):
            answer = api.send(path, stage=stage)
            assert (answer.status, answer.body) == (404, NOT_FOUND), answer
            assert answer.header("content-type") == "application/json"
            assert re.fullmatch(r"[\w+/-]{15}=", answer.header("apigw-requestid")), answer
            for name in ("x-amz-apigw-id", "x-amzn-errortype"):
                assert answer.header(name) is None
            return True

        assert api.settled(missing)
    answer = api.send("/a", "POST")
    assert (answer.status, answer.body) == (404, NOT_FOUND), "there is no 405"


def test_an_endpoint_that_is_disabled_is_not_found(postern, backend):
    api = Routes(postern, {"GET /a": backend.url})
    assert api.send("/a").status == 200
    api.client.update_api(ApiId=api.id, DisableExecuteApiEndpoint=True)
    assert api.settled(lambda: (api.send("/a").status, api.send("/a").body) == (404, NOT_FOUND))


def test_a_route_without_an_integration_cannot_be_called(postern):
    api = Routes(postern)
    api.client.create_route(ApiId=api.id, RouteKey="GET /a")
    answer = api.send("/a")
    assert (answer.status, answer.body) == (500, b'{"message":"Internal Server Error"}')


def test_stage_variables_and_settings_change_without_a_deployment(postern, backend):
    api = Routes(postern, {"GET /a": f"{backend.url}/${{stageVariables.where}}"})
    api.client.update_stage(ApiId=api.id, StageName="$default", StageVariables={"where": "here"})
    assert Seen(api.send("/a")).target == "/here"
    api.client.update_stage(ApiId=api.id, StageName="$default", RouteSettings={
        "GET /a": {"ThrottlingBurstLimit": 0, "ThrottlingRateLimit": 0.0}})
    answer = api.send("/a")
    assert (answer.status, answer.body) == (429, b'{"message":"Too Many Requests"}')
