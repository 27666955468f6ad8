"""Every operation of apigatewayv2 that is not about developer portals, as an unmodified boto3 client knows it."""

import json
import re
import uuid

import boto3
import botocore.config
import botocore.exceptions
import botocore.session
import pytest

from products import ACCOUNT, ENVIRONMENT, REGION, ROOT

MODEL = botocore.session.get_session().get_service_model("apigatewayv2")
PORTALS = {name for name in MODEL.operation_names if "Portal" in name or "Product" in name}
OPERATIONS = set(MODEL.operation_names) - PORTALS
UNKNOWN = "MissingAuthenticationTokenException"
LAMBDA = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:pets"
CERTIFICATE = f"arn:aws:acm:{REGION}:{ACCOUNT}:certificate/11111111-1111-1111-1111-111111111111"
# A value for each member that is more than a word.
WORDS = {"Specification": "OAS30", "OutputType": "JSON", "ResourceArn": f"arn:aws:apigateway:{REGION}::/apis/nosuchapi0"}


@pytest.fixture(params=["postern", "on_dynamodb"], ids=["embedded", "dynamodb"])
def product(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def client(product):
    return boto3.client(
        "apigatewayv2", endpoint_url=product.endpoint, region_name=REGION,
        aws_access_key_id=ENVIRONMENT["AWS_ACCESS_KEY_ID"], aws_secret_access_key=ENVIRONMENT["AWS_SECRET_ACCESS_KEY"],
        config=botocore.config.Config(retries={"max_attempts": 0}))


def unique(name):
    return f"{name}-{uuid.uuid4().hex[:8]}"


def least(shape):
    """The least that botocore lets one send for a shape."""
    if shape.type_name == "structure":
        return {name: WORDS.get(name, least(shape.members[name])) for name in shape.required_members}
    return {"list": [], "map": {}, "boolean": False, "integer": 1, "double": 1.0, "blob": b"{}"}.get(
        shape.type_name, shape.enum[0] if getattr(shape, "enum", None) else "nosuch")


def test_every_operation_is_known(client):
    strange = {}
    for operation in OPERATIONS:
        arguments = least(MODEL.operation_model(operation).input_shape)
        try:
            getattr(client, botocore.xform_name(operation))(**arguments)
        except botocore.exceptions.ClientError as error:
            code = error.response["Error"]["Code"]
            if code not in {"NotFoundException", "BadRequestException"}:
                strange[operation] = code
    assert strange == {}


def test_portals_are_not_known(client):
    with pytest.raises(botocore.exceptions.ClientError) as error:
        client.list_portals()
    assert error.value.response["Error"]["Code"] == UNKNOWN


def test_the_readme_names_every_operation():
    section = (ROOT / "README.md").read_text().split("## What of the management API of HTTP and WebSocket APIs works\n")[1]
    rows = re.findall(r"^\| (?!---)(.*) \|$", section.split("\n## ")[0], re.MULTILINE)[1:]
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row.split(" | ")[1])}
    assert named == OPERATIONS


# --- an HTTP API from the first call to the last ---

