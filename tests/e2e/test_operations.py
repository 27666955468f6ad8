"""Every operation that boto3 and `aws` know: each is there, lists are walked whole, and many writers lose nothing."""

import json
import re
import threading
import uuid

import botocore.exceptions
import botocore.session
import pytest

import products
from apis import Api, mock
from products import ROOT

MODEL = botocore.session.get_session().get_service_model("apigateway")
# What the management API does not know yet: it answers as it does to any path that is none.
MISSING = set()
# What it knows, and refuses to do.
REFUSED = {"GetSdk"}
UNKNOWN = "MissingAuthenticationTokenException"

# A value for each member of a path or a query string that is more than a word.
WORDS = {"httpMethod": "GET", "statusCode": "200", "responseType": "THROTTLED", "exportType": "oas30", "sdkType": "java",
         "resourceArn": "arn:aws:apigateway:eu-west-1::/restapis/nosuchapi0", "startDate": "2026-01-01", "endDate": "2026-01-02"}


@pytest.fixture(params=["postern", "on_dynamodb"], ids=["embedded", "dynamodb"])
def product(request):
    return request.getfixturevalue(request.param)


def least(shape):
    """The least that botocore lets one send for a shape."""
    if shape.type_name == "structure":
        return {name: WORDS.get(name, least(shape.members[name])) for name in shape.required_members}
    return {"list": [], "map": {}, "boolean": False, "integer": 1, "long": 1, "double": 1.0, "blob": b"{}",
            "timestamp": 0}.get(shape.type_name, shape.enum[0] if getattr(shape, "enum", None) else "nosuch")


def answered(client, operation):
    """How the service answers an operation that is asked for with as little as may be."""
    model = MODEL.operation_model(operation)
    arguments = least(model.input_shape) if model.input_shape else {}
    try:
        getattr(client, botocore.xform_name(operation))(**arguments)
    except botocore.exceptions.ClientError as error:
        return error.response["Error"]["Code"]
    return "done"


def test_every_operation_is_known(product):
    # Nothing of it may stay: what an operation makes with so little is made in a Postern that others use too.
    client = product.client()
    answers = {operation: answered(client, operation) for operation in MODEL.operation_names}
    assert {operation for operation, answer in answers.items() if answer == UNKNOWN} == MISSING
    assert {operation for operation, answer in answers.items() if answer in ("InternalFailure", "ServiceUnavailableException")} == set()
    strange = {operation: answer for operation, answer in answers.items()
               if answer not in {"done", UNKNOWN, "NotFoundException", "BadRequestException", "ValidationException"}}
    # For an API that is not there the service says that someone else was quicker.
    assert strange == {"CreateAuthorizer": "ConflictException"}


def test_an_sdk_is_refused_in_words(product):
    api = Api(product, {"GET /a": mock()})
    with pytest.raises(api.client.exceptions.BadRequestException, match="(?i)sdk"):
        api.client.get_sdk(restApiId=api.id, stageName="test", sdkType="javascript")


# --- the README's table ---

README = (ROOT / "README.md").read_text()


def of_the_table():
    """The operations that the README's table names, and those that it says are not there."""
    section = README.split("## What of the management API works\n")[1].split("\n## ")[0]
    works, lacks = set(), set()
    for row in re.findall(r"^\| (?!---)(.*) \|$", section, re.MULTILINE)[1:]:
        _, operations, notes = re.split(r" \| ?", row, maxsplit=2)
        works |= set(re.findall(r"`(\w+)`", operations))
        lacks |= {one for one in re.findall(r"`(\w+)`", notes) if one in MODEL.operation_names}
    return works, lacks


def test_the_readme_says_of_every_operation_whether_it_works(postern):
    works, lacks = of_the_table()
    assert works | lacks == set(MODEL.operation_names), "the table has every operation, and nothing else"
    assert not works & lacks
    client = postern.client()
    unknown = {operation for operation in MODEL.operation_names if answered(client, operation) == UNKNOWN}
    assert lacks == unknown | REFUSED


# --- lists ---

def unique(name):
    return f"{name}-{uuid.uuid4().hex[:8]}"


