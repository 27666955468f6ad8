"""Custom domain names: which API answers under them, and what it is told of the path."""

import uuid

import pytest

import wire
from apis import Routes, aws_proxy, mock

CERTIFICATE = "arn:aws:acm:eu-west-1:123456789012:certificate/11111111-2222-3333-4444-555555555555"

# Nobody's domain name: the management APIs answer, which know no such path.
UNKNOWN = b'{"message":"Missing Authentication Token"}'


def answering(status):
    return {**mock(), "response": {"statusCode": str(status)}}


@pytest.fixture
def domain(postern):
    """domain({base path: (api, stage)}) is a function that asks under a name of its own."""

    def of(mappings, name=None):
        name = name or f"d{uuid.uuid4().hex[:8]}.example.com"
        client = postern.client()
        client.create_domain_name(domainName=name, regionalCertificateArn=CERTIFICATE, endpointConfiguration={"types": ["REGIONAL"]})
        for base_path, (api, stage) in mappings.items():
            more = {"stage": stage} if stage else {}
            client.create_base_path_mapping(domainName=name, basePath=base_path, restApiId=api.id, **more)

        def ask(path, host=None, headers=()):
            return wire.exchange(postern.address, "GET", path, [("Host", host or f"{name}:4700"), *headers])

        ask.name = name
        return ask

    return of


def test_mappings_lead_to_stages(api, domain):
    pets, shop = api({"GET /pets": answering(201), "GET /": answering(202)}), api({"GET /pets": answering(203)})
    ask = domain({"v1": (pets, "test"), "shop": (shop, None)})
    for path, status in [
        ("/v1/pets", 201),
        ("/v1", 202),
        ("/v1/", 202),
        ("/shop/test/pets", 203),
        ("/shop/pets", 403),
        ("/v10/pets", 403),
        ("/pets", 403),
        ("/", 403),
    ]:
        assert ask(path).status == status, path
    assert ask("/nothing").body == b'{"message":"Forbidden"}'


def test_a_backend_sees_the_base_path_and_no_stage(api, domain, lambdas):
    backend = lambdas.function({"statusCode": 200})
    made = api({"GET /pets/{id}": aws_proxy(backend)})
    ask = domain({"v1": (made, "test")})
    assert ask("/v1/pets/7?q=1").status == 200
    event = lambdas.last(backend).event
    assert (event["resource"], event["path"], event["pathParameters"]) == ("/pets/{id}", "/v1/pets/7", {"id": "7"})
    context = event["requestContext"]
    assert (context["path"], context["stage"], context["domainName"]) == ("/v1/pets/7", "test", ask.name)
    assert context["domainPrefix"] == ask.name.split(".")[0]


def test_a_mapping_of_the_root_takes_what_no_other_does(api, domain):
    root, v2 = api({"GET /v1": answering(201)}), api({"GET /a": answering(202)})
    ask = domain({"(none)": (root, "test"), "v2": (v2, "test")})
    assert [ask(path).status for path in ("/v1", "/v2/a", "/v2/b")] == [201, 202, 403]


def test_a_change_of_mappings_is_seen_at_once(api, domain, postern):
    made = api({"GET /": answering(201)})
    ask = domain({"v1": (made, "test")})
    client = postern.client()
    assert ask("/v1").status == 201
    client.delete_base_path_mapping(domainName=ask.name, basePath="v1")
    assert ask("/v1").status == 403
    client.create_base_path_mapping(domainName=ask.name, basePath="v2", restApiId=made.id, stage="test")
    assert ask("/v2").status == 201
    client.delete_domain_name(domainName=ask.name)
    # No API's any more, so the management APIs': they know no such path.
    assert ask("/v2").body == UNKNOWN


def test_a_star_stands_for_one_label_and_names_come_before_it(api, domain):
    zone = f"z{uuid.uuid4().hex[:8]}.example.com"
    star, own = api({"GET /": answering(201)}), api({"GET /": answering(202)})
    ask = domain({"(none)": (star, "test")}, f"*.{zone}")
    domain({"(none)": (own, "test")}, f"own.{zone}")
    assert [ask("/", f"{name}.{zone}").status for name in ("a", "B", "own")] == [201, 201, 202]
    assert ask("/", f"a.b.{zone}").body == UNKNOWN


def test_an_api_may_answer_under_its_domain_names_only(api, domain):
    made = api({"GET /": answering(201)}, disableExecuteApiEndpoint=True)
    ask = domain({"(none)": (made, "test")})
    assert made.send("/").status == 403
    assert ask("/").status == 201