def test_an_http_api_lives(client):
    api = client.create_api(Name=unique("http"), ProtocolType="HTTP", Tags={"team": "pets"},
                            CorsConfiguration={"AllowOrigins": ["https://a.example"], "AllowMethods": ["GET"]})
    assert api["ApiEndpoint"].endswith(f"{api['ApiId']}.execute-api.{REGION}.amazonaws.com")
    assert api["CreatedDate"].tzinfo
    here = {"ApiId": api["ApiId"]}

    integration = client.create_integration(**here, IntegrationType="AWS_PROXY", IntegrationUri=LAMBDA, PayloadFormatVersion="2.0")
    assert (integration["IntegrationMethod"], integration["TimeoutInMillis"], integration["ConnectionType"]) == ("POST", 30000, "INTERNET")
    target = f"integrations/{integration['IntegrationId']}"
    jwt = client.create_authorizer(**here, Name="jwt", AuthorizerType="JWT", IdentitySource=["$request.header.Authorization"],
                                   JwtConfiguration={"Audience": ["a"], "Issuer": "https://issuer.example"})
    route = client.create_route(**here, RouteKey="GET /pets/{id}", Target=target, AuthorizationType="JWT",
                                AuthorizerId=jwt["AuthorizerId"], AuthorizationScopes=["read"])
    with pytest.raises(client.exceptions.ConflictException, match="Route with key GET /pets/{id} already exists for this API"):
        client.create_route(**here, RouteKey="GET /pets/{id}")
    with pytest.raises(client.exceptions.NotFoundException, match="Invalid API identifier specified"):
        client.get_routes(ApiId="nosuchapi0")

    stage = client.create_stage(**here, StageName="live", AutoDeploy=True, StageVariables={"color": "green"},
                                RouteSettings={"GET /pets/{id}": {"ThrottlingRateLimit": 5.5, "ThrottlingBurstLimit": 2}})
    assert stage["LastDeploymentStatusMessage"] == f"Successfully deployed stage with deployment ID '{stage['DeploymentId']}'"
    updated = client.update_route(**here, RouteId=route["RouteId"], AuthorizationType="NONE")
    assert updated["AuthorizationType"] == "NONE" and "AuthorizerId" not in updated
    after = client.get_stage(**here, StageName="live")
    assert after["DeploymentId"] != stage["DeploymentId"]
    deployment = client.get_deployment(**here, DeploymentId=after["DeploymentId"])
    assert deployment["AutoDeployed"] is True
    assert deployment["Description"] == "Automatic deployment triggered by changes to the Api configuration"
    with pytest.raises(client.exceptions.BadRequestException, match="AutoDeploy"):
        client.update_stage(**here, StageName="live", DeploymentId=stage["DeploymentId"])

    client.delete_route_settings(**here, StageName="live", RouteKey="GET /pets/{id}")
    with pytest.raises(client.exceptions.NotFoundException, match="Unable to find Route by key GET /pets/{id} within the provided RouteSettings"):
        client.delete_route_settings(**here, StageName="live", RouteKey="GET /pets/{id}")
    client.reset_authorizers_cache(**here, StageName="live")
    arn = f"arn:aws:apigateway:{REGION}::/apis/{api['ApiId']}"
    client.tag_resource(ResourceArn=arn, Tags={"stage": "none"})
    client.untag_resource(ResourceArn=arn, TagKeys=["team"])
    assert client.get_tags(ResourceArn=arn)["Tags"] == {"stage": "none"}
    client.delete_cors_configuration(**here)
    assert "CorsConfiguration" not in client.get_api(**here)

    with pytest.raises(client.exceptions.ConflictException):
        client.delete_integration(**here, IntegrationId=integration["IntegrationId"])
    client.delete_route(**here, RouteId=route["RouteId"])
    client.delete_integration(**here, IntegrationId=integration["IntegrationId"])
    # Nothing is left to deploy, which the stage says; what was deployed stays.
    last = client.get_stage(**here, StageName="live")
    assert last["LastDeploymentStatusMessage"] == "Deployment attempt failed: Unable to deploy API because no routes exist in this API"
    client.delete_api(**here)
    with pytest.raises(client.exceptions.NotFoundException):
        client.get_api(**here)


