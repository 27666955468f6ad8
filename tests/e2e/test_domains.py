"""Custom domain names: which API answers under them, and what it is told of the path."""

import uuid

import pytest

import wire
from apis import aws_proxy, mock

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

        def ask(path, host=None):
            return wire.exchange(postern.address, "GET", path, [("Host", host or f"{name}:4700")])

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
