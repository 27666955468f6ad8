"""What belongs to one API besides its tree: models, validators, authorizers, gateway responses, documentation, caches."""

import json

import pytest
from botocore.exceptions import ClientError

from apis import Api, invoke_uri, mock


@pytest.fixture
def made(product):
    return Api(product)


@pytest.fixture
def client(made):
    return made.client


@pytest.fixture
def here(made):
    return {"restApiId": made.id}


def replace(path, value):
    return {"op": "replace", "path": path, "value": value}


def code(call, **arguments):
    """The error that a call ends with."""
    with pytest.raises(ClientError) as refused:
        call(**arguments)
    return refused.value.response["Error"]["Code"]


def without_metadata(answer):
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


def test_models_live_and_die_with_what_uses_them(made, client, here):
    assert [one["name"] for one in client.get_models(**here)["items"]] == ["Empty", "Error"]
    pet = {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}
    first = client.create_model(**here, name="Pet", contentType="application/json", schema=json.dumps(pet), description="A pet")
    assert len(first["id"]) == 6 and json.loads(first["schema"]) == pet
    reference = f"https://apigateway.amazonaws.com/restapis/{made.id}/models/Pet"
    client.create_model(**here, name="Pets", contentType="application/json",
                        schema=json.dumps({"type": "array", "items": {"$ref": reference}}))
    plain = client.get_model(**here, modelName="Pets")
    assert json.loads(plain["schema"])["items"] == {"$ref": reference}
    flat = json.loads(client.get_model(**here, modelName="Pets", flatten=True)["schema"])
    assert flat == {"type": "array", "items": {"$ref": "#/definitions/Pet"}, "definitions": {"Pet": pet}}
    assert client.get_model_template(**here, modelName="Pet")["value"].startswith("#set($inputRoot = $input.path('$'))\n{")
    assert client.update_model(**here, modelName="Pet", patchOperations=[replace("/description", "Any")])["description"] == "Any"

    assert code(client.create_model, **here, name="Pet", contentType="application/json", schema="{}") == "ConflictException"
    assert code(client.delete_model, **here, modelName="Pet") == "ConflictException"
    client.delete_model(**here, modelName="Pets")
    made.route("POST /pets", mock(), requestModels={"application/json": "Pet"})
    assert code(client.delete_model, **here, modelName="Pet") == "ConflictException"
    client.delete_method(**here, resourceId=made.resource("/pets"), httpMethod="POST")
    client.delete_model(**here, modelName="Pet")
    assert code(client.get_model, **here, modelName="Pet") == "NotFoundException"


def test_request_validators(client, here):
    validator = client.create_request_validator(**here, name="body", validateRequestBody=True)
    at = {**here, "requestValidatorId": validator["id"]}
    expected = {"id": validator["id"], "name": "body", "validateRequestBody": True, "validateRequestParameters": False}
    assert without_metadata(client.get_request_validator(**at)) == expected
    assert client.get_request_validators(**here)["items"] == [expected]
    patched = client.update_request_validator(**at, patchOperations=[replace("/validateRequestParameters", "true")])
    assert patched["validateRequestParameters"] is True
    client.delete_request_validator(**at)
    assert code(client.delete_request_validator, **at) == "NotFoundException"


def test_authorizers_of_every_type(made, client, here):
    uri = invoke_uri("decide")
    token = client.create_authorizer(**here, name="token", type="TOKEN", authorizerUri=uri,
                                     identitySource="method.request.header.Auth")
    assert without_metadata(token) == {"id": token["id"], "name": "token", "type": "TOKEN", "authType": "custom",
                                       "authorizerUri": uri, "identitySource": "method.request.header.Auth"}
    request = client.create_authorizer(**here, name="request", type="REQUEST", authorizerUri=uri, authorizerResultTtlInSeconds=0)
    assert request["authorizerResultTtlInSeconds"] == 0
    pool = "arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_abc"
    cognito = client.create_authorizer(**here, name="pool", type="COGNITO_USER_POOLS", providerARNs=[pool],
                                       identitySource="method.request.header.Authorization")
    assert cognito["providerARNs"] == [pool]
    assert {one["name"] for one in client.get_authorizers(**here)["items"]} == {"token", "request", "pool"}

    at = {**here, "authorizerId": cognito["id"]}
    patched = client.update_authorizer(**at, patchOperations=[
        {"op": "add", "path": "/providerARNs", "value": pool + "d"}, replace("/authorizerResultTtlInSeconds", "60")])
    assert (patched["providerARNs"], patched["authorizerResultTtlInSeconds"]) == ([pool, pool + "d"], 60)
    made.route("GET /pets", mock(), authorizationType="COGNITO_USER_POOLS", authorizerId=cognito["id"])
    assert code(client.delete_authorizer, **at) == "ConflictException"
    client.delete_method(**here, resourceId=made.resource("/pets"), httpMethod="GET")
    client.delete_authorizer(**at)
    assert code(client.get_authorizer, **at) == "NotFoundException"