def test_quick_create_makes_an_api_that_is_deployed(client):
    api = client.create_api(Name=unique("quick"), ProtocolType="HTTP", Target="https://backend.example", RouteKey="ANY /{proxy+}")
    here = {"ApiId": api["ApiId"]}
    [integration] = client.get_integrations(**here)["Items"]
    [route] = client.get_routes(**here)["Items"]
    [stage] = client.get_stages(**here)["Items"]
    assert (integration["IntegrationType"], integration["IntegrationUri"]) == ("HTTP_PROXY", "https://backend.example")
    assert (route["RouteKey"], route["Target"]) == ("ANY /{proxy+}", f"integrations/{integration['IntegrationId']}")
    assert (stage["StageName"], stage["AutoDeploy"]) == ("$default", True) and stage["DeploymentId"]
    assert all(made["ApiGatewayManaged"] for made in (integration, route, stage))
    client.update_api(**here, Target=LAMBDA)
    assert client.get_integrations(**here)["Items"][0]["IntegrationType"] == "AWS_PROXY"
    client.delete_api(**here)


def test_a_websocket_api_lives(client):
    api = client.create_api(Name=unique("chat"), ProtocolType="WEBSOCKET", RouteSelectionExpression="$request.body.action")
    assert api["ApiEndpoint"].startswith("wss://")
    here = {"ApiId": api["ApiId"]}
    model = client.create_model(**here, Name="Message", Schema=json.dumps({"type": "object"}), ContentType="application/json")
    assert client.get_model_template(**here, ModelId=model["ModelId"])["Value"]
    mock = client.create_integration(**here, IntegrationType="MOCK", RequestTemplates={"200": '{"statusCode": 200}'})
    assert (mock["TimeoutInMillis"], mock["PassthroughBehavior"]) == (29000, "WHEN_NO_MATCH")
    of = {**here, "IntegrationId": mock["IntegrationId"]}
    response = client.create_integration_response(**of, IntegrationResponseKey="$default")
    client.update_integration_response(**of, IntegrationResponseId=response["IntegrationResponseId"], ResponseTemplates={"a": "{}"})
    connect = client.create_route(**here, RouteKey="$connect", Target=f"integrations/{mock['IntegrationId']}",
                                  RequestParameters={"route.request.querystring.q": {"Required": True}})
    client.delete_route_request_parameter(**here, RouteId=connect["RouteId"], RequestParameterKey="route.request.querystring.q")
    assert "RequestParameters" not in client.get_route(**here, RouteId=connect["RouteId"])
    answer = client.create_route_response(**here, RouteId=connect["RouteId"], RouteResponseKey="$default")
    client.delete_route_response(**here, RouteId=connect["RouteId"], RouteResponseId=answer["RouteResponseId"])
    deployment = client.create_deployment(**here, Description="first")
    client.create_stage(**here, StageName="prod", DeploymentId=deployment["DeploymentId"])
    with pytest.raises(client.exceptions.BadRequestException, match="Active stages pointing to this deployment must be moved or deleted"):
        client.delete_deployment(**here, DeploymentId=deployment["DeploymentId"])
    client.delete_api(**here)


# --- what belongs to the account ---