@pytest.fixture
def furnished(product):
    """An API, a plan and the rest, with more of everything than a page of two holds; and how each list of it is asked for."""
    made = Api(product, {"GET /a": mock(), "GET /b": mock(), "GET /c": mock()})
    client, here = made.client, {"restApiId": made.id}
    stage = [{"apiId": made.id, "stage": "test"}]
    plans = [client.create_usage_plan(name=unique("plan"), apiStages=stage, quota={"limit": 9, "period": "DAY"})["id"]]
    plans += [client.create_usage_plan(name=unique("plan"))["id"] for _ in range(2)]
    keys = [client.create_api_key(name=unique("key"))["id"] for _ in range(3)]
    for key in keys:
        client.create_usage_plan_key(usagePlanId=plans[0], keyId=key, keyType="API_KEY")
    domain = f"{unique('d')}.example.com"
    acm = "arn:aws:acm:us-east-1:123456789012:certificate/" + "1" * 8
    client.create_domain_name(domainName=domain, certificateArn=acm)
    others = [f"{unique('d')}.example.com" for _ in range(2)]
    for other in others:
        client.create_domain_name(domainName=other, certificateArn=acm)
    apis = [client.create_rest_api(name=unique("api"))["id"] for _ in range(2)]
    links = [client.create_vpc_link(name=unique("link"), targetArns=[
        f"arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/net/{unique('nlb')}/0123456789abcdef"])["id"] for _ in range(3)]
    certificates = [client.generate_client_certificate()["clientCertificateId"] for _ in range(3)]
    for number in range(3):
        client.create_model(**here, name=f"M{number}", contentType="application/json", schema="{}")
        client.create_request_validator(**here, name=f"v{number}")
        client.create_authorizer(**here, name=f"a{number}", type="COGNITO_USER_POOLS", identitySource="method.request.header.A",
                                 providerARNs=["arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_AAAAAAAAA"])
        client.create_documentation_part(**here, location={"type": "RESOURCE", "path": f"/{'abc'[number]}"}, properties='{"a": 1}')
        client.create_documentation_version(**here, documentationVersion=f"v{number}")
        client.create_base_path_mapping(domainName=domain, restApiId=made.id, basePath=f"p{number}")
        made.deploy()
    yield client, {
        "get_rest_apis": {}, "get_api_keys": {}, "get_usage_plans": {}, "get_domain_names": {}, "get_vpc_links": {},
        "get_client_certificates": {}, "get_resources": here, "get_models": here, "get_request_validators": here,
        "get_authorizers": here, "get_documentation_parts": here, "get_documentation_versions": here, "get_deployments": here,
        "get_gateway_responses": here, "get_base_path_mappings": {"domainName": domain},
        "get_usage_plan_keys": {"usagePlanId": plans[0]}, "get_sdk_types": {},
        "get_usage": {"usagePlanId": plans[0], "startDate": "2026-01-01", "endDate": "2026-01-03"},
    }
    # What belongs to the account is bounded, and others want some of it too.
    client.update_usage_plan(usagePlanId=plans[0], patchOperations=[
        {"op": "remove", "path": "/apiStages", "value": f"{made.id}:test"}])
    for key in keys:
        client.delete_usage_plan_key(usagePlanId=plans[0], keyId=key)
        client.delete_api_key(apiKey=key)
    for plan in plans:
        client.delete_usage_plan(usagePlanId=plan)
    for number in range(3):
        client.delete_base_path_mapping(domainName=domain, basePath=f"p{number}")
    for one in (domain, *others):
        client.delete_domain_name(domainName=one)
    for link in links:
        client.delete_vpc_link(vpcLinkId=link)
    for certificate in certificates:
        client.delete_client_certificate(clientCertificateId=certificate)
    for one in (made.id, *apis):
        client.delete_rest_api(restApiId=one)


def items(answer):
    found = answer.get("items", answer.get("item"))
    return sorted(found.items()) if isinstance(found, dict) else found


