"""Stages: variables, canaries, rolling back, and how soon a change is seen."""

import threading

import pytest

from apis import Api, aws_proxy, http_proxy, invoke_uri
from backends import Seen


@pytest.fixture
def told(lambdas):
    """told(status) is the name of a function that answers with that status."""
    return lambda status: lambdas.function({"statusCode": status})


def test_variables_reach_the_event_and_the_uri_of_an_http_endpoint(api, backend, lambdas):
    made = api()
    name = lambdas.function({"statusCode": 200})
    made.route("GET /e", aws_proxy(name))
    made.route("GET /u", http_proxy("http://${stageVariables.host}/v/${stageVariables.part}?q=${stageVariables.q}"))
    made.deploy(variables={"host": f"127.0.0.1:{backend.port}", "part": "here", "q": "1"})
    assert made.send("/e").status == 200
    assert lambdas.last(name).event["stageVariables"] == {"host": f"127.0.0.1:{backend.port}", "part": "here", "q": "1"}
    assert Seen(made.send("/u")).target == "/v/here?q=1"


def test_a_variable_names_the_function(api, lambdas):
    made = api()
    names = [lambdas.function({"statusCode": status}) for status in (201, 202)]
    made.route("GET /f", {**aws_proxy("x"), "uri": invoke_uri("${stageVariables.function}")})
    made.deploy(variables={"function": names[0]})
    assert made.send("/f").status == 201
    made.patch_stage(("replace", "/variables/function", names[1]))
    assert made.send("/f").status == 202


def test_stages_of_one_api_do_not_share_variables(api, lambdas):
    made = api()
    name = lambdas.function(lambda event: {"statusCode": 200, "body": event["stageVariables"]["who"]})
    made.route("GET /w", aws_proxy(name))
    made.deploy("one", variables={"who": "first"})
    made.deploy("two", variables={"who": "second"})
    assert (made.send("/w", stage="one").body, made.send("/w", stage="two").body) == (b"first", b"second")


@pytest.fixture
def canary(api, told, lambdas):
    """A stage whose deployment answers 201 and whose canary answers 202."""
    made = api()
    made.route("GET /c", aws_proxy(told(201)))
    made.deploy(variables={"who": "base", "kept": "yes"})
    where = {"restApiId": made.id, "resourceId": made.resource("/c"), "httpMethod": "GET"}
    name = lambdas.function({"statusCode": 202})
    made.client.update_integration(**where, patchOperations=[{"op": "replace", "path": "/uri", "value": invoke_uri(name)}])

    def of(percent):
        made.deploy(canarySettings={"percentTraffic": percent, "stageVariableOverrides": {"who": "canary"}})
        return made, name

    return of


def test_a_canary_of_no_traffic_answers_nobody(canary):
    made, _ = canary(0.0)
    assert {made.send("/c").status for _ in range(40)} == {201}


def test_a_canary_of_all_traffic_answers_everybody_with_its_own_variables(canary, lambdas):
    made, name = canary(100.0)
    assert {made.send("/c").status for _ in range(40)} == {202}
    event = lambdas.last(name).event
    assert event["stageVariables"] == {"who": "canary", "kept": "yes"}
    assert event["requestContext"]["isCanaryRequest"] is True


def test_a_canary_of_half_the_traffic_answers_some(canary):
    made, _ = canary(50.0)
    answers = [made.send("/c").status for _ in range(120)]
    # Fewer than 20 or more than 100 of 120 has a chance below one in 10^13.
    assert 20 < answers.count(202) < 100 and set(answers) == {201, 202}


def test_a_promoted_canary_is_the_deployment(canary, lambdas):
    made, name = canary(0.0)
    made.client.update_stage(restApiId=made.id, stageName="test", patchOperations=[
        {"op": "copy", "from": "/canarySettings/deploymentId", "path": "/deploymentId"},
        {"op": "copy", "from": "/canarySettings/stageVariableOverrides", "path": "/variables"},
        {"op": "remove", "path": "/canarySettings"},
    ])
    assert {made.send("/c").status for _ in range(10)} == {202}
    assert lambdas.last(name).event["stageVariables"] == {"who": "canary", "kept": "yes"}
    assert "isCanaryRequest" not in lambdas.last(name).event["requestContext"]


def test_rolling_back_is_one_patch(api, told):
    made = api()
    made.route("GET /r", aws_proxy(told(201)))
    first = made.deploy()
    where = {"restApiId": made.id, "resourceId": made.resource("/r"), "httpMethod": "GET"}
    made.client.update_integration(**where, patchOperations=[{"op": "replace", "path": "/uri", "value": invoke_uri(told(202))}])
    second = made.deploy()
    assert made.send("/r").status == 202
    for deployment, status in ((first, 201), (second, 202), (first, 201)):
        made.patch_stage(("replace", "/deploymentId", deployment))
        assert made.send("/r").status == status


def test_on_a_laptop_a_deployment_is_seen_by_the_very_next_request(api, lambdas):
    made = api()
    made.route("GET /v", aws_proxy(lambdas.function({"statusCode": 200, "headers": {"v": "0"}})))
    made.deploy()
    where = {"restApiId": made.id, "resourceId": made.resource("/v"), "httpMethod": "GET"}
    for number in range(1, 26):
        name = lambdas.function({"statusCode": 200, "headers": {"v": str(number)}})
        made.client.update_integration(**where, patchOperations=[{"op": "replace", "path": "/uri", "value": invoke_uri(name)}])
        assert made.send("/v").header("v") == str(number - 1), "a change that was not deployed was seen"
        made.deploy()
        assert made.send("/v").header("v") == str(number)


def test_a_stage_keeps_its_deployment_whatever_becomes_of_the_api(api, told):
    made = api()
    made.route("GET /k", aws_proxy(told(201)))
    made.deploy()
    made.client.delete_resource(restApiId=made.id, resourceId=made.resource("/k"))
    assert made.send("/k").status == 201
    made.client.delete_rest_api(restApiId=made.id)
    assert made.send("/k").status == 403


def test_a_route_added_while_requests_fly_disturbs_none(postern, lambdas):
    name = lambdas.function({"statusCode": 200})
    made = Api(postern, {"GET /steady": aws_proxy(name)})
    stop, wrong = threading.Event(), []

    def ask():
        while not stop.is_set():
            answer = made.send("/steady")
            if answer.status != 200:
                wrong.append(answer)

    askers = [threading.Thread(target=ask) for _ in range(4)]
    for one in askers:
        one.start()
    for number in range(15):
        made.route(f"GET /r{number}", aws_proxy(name))
        made.deploy()
        assert made.send(f"/r{number}").status == 200
    stop.set()
    for one in askers:
        one.join()
    assert not wrong, wrong[0]