def test_a_domain_name_is_one_thing_in_both_apis(client, product):
    api = client.create_api(Name=unique("mapped"), ProtocolType="HTTP", Target="https://backend.example")
    name = f"{unique('d')}.example.com"
    client.create_domain_name(DomainName=name, DomainNameConfigurations=[{"CertificateArn": CERTIFICATE, "EndpointType": "REGIONAL"}])
    mapping = client.create_api_mapping(DomainName=name, ApiId=api["ApiId"], Stage="$default", ApiMappingKey="orders/v1")
    older = product.client()
    assert older.get_domain_name(domainName=name)["regionalDomainName"] == \
        client.get_domain_name(DomainName=name)["DomainNameConfigurations"][0]["ApiGatewayDomainName"]
    assert older.get_base_path_mappings(domainName=name)["items"] == [
        {"basePath": "orders/v1", "restApiId": api["ApiId"], "stage": "$default"}]
    with pytest.raises(client.exceptions.ConflictException):
        client.create_api_mapping(DomainName=name, ApiId=api["ApiId"], Stage="$default", ApiMappingKey="orders/v1")
    client.update_api_mapping(DomainName=name, ApiId=api["ApiId"], ApiMappingId=mapping["ApiMappingId"], ApiMappingKey="orders/v2")
    [found] = client.get_api_mappings(DomainName=name)["Items"]
    assert (found["ApiMappingKey"], found["ApiMappingId"]) == ("orders/v2", mapping["ApiMappingId"])

    action = [{"InvokeApi": {"ApiId": api["ApiId"], "Stage": "$default", "StripBasePath": True}}]
    rule = client.create_routing_rule(DomainName=name, Priority=20, Actions=action, Conditions=[
        {"MatchHeaders": {"AnyOf": [{"Header": "Pet", "ValueGlob": "Dog-*"}]}}, {"MatchBasePaths": {"AnyOf": ["shop"]}}])
    client.create_routing_rule(DomainName=name, Priority=10, Actions=action, Conditions=[])
    assert [one["Priority"] for one in client.list_routing_rules(DomainName=name)["RoutingRules"]] == [10, 20]
    client.put_routing_rule(DomainName=name, RoutingRuleId=rule["RoutingRuleId"], Priority=5, Actions=action, Conditions=[])
    assert client.get_routing_rule(DomainName=name, RoutingRuleId=rule["RoutingRuleId"])["Priority"] == 5

    with pytest.raises(client.exceptions.ClientError, match="Please remove all base path mappings"):
        client.delete_api(ApiId=api["ApiId"])
    client.delete_domain_name(DomainName=name)
    client.delete_api(ApiId=api["ApiId"])