def test_gateway_responses_are_there_before_they_are_set_and_after_they_are_deleted(client, here):
    def types():
        return {one["responseType"]: one for one in client.get_gateway_responses(**here)["items"]}

    before = types()
    assert len(before) == 21 and all(one["defaultResponse"] for one in before.values())
    assert before["THROTTLED"]["statusCode"] == "429" and "statusCode" not in before["DEFAULT_4XX"]
    client.put_gateway_response(**here, responseType="DEFAULT_4XX",
                                responseParameters={"gatewayresponse.header.Access-Control-Allow-Origin": "'*'"})
    patched = client.update_gateway_response(**here, responseType="UNAUTHORIZED", patchOperations=[
        replace("/statusCode", "418"), {"op": "add", "path": "/responseTemplates/text~1plain", "value": "no"}])
    assert (patched["statusCode"], patched["defaultResponse"]) == ("418", False)
    assert set(patched["responseTemplates"]) == {"application/json", "text/plain"}
    after = types()
    assert after["THROTTLED"]["responseParameters"] == {"gatewayresponse.header.Access-Control-Allow-Origin": "'*'"}
    assert after["THROTTLED"]["defaultResponse"] is True and after["THROTTLED"]["statusCode"] == "429"
    for kind in ("DEFAULT_4XX", "UNAUTHORIZED"):
        client.delete_gateway_response(**here, responseType=kind)
    assert types() == before
    assert code(client.delete_gateway_response, **here, responseType="THROTTLED") == "NotFoundException"


def test_documentation_parts_and_versions_and_the_stage_that_names_one(made, client, here):
    def write(location, **properties):
        return client.create_documentation_part(**here, location=location, properties=json.dumps(properties))

    whole = write({"type": "API"}, description="Pets")
    method = write({"type": "METHOD", "path": "/pets", "method": "GET"}, description="Lists pets")
    assert code(client.create_documentation_part, **here, location={"type": "API"}, properties="{}") == "ConflictException"
    for filtered, expected in [
        ({"type": "API"}, [whole["id"]]),
        ({"path": "/pets"}, [method["id"]]),
        ({"nameQuery": "none"}, []),
        ({"locationStatus": "UNDOCUMENTED"}, []),
    ]:
        assert [one["id"] for one in client.get_documentation_parts(**here, **filtered)["items"]] == expected, filtered
    at = {**here, "documentationPartId": whole["id"]}
    client.update_documentation_part(**at, patchOperations=[replace("/properties", '{"description": "All pets"}')])
    assert json.loads(client.get_documentation_part(**at)["properties"]) == {"description": "All pets"}

    made.route("GET /pets", mock())
    made.deploy()
    version = client.create_documentation_version(**here, documentationVersion="1", stageName="test", description="first")
    assert version["version"] == "1" and version["createdDate"].year > 2020
    assert client.get_stage(**here, stageName="test")["documentationVersion"] == "1"
    assert code(client.delete_documentation_version, **here, documentationVersion="1") == "ConflictException"
    assert [one["version"] for one in client.get_documentation_versions(**here)["items"]] == ["1"]
    described = client.update_documentation_version(**here, documentationVersion="1", patchOperations=[replace("/description", "d")])
    assert described["description"] == "d"
    client.delete_stage(**here, stageName="test")
    client.delete_documentation_version(**here, documentationVersion="1")
    assert code(client.get_documentation_version, **here, documentationVersion="1") == "NotFoundException"
    client.delete_documentation_part(**at)
    assert code(client.get_documentation_part, **at) == "NotFoundException"


def test_caches_are_flushed_and_the_stage_answers_on(made, client, here):
    made.route("GET /pets", mock())
    made.deploy()
    before = without_metadata(client.get_stage(**here, stageName="test"))
    for flush in (client.flush_stage_cache, client.flush_stage_authorizers_cache):
        assert flush(**here, stageName="test")["ResponseMetadata"]["HTTPStatusCode"] == 202
        assert code(flush, **here, stageName="none") == "NotFoundException"
    assert without_metadata(client.get_stage(**here, stageName="test")) == before
    made.settled(lambda: made.send("/pets").status == 200)


def test_sdk_types_are_told_and_no_sdk_is_made(made, client, here):
    types = {one["id"]: one for one in client.get_sdk_types()["items"]}
    assert set(types) == {"android", "java", "javascript", "objectivec", "ruby", "swift"}
    java = without_metadata(client.get_sdk_type(id="java"))
    assert java == types["java"]
    assert {one["name"] for one in java["configurationProperties"] if one["required"]} == {"service.name", "java.package-name"}
    made.route("GET /pets", mock())
    made.deploy()
    assert code(client.get_sdk, **here, stageName="test", sdkType="javascript") == "BadRequestException"


def test_an_api_with_all_of_it_is_deployed_answers_and_goes(made, client, here):
    client.create_model(**here, name="Pet", contentType="application/json", schema='{"type": "object"}')
    validator = client.create_request_validator(**here, name="all", validateRequestBody=True)
    client.put_gateway_response(**here, responseType="THROTTLED", statusCode="430")
    client.create_documentation_part(**here, location={"type": "API"}, properties='{"a": "b"}')
    made.route("GET /pets", mock(), requestModels={"application/json": "Pet"}, requestValidatorId=validator["id"])
    made.deploy()
    made.settled(lambda: made.send("/pets").status == 200)
    clone = client.create_rest_api(name="clone", cloneFrom=made.id)["id"]
    assert [one["name"] for one in client.get_models(restApiId=clone)["items"]] == ["Empty", "Error", "Pet"]
    copied = client.get_request_validators(restApiId=clone)["items"]
    assert [one["name"] for one in copied] == ["all"] and copied[0]["id"] != validator["id"]
    for api in (made.id, clone):
        client.delete_rest_api(restApiId=api)
        assert code(client.get_models, restApiId=api) == "NotFoundException"