def test_every_list_is_walked_whole_by_its_paginator(furnished):
    client, lists = furnished
    known = {botocore.xform_name(one) for one in MODEL.operation_names}
    paginated = {one for one in known if client.can_paginate(one)}
    assert paginated == lists.keys(), "each list that botocore can walk is walked here"
    for operation, arguments in lists.items():
        whole = [one for page in client.get_paginator(operation).paginate(**arguments, PaginationConfig={"PageSize": 500})
                 for one in items(page)]
        pages = list(client.get_paginator(operation).paginate(**arguments, PaginationConfig={"PageSize": 2}))
        walked = [one for page in pages for one in items(page)]
        if operation == "get_usage":  # whose items have no order
            walked, whole = sorted(walked), sorted(whole)
        assert walked == whole, operation
        assert len(whole) >= 3, operation
        if operation in ("get_gateway_responses", "get_sdk_types"):  # which come all at once, whatever the limit
            assert len(pages) == 1
            continue
        assert len(pages) >= 2 and all(len(items(page)) <= 2 for page in pages), operation
        starts = client.get_paginator(operation).paginate(**arguments, PaginationConfig={"PageSize": 2, "MaxItems": 3})
        begun = starts.build_full_result()
        if token := begun.get("NextToken"):
            rest = client.get_paginator(operation).paginate(**arguments, PaginationConfig={"PageSize": 2, "StartingToken": token})
            if operation != "get_usage":  # whose items botocore cannot cut in the middle of a page
                assert items(begun) + items(rest.build_full_result()) == whole, operation


# --- the aws command ---

@pytest.fixture
def aws(product):
    def run(*arguments):
        done = products.aws(product.endpoint, "apigateway", *arguments)
        assert done.returncode == 0, f"aws apigateway {' '.join(map(str, arguments))}\n{done.stderr}"
        return done.stdout

    return run


def test_the_aws_command_takes_its_input_from_a_file(aws, product, tmp_path):
    wanted = {"name": unique("cli"), "description": "from a file", "endpointConfiguration": {"types": ["REGIONAL"]},
              "tags": {"a": "1"}, "binaryMediaTypes": ["image/png"]}
    (tmp_path / "api.json").write_text(json.dumps(wanted))
    made = json.loads(aws("create-rest-api", "--cli-input-json", f"file://{tmp_path / 'api.json'}"))
    assert {name: made[name] for name in ("name", "description", "tags", "binaryMediaTypes")} == {
        name: wanted[name] for name in ("name", "description", "tags", "binaryMediaTypes")}
    patches = [{"op": "replace", "path": "/name", "value": wanted["name"] + "x"}]
    patched = aws("update-rest-api", "--cli-input-json", json.dumps({"restApiId": made["id"], "patchOperations": patches}))
    assert json.loads(patched)["name"] == wanted["name"] + "x"
    aws("update-rest-api", "--rest-api-id", made["id"], "--patch-operations", "op=replace,path=/description,value=short")
    assert aws("get-rest-api", "--rest-api-id", made["id"], "--query", "description", "--output", "text").strip() == "short"
    skeleton = json.loads(aws("create-rest-api", "--generate-cli-skeleton"))
    assert "name" in skeleton


def test_the_aws_command_imports_and_exports_files(aws, product, tmp_path):
    case = ROOT / "shared" / "openapi" / "tests" / "cases" / "pet-store" / "openapi.yaml"
    api = json.loads(aws("import-rest-api", "--no-fail-on-warnings", "--parameters", "endpointConfigurationTypes=REGIONAL",
                         "--body", f"fileb://{case}"))
    assert api["endpointConfiguration"]["types"] == ["REGIONAL"]
    aws("put-rest-api", "--rest-api-id", api["id"], "--mode", "overwrite", "--body", f"fileb://{case}")
    aws("create-deployment", "--rest-api-id", api["id"], "--stage-name", "prod")
    for kind, accepts, ending in (("oas30", "application/json", "json"), ("swagger", "application/yaml", "yaml")):
        file = tmp_path / f"{kind}.{ending}"
        said = json.loads(aws("get-export", "--rest-api-id", api["id"], "--stage-name", "prod", "--export-type", kind,
                              "--accepts", accepts, "--parameters", "extensions=apigateway", str(file)))
        assert kind in said["contentDisposition"] and said["contentType"]
        text = file.read_text()
        assert "x-amazon-apigateway-integration" in text
        again = json.loads(aws("import-rest-api", "--fail-on-warnings", "--body", f"fileb://{file}"))
        aws("delete-rest-api", "--rest-api-id", again["id"])
    aws("import-documentation-parts", "--rest-api-id", api["id"], "--mode", "overwrite", "--body", f"fileb://{case}")
    aws("delete-rest-api", "--rest-api-id", api["id"])