def test_a_vpc_link_is_kept_while_an_integration_uses_it(client):
    link = client.create_vpc_link(Name=unique("link"), SubnetIds=["subnet-1"], SecurityGroupIds=["sg-1"])
    assert client.get_vpc_link(VpcLinkId=link["VpcLinkId"])["VpcLinkStatus"] == "AVAILABLE"
    api = client.create_api(Name=unique("private"), ProtocolType="HTTP")
    client.create_integration(
        ApiId=api["ApiId"], IntegrationType="HTTP_PROXY", IntegrationMethod="ANY", ConnectionType="VPC_LINK", ConnectionId=link["VpcLinkId"],
        IntegrationUri=f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:listener/app/lb/1/2", PayloadFormatVersion="1.0")
    with pytest.raises(client.exceptions.ClientError, match="is referenced in"):
        client.delete_vpc_link(VpcLinkId=link["VpcLinkId"])
    client.delete_api(ApiId=api["ApiId"])
    client.delete_vpc_link(VpcLinkId=link["VpcLinkId"])


# --- lists ---

def test_lists_are_walked_whole(client):
    api = client.create_api(Name=unique("pages"), ProtocolType="HTTP")
    here = {"ApiId": api["ApiId"]}
    keys = {f"GET /{number}" for number in range(5)}
    for key in keys:
        client.create_route(**here, RouteKey=key)
    pages = list(client.get_paginator("get_routes").paginate(**here, PaginationConfig={"PageSize": 2}))
    assert [len(page["Items"]) for page in pages] == [2, 2, 1]
    assert {route["RouteKey"] for page in pages for route in page["Items"]} == keys
    with pytest.raises(client.exceptions.BadRequestException):
        client.get_routes(**here, NextToken="%")
    client.delete_api(**here)


# --- OpenAPI ---

DOCUMENT = {
    "openapi": "3.0.1",
    "info": {"title": "petstore", "version": "v1"},
    "tags": [{"name": "team", "x-amazon-apigateway-tag-value": "pets"}],
    "paths": {
        "/pets": {"get": {"responses": {"200": {"description": "ok"}}, "security": [{"jwt": ["read"]}], "x-amazon-apigateway-integration": {
            "$ref": "#/components/x-amazon-apigateway-integrations/pets"}}},
        "/pets/{id}": {"x-amazon-apigateway-any-method": {"x-amazon-apigateway-integration": {
            "$ref": "#/components/x-amazon-apigateway-integrations/pets"}}},
        "/$default": {"x-amazon-apigateway-any-method": {"isDefaultRoute": True, "x-amazon-apigateway-integration": {
            "type": "http_proxy", "httpMethod": "ANY", "uri": "https://backend.example", "payloadFormatVersion": "1.0",
            "responseParameters": {"500": {"overwrite:statuscode": "503"}}}}},
    },
    "components": {
        "securitySchemes": {"jwt": {"type": "oauth2", "x-amazon-apigateway-authorizer": {
            "type": "jwt", "identitySource": "$request.header.Authorization",
            "jwtConfiguration": {"issuer": "https://issuer.example", "audience": ["a"]}}}},
        "x-amazon-apigateway-integrations": {"pets": {
            "type": "aws_proxy", "httpMethod": "POST", "uri": LAMBDA, "payloadFormatVersion": "2.0"}},
    },
    "x-amazon-apigateway-cors": {"allowOrigins": ["https://a.example"], "maxAge": 60},
}


@pytest.mark.parametrize("form", ["JSON", "YAML"])
def test_what_is_exported_is_imported_as_the_same_api(client, form):
    first = client.import_api(Body=json.dumps(DOCUMENT), FailOnWarnings=True)
    assert (first["Name"], first["Tags"], first["CorsConfiguration"]["MaxAge"]) == ("petstore", {"team": "pets"}, 60)
    exported = client.export_api(ApiId=first["ApiId"], Specification="OAS30", OutputType=form)["body"].read().decode()
    second = client.import_api(Body=exported, FailOnWarnings=True)

    def contents(api):
        uris = {i["IntegrationId"]: (i["IntegrationUri"], i.get("ResponseParameters")) for i in client.get_integrations(ApiId=api)["Items"]}
        names = {a["AuthorizerId"]: a["Name"] for a in client.get_authorizers(ApiId=api)["Items"]}
        return sorted((r["RouteKey"], str(uris[r["Target"].split("/")[1]]), names.get(r.get("AuthorizerId")), r.get("AuthorizationScopes"))
                      for r in client.get_routes(ApiId=api)["Items"])

    assert contents(first["ApiId"]) == contents(second["ApiId"])
    assert [key for key, *_ in contents(first["ApiId"])] == ["$default", "ANY /pets/{id}", "GET /pets"]
    again = client.reimport_api(ApiId=first["ApiId"], Body=json.dumps({
        "openapi": "3.0.1", "info": {"title": "again", "version": "v2"}, "paths": {}}))
    assert (again["ApiId"], again["Name"]) == (first["ApiId"], "again")
    assert client.get_routes(ApiId=first["ApiId"])["Items"] == []
    for api in (first, second):
        client.delete_api(ApiId=api["ApiId"])


def test_what_cannot_be_imported_is_told(client):
    with pytest.raises(client.exceptions.BadRequestException, match="Only OpenAPI 3.x.x are currently supported"):
        client.import_api(Body='{"swagger": "2.0", "info": {"title": "x", "version": "1"}, "paths": {}}')
    mocked = json.dumps({"openapi": "3.0.1", "info": {"title": "x", "version": "1"}, "servers": [{"url": "https://a.example/v1"}], "paths": {
        "/a": {"get": {"x-amazon-apigateway-integration": {"type": "mock"}}}}})
    with pytest.raises(client.exceptions.BadRequestException, match="Warnings found during import:"):
        client.import_api(Body=mocked, FailOnWarnings=True)
    told = client.import_api(Body=mocked)
    # In the service's words alone, and not a word of the address that every exported document has.
    assert told["Warnings"] == [
        "Unable to put integration on 'GET' for resource at path '/a': Currently, an API with a protocol type of HTTP may only be "
        "associated with proxy integrations (AWS_PROXY, HTTP_PROXY)"]
    client.delete_api(ApiId=told["ApiId"])
