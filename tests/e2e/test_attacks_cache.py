"""Answers that are kept: nobody chooses what somebody else gets. What is kept, and for whom, is in `test_cache`."""

import uuid

import pytest

from test_cache import caching, keyed

# Two requests that a backend may answer differently: whoever sends the first must not choose what the second gets.
POISONS = {
    "a parameter in another's value": ("/c?a=1%26b%3D2", (), "/c?a=1&b=2", ()),
    "a parameter in two": ("/c?a=1&a=2", (), "/c?a=2", ()),
    "the last of two": ("/c?a=1&a=2", (), "/c?a=1", ()),
    "two in one": ("/c?a=1,2", (), "/c?a=1&a=2", ()),
    "of nothing": ("/c?a=", (), "/c", ()),
    "a name in capitals": ("/c?A=1", (), "/c?a=1", ()),
    "the other parameter": ("/c?a=1", (), "/c?b=1", ()),
    "a header": ("/c?a=1", [("x-tenant", "eve")], "/c?a=1", [("x-tenant", "ann")]),
    "a header twice": ("/c?a=1", [("x-tenant", "ann"), ("x-tenant", "eve")], "/c?a=1", [("x-tenant", "ann")]),
    "a header with a comma": ("/c?a=1", [("x-tenant", "ann,eve")], "/c?a=1", [("x-tenant", "ann"), ("x-tenant", "eve")]),
    "no header": ("/c?a=1", (), "/c?a=1", [("x-tenant", "")]),
    "a header for a parameter": ("/c?a=1", [("x-tenant", "b")], "/c?a=1&b=b", ()),
    "another method": ("/c?a=1", [("X-HTTP-Method-Override", "DELETE")], "/c?a=1", ()),
    "another path": ("/d?a=1", (), "/c?a=1", ()),
    "another stage": ("/c?a=1&stage", (), "/c?a=1", (), "other"),
}


@pytest.fixture(scope="module")
def kept(postern, lambdas):
    calls = []
    name = lambdas.function(lambda event: calls.append(event) or {"statusCode": 200, "body": str(len(calls))})
    parameters = [f"method.request.{one}" for one in ("querystring.a", "querystring.b", "header.x-tenant")]
    routes = {f"{verb} /{path}": keyed(name, *parameters) for verb in ("GET", "DELETE") for path in "cd"}
    made = caching(postern, routes, ("replace", "/~1c/DELETE/caching/enabled", "true"))
    made.deploy("other")
    made.patch_stage(("replace", "/cacheClusterEnabled", "true"), ("replace", "/*/*/caching/enabled", "true"), stage="other")
    return made


@pytest.mark.parametrize("attack", POISONS)
def test_nobody_chooses_the_answer_that_somebody_else_gets(kept, attack):
    evil, with_evil, good, with_good, *stage = POISONS[attack]
    mark = f"&mark={uuid.uuid4().hex}" if "?" in evil else ""
    # Each row begins with nothing kept.
    kept.client.flush_stage_cache(restApiId=kept.id, stageName=kept.stage)
    poisoned = kept.send(evil + mark, headers=with_evil, stage=stage[0] if stage else None)
    met = kept.send(good, headers=with_good)
    assert (poisoned.status, met.status) == (200, 200)
    assert met.body != poisoned.body, attack
    assert kept.send(good, headers=with_good).body == met.body


def test_what_the_gateway_itself_refuses_is_kept_for_nobody(kept):
    kept.client.flush_stage_cache(restApiId=kept.id, stageName=kept.stage)
    for headers in ([("x-large", "x" * 11_000)], [("Content-Length", "99999999999")], [("Transfer-Encoding", "nonsense")], [("Expect", "nonsense")]):
        try:
            assert kept.send("/c?a=refused", headers=headers).status >= 400 or headers[0][0] == "Expect"
        except (OSError, ValueError):
            pass
        assert kept.send("/c?a=refused").status == 200, headers
