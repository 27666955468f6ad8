"""What the management APIs refuse, as clients meet it: exceptions of boto3 with AWS's words, and nothing changed by them."""

import json

import pytest
from botocore.exceptions import ClientError

import apis
from apis import mock
from products import ACCOUNT, REGION

CERTIFICATE = f"arn:aws:acm:{REGION}:{ACCOUNT}:certificate/11111111-1111-1111-1111-111111111111"


@pytest.fixture(params=["postern", "on_dynamodb"], ids=["embedded", "dynamodb"])
def product(request):
    return request.getfixturevalue(request.param)


def refusal(operation, **arguments):
    """The exception's name and its message."""
    with pytest.raises(ClientError) as refused:
        operation(**arguments)
    error = refused.value.response["Error"]
    return error["Code"], error["Message"]


@pytest.fixture
def domain(product):
    """A domain name of its own."""
    client = product.client()
    name = f"d{product.client().create_api_key()['id']}.example.com"
    client.create_domain_name(domainName=name, regionalCertificateArn=CERTIFICATE, endpointConfiguration={"types": ["REGIONAL"]})
    yield name
    client.delete_domain_name(domainName=name)


def test_a_stage_to_which_a_domain_name_leads_stays(product, domain):
    rest, routes = apis.Api(product, {"GET /": mock()}), apis.Routes(product, stage="live")
    words = f"failed. Please remove all base path mappings related to the stage in your domains: {domain}"
    rest.deploy("other")
    rest.client.create_base_path_mapping(domainName=domain, restApiId=rest.id, basePath="rest", stage="test")
    mapping = routes.client.create_api_mapping(DomainName=domain, ApiId=routes.id, ApiMappingKey="routes", Stage="live")
    assert refusal(rest.client.delete_stage, restApiId=rest.id, stageName="test") == (
        "BadRequestException", f"Deleting stage test {words}")
    assert refusal(routes.client.delete_stage, ApiId=routes.id, StageName="live") == (
        "BadRequestException", f"Deleting stage live {words}")
    rest.client.delete_stage(restApiId=rest.id, stageName="other")
    rest.client.delete_base_path_mapping(domainName=domain, basePath="rest")
    routes.client.delete_api_mapping(DomainName=domain, ApiMappingId=mapping["ApiMappingId"])
    rest.client.delete_stage(restApiId=rest.id, stageName="test")
    routes.client.delete_stage(ApiId=routes.id, StageName="live")


def test_what_a_method_uses_stays(product):
    api = apis.Api(product)
    here = {"restApiId": api.id}
    at = {**here, "resourceId": api.resources["/"], "httpMethod": "GET"}
    validator = api.client.create_request_validator(**here, name="all")["id"]
    authorizer = api.client.create_authorizer(**here, name="guard", type="TOKEN", authorizerUri=apis.invoke_uri("guard"),
                                              identitySource="method.request.header.A")["id"]
    api.client.create_model(**here, name="Pet", contentType="application/json", schema='{"type": "object"}')
    api.client.put_method(**at, authorizationType="CUSTOM", authorizerId=authorizer, requestValidatorId=validator,
                          requestModels={"application/json": "Pet"})
    deletions = [
        (api.client.delete_request_validator, {"requestValidatorId": validator}, f"Cannot delete Request Validator '{validator}'"),
        (api.client.delete_authorizer, {"authorizerId": authorizer}, f"Cannot delete authorizer '{authorizer}'"),
        (api.client.delete_model, {"modelName": "Pet"}, "Cannot delete model 'Pet'"),
    ]
    for delete, what, words in deletions:
        code, message = refusal(delete, **here, **what)
        assert code == "ConflictException" and message.startswith(f"{words}, is referenced in method") and "//GET" in message
    api.client.delete_method(**at)
    for delete, what, _ in deletions:
        delete(**here, **what)


