"""What only the deployed functions have: an environment, and a gateway that may have a default API."""

import pytest

import wire
from apis import Api, aws_proxy, mock
from products import PROGRAMS, Functions, Program, eventually


@pytest.fixture(scope="module")
def again(folder, dynamodb, lambdas):
    """again(name, environment) starts the functions once more, on tables of their own that outlive them."""
    started = []

    def of(name, environment):
        started.append(Functions(folder / f"functions-{name}", dynamodb, "again-functions", lambdas, environment))
        return started[-1]

    yield of
    for one in started:
        one.stop()


def ask(functions, path, headers=()):
    return wire.exchange(functions.address, "GET", f"/lambda-url/gateway{path}", [("Host", "localhost"), *headers])


def test_a_default_api_answers_paths_that_name_none(again):
    api = Api(again("plain", {}), {"GET /pets": mock(), "GET /": mock()})
    assert ask(api.product, "/pets").status == 403

    with_api = again("api", {"POSTERN_DEFAULT_API": api.id})
    assert eventually(lambda: ask(with_api, "/test/pets").status == 200)
    assert ask(with_api, "/pets").status == 403  # There is no stage of that name.

    with_stage = again("stage", {"POSTERN_DEFAULT_API": api.id, "POSTERN_DEFAULT_STAGE": "test"})
    assert eventually(lambda: ask(with_stage, "/pets").status == 200)
    assert ask(with_stage, "/").status == 200
    # An API that is named is still found.
    assert ask(with_stage, f"/_api/{api.id}/test/pets").status == 200


def test_a_forwarded_host_counts_only_where_it_is_trusted(again, functions):
    forwarded = lambda api: [("x-forwarded-host", f"{api}.execute-api.example.com")]  # noqa: E731
    trusted = Api(functions, {"GET /pets": mock()})
    assert eventually(lambda: ask(functions, "/test/pets", forwarded(trusted.id)).status == 200)
    distrusting = Api(again("distrusting", {"POSTERN_TRUST_FORWARDED_HOST": "false"}), {"GET /pets": mock()})
    assert eventually(lambda: distrusting.send("/pets").status == 200)
    assert ask(distrusting.product, "/test/pets", forwarded(distrusting.id)).status == 403


def test_a_change_is_seen_within_the_time_that_is_set(functions, lambdas):
    answers = [lambdas.function({"statusCode": status}) for status in (201, 202)]
    api = Api(functions, {"GET /f": {**aws_proxy("x"), "uri": aws_proxy("x")["uri"].replace("function:x", "function:${stageVariables.f}")}},
              stage="none")
    api.deploy("test", variables={"f": answers[0]})
    assert eventually(lambda: api.send("/f", stage="test").status == 201)
    api.patch_stage(("replace", "/variables/f", answers[1]), stage="test")
    # POSTERN_REVALIDATE_SECONDS is 1 here: the request after that asks again, and the one after it sees the answer.
    assert eventually(lambda: api.send("/f", stage="test").status == 202, 4)
    # Every one of the running environments comes to see it.
    eventually(lambda: {api.send("/f", stage="test").status for _ in range(12)} == {202}, 4)


@pytest.mark.parametrize("function", ["gateway", "management"])
def test_an_environment_that_is_wrong_is_told_of_at_the_start(tmp_path, function):
    program = Program([PROGRAMS / function], tmp_path / "log", {
        "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:1", "AWS_LAMBDA_FUNCTION_NAME": function, "AWS_LAMBDA_FUNCTION_VERSION": "1",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128", "AWS_ENDPOINT_URL_DYNAMODB": "nonsense", "AWS_REGION": "no region"})
    assert program.process.wait(20) not in (0, 101)
    assert "nonsense" in program.text() and "no region" in program.text()
    assert "panicked" not in program.text()
