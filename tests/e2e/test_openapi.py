"""OpenAPI through an unmodified boto3: documents in, exports out, and the exports in again."""

import gzip
import itertools
import json

import botocore.exceptions
import openapi_spec_validator
import pytest
import yaml

import products
from products import ROOT

CASES = ROOT / "shared" / "openapi" / "tests" / "cases"
EXTENSIONS = [None, "integrations", "authorizers", "apigateway", "documentation"]
FORMS = list(itertools.product(["swagger", "oas30"], ["application/json", "application/yaml"]))


def document(folder):
    return next(folder.glob("openapi.*")).read_bytes()


def settings(folder):
    options = folder / "options.txt"
    return dict(one.split("=") for one in options.read_text().split()) if options.exists() else {}


FOLDERS = sorted(one for one in CASES.iterdir() if one.is_dir())
IMPORTABLE = [one for one in FOLDERS if not (one / "errors.txt").exists()]
REFUSED = [one for one in FOLDERS if (one / "errors.txt").exists()]


def name(folder):
    return folder.name


@pytest.fixture(params=["postern", "on_dynamodb"], ids=["embedded", "dynamodb"])
def product(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def client(product):
    return product.client()


def parsed(text, accepts):
    return json.loads(text) if "json" in accepts else yaml.safe_load(text)


def export(client, api, form, extensions=None, stage="test"):
    kind, accepts = form
    parameters = {"extensions": extensions} if extensions else {}
    answer = client.get_export(restApiId=api, stageName=stage, exportType=kind, accepts=accepts, parameters=parameters)
    assert answer["contentDisposition"].startswith(f'attachment; filename="{kind}_')
    return answer["body"].read()


def deployed(client, api, stage="test"):
    """Deploys what can be deployed: documents with no integrations get a mock each."""
    for resource in client.get_paginator("get_resources").paginate(restApiId=api, embed=["methods"]).search("items"):
        for verb, method in resource.get("resourceMethods", {}).items():
            if "methodIntegration" not in method:
                client.put_integration(restApiId=api, resourceId=resource["id"], httpMethod=verb, type="MOCK")
    return client.create_deployment(restApiId=api, stageName=stage)["id"]


# What a model may say in OpenAPI 3 alone. A model is exported as its owner wrote it, also as swagger.
OF_3_ALONE = {"nullable", "oneOf", "anyOf", "not", "discriminator", "deprecated", "writeOnly"}


def valid(exported):
    """By the rules of OpenAPI, but for a greedy path variable, which has the plus that only the gateway knows."""
    def plain(node):
        if isinstance(node, dict):
            left_out = OF_3_ALONE if "swagger" in exported else set()
            return {str(key).replace("+}", "}"): plain(value) for key, value in node.items() if key not in left_out}
        return [plain(one) for one in node] if isinstance(node, list) else node

    openapi_spec_validator.validate(plain(json.loads(json.dumps(exported, default=str))))


def comparable(exported, *apis):
    """An export up to what is of the one API and the one moment."""
    text = json.dumps(exported, default=str)
    for api in apis:
        text = text.replace(api, "API")
    exported = json.loads(text)
    exported["info"].pop("version", None)
    exported.pop("host", None)
    exported.pop("servers", None)
    for documentation in [exported.get("x-amazon-apigateway-documentation", {})]:
        documentation.pop("createdDate", None)
        documentation.pop("version", None)
    return exported


def code(operation, **arguments):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        operation(**arguments)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("case", IMPORTABLE, ids=name)
def test_a_document_is_exported_in_every_form_and_comes_back_the_same(client, case):
    api = client.import_rest_api(body=document(case), parameters=settings(case))["id"]
    deployed(client, api)
    again = client.create_rest_api(name="again")["id"]

    def round_trip(text, form, extensions):
        client.put_rest_api(restApiId=again, mode="overwrite", body=text)
        deployed(client, again)
        return export(client, again, form, extensions)

    for form, extensions in itertools.product(FORMS, EXTENSIONS):
        first = export(client, api, form, extensions)
        if case.name != "circular-references":  # in which the validator itself would go round and round
            valid(parsed(first, form[1]))
        # There is no other word for a method that answers every verb.
        extended = "x-amazon-apigateway" in first.decode().replace("x-amazon-apigateway-any-method", "")
        assert extended <= bool(extensions), (form, extensions)
        second = round_trip(first, form, extensions)
        if extensions != "apigateway":
            # What the document was not to say is lost once; after that it is at rest.
            first, second = second, round_trip(second, form, extensions)
        texts = [comparable(parsed(text, form[1]), api, again) for text in (first, second)]
        assert texts[0] == texts[1], (form, extensions)
    for one in (api, again):
        client.delete_rest_api(restApiId=one)


def standing(client):
    """Everything that an import could leave behind."""
    found = {}
    for api in client.get_paginator("get_rest_apis").paginate(PaginationConfig={"PageSize": 500}).search("items"):
        if api:
            found[api["id"]] = api
    return found


def whole(client, api):
    """Everything that an API has."""
    def listed(operation, **more):
        answer = getattr(client, operation)(restApiId=api, **more)
        return answer["items"] if "items" in answer else answer["item"]

    record = client.get_rest_api(restApiId=api)
    record.pop("ResponseMetadata")
    return [record, listed("get_resources", embed=["methods"], limit=500), *(
        listed(operation) for operation in ("get_models", "get_request_validators", "get_authorizers", "get_gateway_responses",
                                            "get_documentation_parts"))]


@pytest.mark.parametrize("case", REFUSED, ids=name)
def test_a_document_that_is_refused_leaves_nothing_behind(client, case):
    before = standing(client)
    kind, message = code(client.import_rest_api, body=document(case))
    assert kind == "BadRequestException" and message
    errors = (case / "errors.txt").read_text().splitlines()
    for line in errors:
        # A text in the words of the service is there as it is; one of ours has its place.
        words, text = line.split(": ", 1)
        if "Invalid OpenAPI input" in text:
            assert message == "Invalid OpenAPI input."
    api = client.import_rest_api(body=document(CASES / "pet-store"))["id"]
    was = whole(client, api)
    for mode in ("merge", "overwrite"):
        assert code(client.put_rest_api, restApiId=api, mode=mode, body=document(case))[0] == "BadRequestException"
        assert whole(client, api) == was
    client.delete_rest_api(restApiId=api)
    assert standing(client).keys() == before.keys()


@pytest.mark.parametrize("body, message", [
    (b"", "Invalid OpenAPI input."),
    (b"\x89PNG\r\n\x1a\n\x00\x00\xff\xfe", "Invalid OpenAPI input."),
    (b"{}", "Invalid OpenAPI input."),
    (b"just words", "Invalid OpenAPI input."),
    (b"[1, 2]", "Invalid OpenAPI input."),
    (b"null", "Invalid OpenAPI input."),
    (b'{"info": {"title": "x"}, "paths": {}}', "Invalid OpenAPI input."),
    (b'{"openapi": "3.1.0", "info": {"title": "x", "version": "1"}, "paths": {}}', "Invalid OpenAPI input."),
    (b'{"openapi": "3.0.1", "info"', "Invalid OpenAPI input."),
    (b"\x1f\x8bnot really", "unzip"),
], ids=["empty", "image", "no members", "words", "list", "null", "no version", "another version", "broken off", "bad gzip"])
def test_a_body_that_is_no_document_is_refused_in_the_services_words(client, body, message):
    before = standing(client).keys()
    kind, said = code(client.import_rest_api, body=body)
    assert kind == "BadRequestException" and message in said
    assert standing(client).keys() == before


def test_a_compressed_document_is_taken(client):
    made = client.import_rest_api(body=gzip.compress(document(CASES / "pet-store")))
    plain = client.import_rest_api(body=document(CASES / "pet-store"))
    assert made["name"] == plain["name"]
    paths = [{one["path"] for one in client.get_resources(restApiId=api["id"])["items"]} for api in (made, plain)]
    assert paths[0] == paths[1]


def small(title="small", **more):
    integration = {"type": "mock", "requestTemplates": {"application/json": '{"statusCode": 200}'},
                   "responses": {"default": {"statusCode": "200"}}}
    operation = {"responses": {"200": {"description": "200 response"}}, "x-amazon-apigateway-integration": integration}
    return {"openapi": "3.0.1", "info": {"title": title, "version": "1"}, "paths": {"/a": {"get": operation}}, **more}


def paths(client, api):
    """Each path with the verbs it has."""
    items = client.get_resources(restApiId=api, limit=500)["items"]
    return {one["path"]: sorted(one.get("resourceMethods", {})) for one in items}


def test_what_a_document_is_put_over_stays_or_goes_as_the_mode_says(client):
    first = small(**{"x-amazon-apigateway-binary-media-types": ["image/heif"]})
    made = client.import_rest_api(body=json.dumps(first))
    api, root = made["id"], made["rootResourceId"]
    assert "tags" not in made
    other = small("other", **{"x-amazon-apigateway-binary-media-types": ["image/png"]})
    other["paths"] = {"/b/{id}": {"post": small()["paths"]["/a"]["get"]}}
    kept = {one["path"]: one["id"] for one in client.get_resources(restApiId=api)["items"]}

    merged = client.put_rest_api(restApiId=api, mode="merge", body=json.dumps(other))
    assert (merged["name"], merged["binaryMediaTypes"]) == ("other", ["image/heif", "image/png"])
    assert paths(client, api) == {"/": [], "/a": ["GET"], "/b": [], "/b/{id}": ["POST"]}

    put = client.put_rest_api(restApiId=api, mode="overwrite", body=json.dumps(other))
    assert put["binaryMediaTypes"] == ["image/png"] and put["rootResourceId"] == root and put["tags"] == {}
    assert paths(client, api) == {"/": [], "/b": [], "/b/{id}": ["POST"]}

    # Without a mode it is merged, and what is at the same path keeps its id.
    client.put_rest_api(restApiId=api, body=json.dumps(first))
    assert paths(client, api) == {"/": [], "/a": ["GET"], "/b": [], "/b/{id}": ["POST"]}
    now = {one["path"]: one["id"] for one in client.get_resources(restApiId=api)["items"]}
    assert now["/"] == kept["/"]
    assert code(client.put_rest_api, restApiId=api, mode="replace", body=json.dumps(first))[0] == "ValidationException"
    assert code(client.put_rest_api, restApiId="nosuchapi0", body=json.dumps(first))[0] == "NotFoundException"
    # What is no document is told before the API is missed.
    assert code(client.put_rest_api, restApiId="nosuchapi0", body=b"nonsense") == ("BadRequestException", "Invalid OpenAPI input.")


def test_an_import_into_a_deployed_api_changes_nothing_until_it_is_deployed(product, client):
    api = client.import_rest_api(body=json.dumps(small()))["id"]
    deployed(client, api)
    products.eventually(lambda: product.send(api, "test", "/a").status == 200, product.settles_within)
    other = small()
    other["paths"] = {"/b": other["paths"]["/a"]}
    client.put_rest_api(restApiId=api, mode="overwrite", body=json.dumps(other))
    assert product.send(api, "test", "/a").status == 200
    assert list(json.loads(export(client, api, FORMS[0]))["paths"]) == ["/a"]
    deployed(client, api)
    products.eventually(lambda: product.send(api, "test", "/b").status == 200, product.settles_within)


def test_warnings_are_told_or_refused(client):
    two = small(servers=[{"url": "https://a.example/v1"}, {"url": "https://b.example/v2"}])
    made = client.import_rest_api(body=json.dumps(two))
    assert any("More than one server provided" in warning for warning in made["warnings"])
    before = standing(client)
    kind, message = code(client.import_rest_api, failOnWarnings=True, body=json.dumps(two))
    assert kind == "BadRequestException"
    assert message.startswith("Warnings found during import:\n\tMore than one server provided.")
    assert standing(client).keys() == before.keys()
    was = whole(client, made["id"])
    kind, _ = code(client.put_rest_api, restApiId=made["id"], mode="overwrite", failOnWarnings=True, body=json.dumps(two))
    assert kind == "BadRequestException" and whole(client, made["id"]) == was
    assert "warnings" not in client.import_rest_api(body=json.dumps(small()), failOnWarnings=True)


@pytest.mark.parametrize("more", [
    {"servers": [{"url": "https://a.example/v1"}]},
    {"tags": [{"name": "pets"}], "externalDocs": {"url": "https://a.example"}, "x-of-mine": 1},
], ids=lambda more: next(iter(more)))
def test_what_aws_passes_over_in_silence_is_no_warning(client, more):
    made = client.import_rest_api(body=json.dumps(small(**more)), failOnWarnings=True)
    assert "warnings" not in made
    put = client.put_rest_api(restApiId=made["id"], body=json.dumps(small(**more)))
    assert "warnings" not in put


@pytest.mark.parametrize("basepath, expected", [
    (None, {"/", "/a"}),
    ("ignore", {"/", "/a"}),
    ("prepend", {"/", "/v1", "/v1/pets", "/v1/pets/a"}),
    ("split", {"/", "/pets", "/pets/a"}),
])
def test_the_base_path_becomes_what_the_parameter_says(client, basepath, expected):
    parameters = {"basepath": basepath} if basepath else {}
    api = client.import_rest_api(body=json.dumps(small(servers=[{"url": "https://x.example/v1/pets"}])), parameters=parameters)
    assert set(paths(client, api["id"])) == expected


@pytest.mark.parametrize("kind", ["EDGE", "REGIONAL", "PRIVATE"])
def test_the_endpoint_type_is_what_the_parameter_says(client, kind):
    made = client.import_rest_api(body=json.dumps(small()), parameters={"endpointConfigurationTypes": kind})
    assert made["endpointConfiguration"]["types"] == [kind]
    assert client.get_rest_api(restApiId=made["id"])["endpointConfiguration"]["types"] == [kind]


def test_parameters_that_are_wrong_are_named(client):
    for wrong in ({"basepath": "append"}, {"endpointConfigurationTypes": "LOCAL"}, {"ignore": "everything"}):
        kind, message = code(client.import_rest_api, body=json.dumps(small()), parameters=wrong)
        (given, value), = wrong.items()
        assert kind == "BadRequestException" and given in message and value in message


def described():
    spoken = small(info={"title": "t", "version": "1", "description": "what it is for"})
    spoken["paths"]["/a"]["get"]["summary"] = "all of them"
    return spoken


def parts(client, api):
    found = client.get_documentation_parts(restApiId=api, limit=500)["items"]
    return {(one["location"]["type"], one["location"].get("path")): json.loads(one["properties"]) for one in found}


def test_documentation_is_read_unless_it_is_to_be_ignored(client):
    with_it = client.import_rest_api(body=json.dumps(described()))["id"]
    assert parts(client, with_it)["METHOD", "/a"] == {"summary": "all of them"}
    without = client.import_rest_api(body=json.dumps(described()), parameters={"ignore": "documentation"})["id"]
    assert parts(client, without) == {}


BARE = {"documentationParts": [
    {"location": {"type": "API"}, "properties": {"info": {"description": "from the list"}}},
    {"location": {"type": "METHOD", "path": "/a", "method": "GET"}, "properties": {"summary": "listed"}},
]}
LISTED = {"x-amazon-apigateway-documentation": {"version": "1.0.3", **BARE}, **small()}


@pytest.mark.parametrize("written", [BARE, LISTED], ids=["bare", "document"])
@pytest.mark.parametrize("text", [json.dumps, yaml.safe_dump], ids=["json", "yaml"])
def test_documentation_parts_are_imported_by_themselves(client, written, text):
    api = client.import_rest_api(body=json.dumps(small()))["id"]
    resource = {"type": "RESOURCE", "path": "/a"}
    client.create_documentation_part(restApiId=api, location=resource, properties='{"description": "by hand"}')
    client.create_documentation_part(restApiId=api, location={"type": "API"}, properties='{"description": "old"}')
    listed = {("API", None): {"info": {"description": "from the list"}}, ("METHOD", "/a"): {"summary": "listed"}}

    answer = client.import_documentation_parts(restApiId=api, mode="merge", body=text(written))
    assert len(answer["ids"]) == 2 and answer["warnings"] == []
    found = parts(client, api)
    assert found.pop(("RESOURCE", "/a")) == {"description": "by hand"}
    assert found[("METHOD", "/a")] == listed[("METHOD", "/a")]
    assert found[("API", None)]["info"] == {"description": "from the list"}
    for part in answer["ids"]:
        client.get_documentation_part(restApiId=api, documentationPartId=part)

    answer = client.import_documentation_parts(restApiId=api, mode="overwrite", failOnWarnings=True, body=text(written))
    assert len(answer["ids"]) == 2 and parts(client, api) == listed
    # The rest of the document is no matter.
    assert paths(client, api) == {"/": [], "/a": ["GET"]}


def test_documentation_that_is_wrong_changes_nothing(client):
    api = client.import_rest_api(body=json.dumps(described()))["id"]
    was = whole(client, api)
    for body, message in [
        (b"words", "Unable to build importer with provided input."),
        (b"", "Unable to build importer with provided input."),
        (b"{}", "Unable to build importer with provided input."),
        (b'{"documentationParts": {}}', "documentationParts"),
        (b'{"documentationParts": [{"location": {"type": "PAGE"}, "properties": {}}]}', "PAGE"),
        (b'{"documentationParts": [{"location": {"type": "API", "path": "/"}, "properties": {}}]}', "path"),
        (b'{"documentationParts": [{"properties": {}}]}', "location"),
    ]:
        for mode in ("merge", "overwrite"):
            kind, said = code(client.import_documentation_parts, restApiId=api, mode=mode, body=body)
            assert kind == "BadRequestException" and message in said, (body, said)
    assert whole(client, api) == was
    assert code(client.import_documentation_parts, restApiId="nosuchapi0", body=json.dumps(BARE))[0] == "NotFoundException"


def test_an_export_has_the_documentation_of_its_stage(client):
    api = client.import_rest_api(body=json.dumps(described()))["id"]
    client.create_deployment(restApiId=api, stageName="test")
    client.create_documentation_version(restApiId=api, documentationVersion="v1", stageName="test")
    client.import_documentation_parts(restApiId=api, mode="overwrite", body=json.dumps(BARE))
    for form in FORMS:
        exported = parsed(export(client, api, form, "documentation"), form[1])
        documentation = exported["x-amazon-apigateway-documentation"]
        assert documentation["version"] == "v1"
        summaries = [one["properties"].get("summary") for one in documentation["documentationParts"]]
        assert "all of them" in summaries and "listed" not in summaries
        assert exported["paths"]["/a"]["get"]["summary"] == "all of them"


def test_what_cannot_be_exported_says_why(client):
    api = client.import_rest_api(body=json.dumps(small()))["id"]
    deployed(client, api)
    assert code(client.get_export, restApiId=api, stageName="test", exportType="raml") == (
        "BadRequestException", "No API exporter for type 'raml'")
    for where in ({"restApiId": api, "stageName": "nosuch"}, {"restApiId": "nosuchapi0", "stageName": "test"}):
        assert code(client.get_export, exportType="oas30", **where)[0] == "NotFoundException"


def test_an_imported_api_answers(product, client, backend):
    path = backend.on(lambda received: received.answer(200, [("x-seen", received.target)], b"hello"))
    routed = small()
    routed["paths"]["/pets/{id}"] = {"get": {
        "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
        "responses": {},
        "x-amazon-apigateway-integration": {
            "type": "http_proxy", "httpMethod": "GET", "uri": f"{backend.url}{path}?id={{id}}",
            "requestParameters": {"integration.request.path.id": "method.request.path.id"}},
    }}
    api = client.import_rest_api(body=yaml.safe_dump(routed))["id"]
    deployed(client, api)
    answer = products.eventually(lambda: (one := product.send(api, "test", "/pets/7")).status == 200 and one, 10)
    assert answer.body == b"hello" and answer.header("x-seen").endswith("?id=7")