# --- rules, and what is said where neither they nor mappings lead anywhere ---

FORBIDDEN, NOT_FOUND = (403, b'{"message":"Forbidden"}'), (404, b'{"message":"Not Found"}')


def test_where_only_http_apis_answer_nothing_is_not_found(api, domain, postern, backend):
    routes, methods = Routes(postern, {"GET /pets": backend.url}), api({"GET /pets": answering(201)})
    of_routes, of_methods = domain({}), domain({"v1": (methods, "test")})
    routes.client.create_api_mapping(DomainName=of_routes.name, ApiId=routes.id, Stage="$default", ApiMappingKey="shop/v1")
    assert of_routes("/shop/v1/pets").status == 200
    for ask, expected in [(of_routes, NOT_FOUND), (of_methods, FORBIDDEN)]:
        for path in ["/", "/shop", "/shop/v10/pets", "/V1"]:
            answer = ask(path)
            assert (answer.status, answer.body) == expected, path


def test_rules_are_tried_by_priority_before_mappings(api, domain, postern, lambdas):
    a, b, c, mapped = (lambdas.function({"statusCode": status}) for status in (201, 202, 203, 204))
    made = [api({"ANY /": aws_proxy(name), "ANY /{proxy+}": aws_proxy(name)}) for name in (a, b, c, mapped)]
    ask, client = domain({"(none)": (made[3], "test")}), postern.client("apigatewayv2")
    header = lambda name, glob: {"MatchHeaders": {"AnyOf": [{"Header": name, "ValueGlob": glob}]}}
    path = lambda base: {"MatchBasePaths": {"AnyOf": [base]}}

    def rule(priority, conditions, target, strips=False):
        to = {"ApiId": target.id, "Stage": "test", "StripBasePath": strips}
        made = client.create_routing_rule(DomainName=ask.name, Priority=priority, Conditions=conditions, Actions=[{"InvokeApi": to}])
        return made["RoutingRuleId"]

    rule(10, [header("Hello", "World")], made[0])
    pets = rule(50, [header("Accept", "image/webp"), header("Pet", "Dog-*"), path("PetStoreShopper")], made[1])
    last = rule(100, [path("c")], made[2], strips=True)
    # As long as the domain name is told to, it goes by its mappings alone.
    assert ask("/", headers=[("Hello", "World")]).status == 204
    client.update_domain_name(DomainName=ask.name, RoutingMode="ROUTING_RULE_THEN_API_MAPPING")
    both = [("Pet", "Dog-Bella"), ("Accept", "image/webp")]
    for target, headers, status, name, seen in [
        ("/x", [("hello", "World")], 201, a, "/x"),
        ("/PetStoreShopper/dogs", [*both, ("Hello", "World")], 201, a, "/PetStoreShopper/dogs"),
        ("/PetStoreShopper/dogs", both, 202, b, "/PetStoreShopper/dogs"),
        ("/PetStoreShopper", both, 202, b, "/PetStoreShopper"),
        ("/PetStoreShopper", both[:1], 204, mapped, "/PetStoreShopper"),
        ("/PetStoreShopperX", both, 204, mapped, "/PetStoreShopperX"),
        ("/c/d", [("Hello", "world")], 203, c, "/c/d"),
    ]:
        assert ask(target, headers=headers).status == status, (target, headers)
        event = lambdas.last(name).event
        assert (event["path"], event["requestContext"]["path"]) == (seen, seen)
    # What is stripped no resource sees, as of a mapping.
    assert ask("/c").status == 203 and lambdas.last(c).event["resource"] == "/"
    assert ask("/c/d").status == 203 and lambdas.last(c).event["pathParameters"] == {"proxy": "d"}

    client.update_domain_name(DomainName=ask.name, RoutingMode="ROUTING_RULE_ONLY")
    answer = ask("/")
    assert (answer.status, answer.body) == NOT_FOUND
    client.put_routing_rule(DomainName=ask.name, RoutingRuleId=last, Priority=1, Conditions=[],
                            Actions=[{"InvokeApi": {"ApiId": made[2].id, "Stage": "test"}}])
    assert ask("/PetStoreShopper", headers=both).status == 203
    client.delete_routing_rule(DomainName=ask.name, RoutingRuleId=last)
    client.delete_routing_rule(DomainName=ask.name, RoutingRuleId=pets)
    assert ask("/PetStoreShopper", headers=both).status == 404
