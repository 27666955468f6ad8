"""CORS of HTTP APIs: configured once, spoken by every answer, as browsers want it."""

import pytest

from apis import Routes

PAGE = ("Origin", "https://pages.example")
PREFLIGHT = [PAGE, ("Access-Control-Request-Method", "PUT"), ("Access-Control-Request-Headers", "x-own,authorization")]


def told(answer, *names):
    return tuple(answer.header(f"access-control-{name}") for name in names)


def test_one_setting_of_the_api_is_enough_for_a_browser(product, backend):
    own = backend.replies(201, [("Access-Control-Allow-Origin", "https://own.example"), ("Access-Control-Allow-Methods", "TRACE"), ("X-Own", "1")])
    api = Routes(product, {"GET /pets": backend.url, "GET /own": backend.url + own}, CorsConfiguration={
        "AllowOrigins": ["https://pages.example", "http://*"], "AllowMethods": ["GET", "PUT"], "AllowHeaders": ["X-Own", "Authorization"],
        "ExposeHeaders": ["ETag"], "MaxAge": 60, "AllowCredentials": True})

    def spoken():
        for path, method, status in [("/pets", "GET", 200), ("/own", "GET", 201), ("/none", "GET", 404), ("/pets", "POST", 404)]:
            answer = api.send(path, method, [PAGE])
            assert answer.status == status, answer
            assert told(answer, "allow-origin", "allow-credentials", "expose-headers") == ("https://pages.example", "true", "ETag"), answer
            assert told(answer, "allow-methods", "allow-headers", "max-age") == (None, None, None), answer
        for path in ("/pets", "/none", "/"):
            asked = api.send(path, "OPTIONS", PREFLIGHT)
            assert (asked.status, asked.body) == (204, b"")
            assert told(asked, "allow-origin", "allow-methods", "allow-headers", "max-age", "allow-credentials") == (
                "https://pages.example", "GET,PUT", "X-Own,Authorization", "60", "true"), asked
            assert asked.header("apigw-requestid")
        return True

    assert api.settled(spoken)
    assert told(api.send("/pets", headers=[("Origin", "http://any.example:81")]), "allow-origin") == ("http://any.example:81",)
    for headers in ([("Origin", "https://elsewhere.example")], []):
        answer = api.send("/own", headers=headers)
        assert (answer.status, answer.header("x-own")) == (201, "1")
        assert told(answer, "allow-origin", "allow-credentials", "allow-methods") == (None, None, None)
    refused = api.send("/pets", "OPTIONS", [("Origin", "https://elsewhere.example"), ("Access-Control-Request-Method", "GET")])
    assert refused.status == 204 and told(refused, "allow-origin", "allow-methods") == (None, None)


def test_without_the_setting_integrations_speak_for_themselves_and_it_can_be_taken_back(postern, backend):
    own = backend.replies(200, [("Access-Control-Allow-Origin", "https://own.example")])
    api = Routes(postern, {"ANY /own": backend.url + own})
    assert told(api.send("/own", headers=[PAGE]), "allow-origin") == ("https://own.example",)
    assert api.send("/own", "OPTIONS", PREFLIGHT).status == 200
    api.client.update_api(ApiId=api.id, CorsConfiguration={"AllowOrigins": ["*"], "AllowMethods": ["*"]})
    assert told(api.send("/own", headers=[PAGE]), "allow-origin") == ("*",)
    asked = api.send("/own", "OPTIONS", PREFLIGHT)
    assert (asked.status, told(asked, "allow-methods", "allow-headers")) == (204, ("*", None))
    api.client.delete_cors_configuration(ApiId=api.id)
    assert told(api.send("/own", headers=[PAGE]), "allow-origin") == ("https://own.example",)


@pytest.mark.parametrize("routes, path, status", [
    # With a route of its own method alone nobody is asked who is calling.
    (["GET /pets"], "/pets", 204),
    (["GET /pets", "ANY /others"], "/pets", 204),
    # What takes every method takes the preflight request too.
    (["ANY /pets"], "/pets", 401),
    (["GET /pets", "ANY /{proxy+}"], "/pets", 401),
    (["$default"], "/pets", 401),
    (["$default", "OPTIONS /{proxy+}"], "/pets", 204),
])
def test_a_guarded_route_that_takes_preflight_requests_refuses_them(postern, lambdas, backend, routes, path, status):
    api = Routes(postern, CorsConfiguration={"AllowOrigins": ["*"], "AllowMethods": ["GET"]})
    made = api.client.create_authorizer(
        ApiId=api.id, Name="jwt", AuthorizerType="JWT", IdentitySource=["$request.header.Authorization"],
        JwtConfiguration={"Issuer": "http://127.0.0.1:1/i", "Audience": ["a"]})
    for route in routes:
        guard = {} if route.startswith("OPTIONS") else {"AuthorizationType": "JWT", "AuthorizerId": made["AuthorizerId"]}
        api.route(route, backend.url, **guard)
    answer = api.send(path, "OPTIONS", PREFLIGHT)
    assert answer.status == status, answer
    # A page may read why it is refused.
    assert told(answer, "allow-origin") == ("*",)
    assert told(api.send(path, headers=[PAGE]), "allow-origin") == ("*",)