def test_the_aws_command_pages(aws, product):
    client = product.client()
    customer = unique("pages")
    ids = [client.create_api_key(name=f"k{number}", customerId=customer)["id"] for number in range(5)][::-1]
    asked = ("get-api-keys", "--customer-id", customer, "--output", "json")
    assert [one["id"] for one in json.loads(aws(*asked))["items"]] == ids
    assert [one["id"] for one in json.loads(aws(*asked, "--page-size", "2"))["items"]] == ids
    first = json.loads(aws(*asked, "--max-items", "2", "--page-size", "1"))
    assert [one["id"] for one in first["items"]] == ids[:2]
    rest = json.loads(aws(*asked, "--starting-token", first["NextToken"]))
    assert [one["id"] for one in rest["items"]] == ids[2:]
    plain = json.loads(aws(*asked, "--no-paginate", "--limit", "2"))
    assert [one["id"] for one in plain["items"]] == ids[:2] and plain["position"]
    following = json.loads(aws(*asked, "--no-paginate", "--limit", "2", "--position", plain["position"]))
    assert [one["id"] for one in following["items"]] == ids[2:4]


# --- many at once ---

@pytest.mark.timeout(240)
def test_many_writers_of_one_api_lose_nothing(product):
    """32 clients, each with resources, stage variables and deployments of its own."""
    writers, rounds = 32, 3
    api = Api(product, {"GET /a": mock()}, name="busy")
    for stage in range(4):
        api.deploy(f"s{stage}")
    failures = []
    # A method without an integration keeps an API from being deployed, so none is deployed before all have theirs.
    whole = threading.Barrier(writers)

    def write(number):
        client = product.client()
        try:
            for turn in range(rounds):
                made = client.create_resource(restApiId=api.id, parentId=api.resources["/"], pathPart=f"r{number}-{turn}")
                where = {"restApiId": api.id, "resourceId": made["id"], "httpMethod": "GET"}
                client.put_method(**where, authorizationType="NONE")
                client.put_integration(**where, type="MOCK")
            whole.wait(120)
            for turn in range(rounds):
                variable = {"op": "replace", "path": f"/variables/v{number}x{turn}", "value": "set"}
                client.update_stage(restApiId=api.id, stageName="s0", patchOperations=[variable])
                client.update_rest_api(restApiId=api.id, patchOperations=[
                    {"op": "add", "path": f"/binaryMediaTypes/image~1w{number}x{turn}"}])
                client.create_deployment(restApiId=api.id, stageName=f"s{number % 4}", description=f"{number} {turn}")
        except Exception as error:  # noqa: BLE001: whatever it is, it is what the test is about
            failures.append((number, repr(error)))
            whole.abort()

    threads = [threading.Thread(target=write, args=(number,)) for number in range(writers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []

    client = api.client
    every = {(number, turn) for number in range(writers) for turn in range(rounds)}
    resources = client.get_paginator("get_resources").paginate(restApiId=api.id, embed=["methods"]).search("items")
    found = {one["path"]: set(one.get("resourceMethods", {})) for one in resources}
    assert found == {"/": set(), "/a": {"GET"}, **{f"/r{number}-{turn}": {"GET"} for number, turn in every}}
    assert client.get_stage(restApiId=api.id, stageName="s0")["variables"].keys() == {f"v{n}x{t}" for n, t in every}
    assert set(client.get_rest_api(restApiId=api.id)["binaryMediaTypes"]) == {f"image/w{n}x{t}" for n, t in every}
    deployments = list(client.get_paginator("get_deployments").paginate(restApiId=api.id).search("items"))
    assert {one["description"] for one in deployments if "description" in one} == {f"{n} {t}" for n, t in every}
    # Each of them can still be served: it holds the API as it was at one moment.
    for deployment in deployments:
        client.update_stage(restApiId=api.id, stageName="s1", patchOperations=[
            {"op": "replace", "path": "/deploymentId", "value": deployment["id"]}])
        exported = client.get_export(restApiId=api.id, stageName="s1", exportType="oas30", accepts="application/json")
        listed = json.loads(exported["body"].read())["paths"].keys()
        assert listed == (found.keys() - {"/"} if "description" in deployment else {"/a"}), deployment
    client.delete_rest_api(restApiId=api.id)
