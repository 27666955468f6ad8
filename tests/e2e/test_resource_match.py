"""Which resource and method answers. Candidates are pairs of both: a resource that lacks the method blocks nobody."""

import pytest

from apis import Api, aws_proxy

MISSING = b'{"message":"Missing Authentication Token"}'

# Each API is a set of routes; each case a request and the route that answers it, or None.
CASES = {
    "recorded: the method decides before the path does": (
        ["POST /test", "ANY /test/any", "OPTIONS /{proxy+}"],
        [("OPTIONS", "/test", "OPTIONS /{proxy+}"), ("POST", "/test", "POST /test"),
         ("OPTIONS", "/test/any", "ANY /test/any"), ("GET", "/test/any", "ANY /test/any"), ("GET", "/test", None)],
    ),
    "recorded: a greedy sibling takes what no child takes": (
        ["GET /part1", "GET /part1/hardcoded-value", "GET /{param+}"],
        [("GET", "/part1", "GET /part1"), ("GET", "/part1/hardcoded-value", "GET /part1/hardcoded-value"),
         ("GET", "/part1/random-value", "GET /{param+}")],
    ),
    "literal before variable before greedy": (
        ["GET /pets", "GET /pets/mine", "GET /pets/{id}", "GET /pets/{id}/toys", "GET /{proxy+}"],
        [("GET", "/pets/mine", "GET /pets/mine"), ("GET", "/pets/7", "GET /pets/{id}"),
         ("GET", "/pets/7/toys", "GET /pets/{id}/toys"), ("GET", "/pets/7/toys/1", "GET /{proxy+}"),
         ("GET", "/dogs", "GET /{proxy+}"), ("GET", "/PETS/mine", "GET /{proxy+}")],
    ),
    "greedy never matches nothing": (
        ["GET /a/{proxy+}", "GET /b/{id}"],
        [("GET", "/a", None), ("GET", "/a/", None), ("GET", "/a/x", "GET /a/{proxy+}"), ("GET", "/a/x/y/z", "GET /a/{proxy+}"),
         ("GET", "/b", None), ("GET", "/b/", None), ("GET", "/b/1", "GET /b/{id}"), ("GET", "/b/1/2", None), ("GET", "/", None),
         ("GET", "", None)],
    ),
    "a specific method before ANY": (
        ["ANY /m", "GET /m"],
        [("GET", "/m", "GET /m"), ("POST", "/m", "ANY /m"), ("HEAD", "/m", "ANY /m"), ("OPTIONS", "/m", "ANY /m"),
         ("PATCH", "/m", "ANY /m"), ("DELETE", "/m", "ANY /m"), ("PUT", "/m", "ANY /m")],
    ),
    "GET answers neither HEAD nor OPTIONS": (
        ["GET /m"],
        [("GET", "/m", "GET /m"), ("HEAD", "/m", None), ("OPTIONS", "/m", None), ("POST", "/m", None)],
    ),
    "the root": (
        ["GET /", "POST /{proxy+}"],
        [("GET", "/", "GET /"), ("GET", "", "GET /"), ("POST", "/", None), ("POST", "/x", "POST /{proxy+}"), ("GET", "/x", None)],
    ),
    "trailing slashes do not count": (
        ["GET /a", "GET /a/{id}"],
        [("GET", "/a/", "GET /a"), ("GET", "/a//", "GET /a"), ("GET", "/a/1/", "GET /a/{id}"), ("GET", "//a", "GET /a")],
    ),
    "odd but legal names": (
        ["GET /a.b", "GET /a-b_c", "GET /v1:x"],
        [("GET", "/a.b", "GET /a.b"), ("GET", "/a-b_c", "GET /a-b_c"), ("GET", "/v1:x", "GET /v1:x"), ("GET", "/axb", None)],
    ),
}


@pytest.fixture(scope="module", params=CASES, ids=list(CASES))
def case(request, postern, lambdas):
    routes, requests = CASES[request.param]
    api = Api(postern, {route: aws_proxy(lambdas.function({"statusCode": 200, "headers": {"route": route}})) for route in routes})
    return api, requests


def test_the_right_route_answers(case):
    api, requests = case
    wrong = []
    for method, path, route in requests:
        answer = api.send(path, method)
        if route is None:
            right = answer.status == 403 and (answer.body == MISSING or method == "HEAD")
        else:
            right = answer.status == 200 and answer.header("route") == route
        if not right:
            wrong.append(f"{method} {path!r}: expected {route}, got {answer.status} {answer.header('route')} {answer.body!r}")
    assert not wrong, "\n".join(wrong)
