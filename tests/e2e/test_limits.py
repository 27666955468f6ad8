"""How much there may be: AWS's numbers unless whoever runs Postern says otherwise; and that a lot of it is quick enough."""

import json
import time
import uuid

import pytest

import products
from products import PROGRAMS, Program

UNBOUND = "resources_per_api=none, documentation_parts_per_api=none"


@pytest.fixture
def started(tmp_path):
    begun = []

    def start(*arguments, environment=None):
        begun.append(products.Dev(tmp_path / str(len(begun)), "--memory", *arguments, environment=environment))
        return begun[-1]

    yield start
    for product in begun:
        product.stop()


def resources(client, count):
    """Makes so many below the root of a new API; the refusal, if one comes."""
    made = client.create_rest_api(name="many")
    try:
        for number in range(count):
            client.create_resource(restApiId=made["id"], parentId=made["rootResourceId"], pathPart=f"r{number}")
    except client.exceptions.LimitExceededException as error:
        return error.response["Error"]["Message"]


def test_limits_are_those_of_aws_and_can_be_changed(started):
    client = started().client()
    assert resources(client, 299) is None
    assert "Maximum number of resources for this API has been reached" in resources(client, 300)
    for bounded in (started("--limits", "resources_per_api=4"), started(environment={"POSTERN_LIMITS": "resources_per_api=4"})):
        assert resources(bounded.client(), 3) is None
        assert "Maximum number of resources" in resources(bounded.client(), 4)
    free = started("--limits", UNBOUND, environment={"POSTERN_LIMITS": "resources_per_api=4"})
    assert resources(free.client(), 310) is None


def test_an_import_is_held_to_the_limits(started):
    client = started("--limits", "resources_per_api=3").client()

    def document(count):
        return json.dumps({"openapi": "3.0.1", "info": {"title": "t", "version": "1"},
                           "paths": {f"/r{number}": {} for number in range(count)}})

    api = client.import_rest_api(body=document(2))["id"]
    for operation in (lambda: client.import_rest_api(body=document(3)),
                      lambda: client.put_rest_api(restApiId=api, mode="overwrite", body=document(3))):
        with pytest.raises(client.exceptions.LimitExceededException):
            operation()
    assert [one["id"] for one in client.get_rest_apis()["items"]] == [api]
    assert len(client.get_resources(restApiId=api)["items"]) == 3


def test_the_management_function_takes_limits_too(folder, dynamodb, lambdas):
    functions = products.Functions(folder / "limited", dynamodb, f"lim-{uuid.uuid4().hex[:8]}", lambdas,
                                   {"POSTERN_LIMITS": "resources_per_api=2"})
    try:
        client = functions.client()
        assert products.eventually(lambda: "Maximum number of resources" in (resources(client, 2) or ""))
    finally:
        functions.stop()


@pytest.mark.parametrize("limits, said", [
    ("pets=1", "there is no limit `pets`; there are resources_per_api, "),
    ("api_keys", "`api_keys` is not of the form NAME=COUNT"),
    ("api_keys=many", "`api_keys=many`: a limit is a whole number, or none"),
])
def test_wrong_limits_are_named(tmp_path, limits, said):
    here = ["dev", "--memory", "--listen", "127.0.0.1:0"]
    function = {"AWS_LAMBDA_RUNTIME_API": "127.0.0.1:1", "AWS_LAMBDA_FUNCTION_NAME": "management",
                "AWS_LAMBDA_FUNCTION_VERSION": "1", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256"}
    for number, (arguments, environment) in enumerate([
        ([PROGRAMS / "postern", *here, "--limits", limits], {}),
        ([PROGRAMS / "postern", *here], {"POSTERN_LIMITS": limits}),
        ([PROGRAMS / "management"], {**function, "POSTERN_LIMITS": limits}),
    ]):
        program = Program(arguments, tmp_path / f"{number}.log", environment)
        try:
            assert program.process.wait(10) != 0
        finally:
            program.process.kill()
        assert said in program.text()


# --- a lot of it ---

OPERATIONS = 2_000


def large():
    """2,000 operations in five megabytes, with a model, parameters, documentation and templates each."""
    padding = "It says a lot about little. " * 35
    paths, schemas = {}, {}
    for number in range(OPERATIONS // 2):
        schemas[f"Thing{number}"] = {"type": "object", "description": padding, "properties": {"a": {"type": "string"}}}
        body = {"application/json": {"schema": {"$ref": f"#/components/schemas/Thing{number}"}}}
        integration = {"type": "mock", "requestTemplates": {"application/json": json.dumps({"statusCode": 200, "p": padding})},
                       "responses": {"default": {"statusCode": "200"}}}
        parameters = [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}]
        operation = {"description": padding, "parameters": parameters, "x-amazon-apigateway-integration": integration,
                     "responses": {"200": {"description": "200 response", "content": body}}}
        paths[f"/group{number % 10}/things{number}/{{id}}"] = {
            "get": operation, "put": {**operation, "requestBody": {"content": body}}}
    document = {"openapi": "3.0.1", "info": {"title": "Large", "version": "1"}, "paths": paths, "components": {"schemas": schemas}}
    return json.dumps(document).encode()


@pytest.mark.timeout(300)
@pytest.mark.parametrize("store", ["embedded", "dynamodb"])
def test_an_api_of_two_thousand_operations_is_imported_deployed_and_exported(store, request, tmp_path, started, record_property):
    if store == "embedded":
        product = started("--limits", UNBOUND)
    else:
        dynamodb, prefix = request.getfixturevalue("dynamodb"), f"large-{uuid.uuid4().hex[:8]}"
        products.create_tables(dynamodb, prefix)
        product = products.Dev(tmp_path, "--store", "dynamodb", "--tables", prefix, "--limits", UNBOUND,
                               environment={"AWS_ENDPOINT_URL_DYNAMODB": dynamodb})
        request.addfinalizer(product.stop)
    client = products.client(product.endpoint, read_timeout=120)
    body = large()
    assert 4.5e6 < len(body) < 6 * 1024 * 1024
    took = {}

    def timed(what, operation):
        began = time.monotonic()
        answer = operation()
        took[what] = round(time.monotonic() - began, 2)
        return answer

    api = timed("import", lambda: client.import_rest_api(body=body))["id"]
    timed("put", lambda: client.put_rest_api(restApiId=api, mode="overwrite", body=body))
    timed("deploy", lambda: client.create_deployment(restApiId=api, stageName="test"))
    answer = timed("first request", lambda: product.send(api, "test", "/group7/things777/1"))
    assert answer.status == 200
    for kind in ("oas30", "swagger"):
        exported = timed(f"export {kind}", lambda kind=kind: client.get_export(
            restApiId=api, stageName="test", exportType=kind, accepts="application/json",
            parameters={"extensions": "apigateway"})["body"].read())
        assert sum(len(one) for one in json.loads(exported)["paths"].values()) == OPERATIONS
    timed("delete", lambda: client.delete_rest_api(restApiId=api))
    print(f"{store}: {took}")
    record_property("took", took)
    # The program is not optimised here, and the machine has other things to do.
    assert max(took.values()) < 60, took
