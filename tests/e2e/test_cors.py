"""`postern cors enable`: a browser's preflight and actual requests are answered, and what was there stays."""

import subprocess

import pytest

from apis import Api, http_proxy, mock
from products import ENVIRONMENT, PROGRAMS

HEADERS = "Content-Type,X-Amz-Date,Authorization,X-Api-Key,X-Amz-Security-Token"


@pytest.fixture(params=["postern", "on_dynamodb"], ids=["embedded", "dynamodb"])
def api(request, backend):
    return Api(request.getfixturevalue(request.param), {
        "GET /pets": mock(),
        "POST /pets": {**mock(), "response": {"responseParameters": {"method.response.header.x-own": "'1'"}}},
        "ANY /proxied": http_proxy(f"{backend.url}/any"),
        "GET /closed": mock(),
    })


def enable(api, *arguments):
    return subprocess.run([PROGRAMS / "postern", "cors", "enable", "--endpoint-url", api.product.endpoint, "--api", api.id,
                           *arguments], capture_output=True, text=True, timeout=60, env=ENVIRONMENT)


def preflight(api, path):
    return api.send(path, "OPTIONS", [("Origin", "http://pages.example"), ("Access-Control-Request-Method", "GET")])


def allowed(answer):
    names = ("Origin", "Methods", "Headers")
    return tuple(answer.header(f"Access-Control-Allow-{name}") for name in names)


def redeployed(api, claim):
    api.deploy()
    assert api.settled(claim)


def test_a_resource_answers_preflight_and_actual_requests(api):
    assert preflight(api, "/pets").status == 403
    done = enable(api, "--resource", "/pets")
    assert done.returncode == 0, done.stderr
    assert "A deployment makes this answer" in done.stdout
    assert preflight(api, "/pets").status == 403, "nothing is deployed by it"
    redeployed(api, lambda: preflight(api, "/pets").status == 200)
    answer = preflight(api, "/pets")
    assert (allowed(answer), answer.body) == (("*", "GET,OPTIONS,POST", HEADERS), b"")
    assert allowed(api.send("/pets")) == ("*", None, None)
    posted = api.send("/pets", "POST")
    assert (posted.header("Access-Control-Allow-Origin"), posted.header("x-own")) == ("*", "1"), "what was there stays"
    assert preflight(api, "/closed").status == 403
    assert allowed(api.send("/nowhere")) == (None, None, None)


def test_what_is_allowed_can_be_said_and_said_again(api):
    said = ("--origin", "https://pages.example", "--methods", "GET", "--headers", "x-a,x-b")
    for arguments in ((), said):
        done = enable(api, "--resource", "/pets", *arguments)
        assert done.returncode == 0, done.stderr
    redeployed(api, lambda: preflight(api, "/pets").status == 200)
    assert allowed(preflight(api, "/pets")) == ("https://pages.example", "GET,OPTIONS", "x-a,x-b")
    assert allowed(api.send("/pets"))[0] == "https://pages.example"
    assert allowed(api.send("/pets", "POST"))[0] == "*", "a method that is not named is left alone"


def test_all_resources_and_the_gateways_own_errors(api):
    api.client.put_gateway_response(restApiId=api.id, responseType="DEFAULT_4XX",
                                    responseTemplates={"application/json": "kept"})
    done = enable(api, "--all", "--gateway-responses")
    assert done.returncode == 0, done.stderr
    assert "ANY /proxied: left alone, the backend of HTTP_PROXY has to send" in done.stdout
    redeployed(api, lambda: preflight(api, "/pets").status == 200)
    assert preflight(api, "/closed").status == 200
    assert allowed(preflight(api, "/proxied"))[:2] == ("*", "DELETE,GET,HEAD,OPTIONS,PATCH,POST,PUT")
    refused = api.send("/nowhere")
    assert (refused.status, refused.body) == (403, b"kept")
    assert allowed(refused) == ("*", "DELETE,GET,HEAD,OPTIONS,PATCH,POST,PUT", HEADERS)


def test_an_options_method_of_ones_own_is_left_alone(api, backend):
    api.route("OPTIONS /closed", http_proxy(f"{backend.url}/any"))
    done = enable(api, "--resource", "/closed")
    assert done.returncode == 0, done.stderr
    assert "OPTIONS /closed: left alone" in done.stdout
    where = {"restApiId": api.id, "resourceId": api.resource("/closed"), "httpMethod": "OPTIONS"}
    assert api.client.get_integration(**where)["type"] == "HTTP_PROXY"


def test_what_is_not_there_is_named(api):
    done = enable(api, "--resource", "/cats")
    assert done.returncode == 1
    assert "there is no resource `/cats`" in done.stderr
    assert "/pets" in done.stderr
    done = subprocess.run([PROGRAMS / "postern", "cors", "enable", "--endpoint-url", api.product.endpoint, "--api", "none",
                           "--all"], capture_output=True, text=True, timeout=60, env=ENVIRONMENT)
    assert done.returncode == 1
    assert "Invalid API identifier specified" in done.stderr