@pytest.mark.parametrize("expression, wrong", [("^Bearer (.*", "at character 11"), ("[a-", "at character 3"), ("*", "at character 0")])
def test_an_expression_that_is_none_is_named_when_it_is_given(postern, expression, wrong):
    api = apis.Api(postern)
    authorizer = {"name": "guard", "type": "TOKEN", "authorizerUri": apis.invoke_uri("guard"),
                  "identitySource": "method.request.header.A"}
    made = api.client.create_authorizer(restApiId=api.id, **authorizer)["id"]
    document = {"openapi": "3.0.1", "info": {"title": "t", "version": "1"}, "paths": {}, "components": {"securitySchemes": {
        "guard": {"type": "apiKey", "name": "A", "in": "header", "x-amazon-apigateway-authtype": "custom",
                  "x-amazon-apigateway-authorizer": {"type": "token", "authorizerUri": apis.invoke_uri("guard"),
                                                     "identityValidationExpression": expression}}}}}
    for operation, arguments in [
        (api.client.create_authorizer, {"restApiId": api.id, **authorizer, "name": "two", "identityValidationExpression": expression}),
        (api.client.update_authorizer, {"restApiId": api.id, "authorizerId": made, "patchOperations": [
            {"op": "replace", "path": "/identityValidationExpression", "value": expression}]}),
        (api.client.import_rest_api, {"body": json.dumps(document)}),
    ]:
        code, message = refusal(operation, **arguments)
        assert code == "BadRequestException"
        assert f"Invalid identity validation expression specified: {expression} is no regular expression: it has " in message
        assert message.endswith(wrong), message
    assert [one["id"] for one in api.client.get_authorizers(restApiId=api.id)["items"]] == [made]


def test_an_authorizer_takes_fifty_audiences_and_a_route_ten_scopes(postern):
    api = apis.Routes(postern)

    def authorizer(audiences):
        return {"ApiId": api.id, "Name": f"of {audiences}", "AuthorizerType": "JWT", "IdentitySource": ["$request.header.Authorization"],
                "JwtConfiguration": {"Issuer": "https://issuer.example", "Audience": [f"a{number}" for number in range(audiences)]}}

    def route(scopes):
        return {"ApiId": api.id, "RouteKey": f"GET /{scopes}", "AuthorizationType": "JWT", "AuthorizerId": made,
                "AuthorizationScopes": [f"s{number}" for number in range(scopes)]}

    made = api.client.create_authorizer(**authorizer(50))["AuthorizerId"]
    api.client.create_route(**route(10))
    for operation, arguments, things in [(api.client.create_authorizer, authorizer(51), "audiences"),
                                         (api.client.create_route, route(11), "authorization scopes")]:
        code, message = refusal(operation, **arguments)
        assert code == "TooManyRequestsException" and message.startswith(f"Maximum number of {things} for this ")


def test_automatic_deployments_can_be_gone_back_to(postern, backend):
    """Those of the last hour are all there: whoever makes many changes at once loses none that a gateway may be answering by."""
    api = apis.Routes(postern, {"GET /": backend.url})
    for number in range(25):
        api.client.update_api(ApiId=api.id, Description=str(number))
    there = api.client.get_deployments(ApiId=api.id, MaxResults="500")["Items"]
    assert len(there) == 26 and all(one["AutoDeployed"] for one in there)
    oldest = min(there, key=lambda one: one["CreatedDate"])["DeploymentId"]
    api.client.update_stage(ApiId=api.id, StageName="$default", AutoDeploy=False, DeploymentId=oldest)
    assert api.client.get_stage(ApiId=api.id, StageName="$default")["DeploymentId"] == oldest


def test_an_http_api_is_told_apart_from_a_rest_api_by_how_it_refuses_what_is_too_long(postern, backend):
    rest, routes = apis.Api(postern, {"GET /": mock()}), apis.Routes(postern, {"$default": backend.url})
    long = [("x-long", "x" * 10_240)]
    refused = rest.send("/", headers=long)
    assert refused.status == 431 and refused.header("x-amzn-errortype") == "RequestHeaderFieldsTooLargeException"
    assert rest.send("/?" + "q" * 10_240).status == 414
    for answer in (routes.send("/", headers=long), routes.send("/?" + "q" * 10_240),
                   routes.send("/?" + "q" * 6_000, headers=[("x-long", "x" * 6_000)])):
        assert answer.status == 431 and answer.json() == {"message": "Request Header Fields Too Large"}
        assert answer.header("apigw-requestid")
        assert not any(answer.all(name) for name in ("x-amzn-errortype", "x-amzn-requestid", "x-amz-apigw-id"))
