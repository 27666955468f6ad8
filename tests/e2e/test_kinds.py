"""The README's table of what each kind of API has: every cell is tried, and must say what was found."""

import json
import re
import socket
import types
import uuid

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import botocore.exceptions
import pytest
import websockets
import websockets.sync.client

from apis import Api, Routes, aws_proxy, function_arn, http_proxy, invoke_uri, mock
from issuer import Issuers
from products import ENVIRONMENT, REGION, ROOT

README = (ROOT / "README.md").read_text()
SECTION = README[README.index("## Which kind of API has what"):]
SECTION = SECTION[:SECTION.index("\n## ", 3)]
ROWS = [[cell.strip() for cell in line.strip("| ").split("|")] for line in SECTION.splitlines() if line.startswith("| ")]
TOLD = {row[0]: row[1:] for row in ROWS if row[0] not in ("what", "---")}

TEMPLATE = '{"of": "$context.stage"}'
MADE = '{"of": "dev"}'
SAID = '{"action": "x"}'
REFUSED = (401, 403)
STRICT = json.dumps({"$schema": "http://json-schema.org/draft-04/schema#", "type": "object", "required": ["n"]})
CERTIFICATE = f"arn:aws:acm:{REGION}:123456789012:certificate/11111111-2222-3333-4444-555555555555"


@pytest.fixture(scope="module")
def world(postern, backend, lambdas):
    issuers = Issuers()
    allowed = {"principalId": "me", "policyDocument": {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "*"}]}}
    issuer = {"issuers": [{"issuer": issuers.issuer("kinds"), "audiences": ["a"]}], "defaultAlgorithms": ["RS256"]}
    yield types.SimpleNamespace(
        postern=postern, backend=backend, function=lambdas.function({"statusCode": 200, "body": "from a function"}),
        guard=lambdas.function(allowed), issuer=issuer, token=issuers.token("kinds", aud="a"))
    issuers.close()


def signed(method, url):
    request = botocore.awsrequest.AWSRequest(method, url, data=SAID if method == "POST" else None)
    own = botocore.credentials.Credentials(ENVIRONMENT["AWS_ACCESS_KEY_ID"], ENVIRONMENT["AWS_SECRET_ACCESS_KEY"])
    botocore.auth.SigV4Auth(own, "execute-api", REGION).add_auth(request)
    return list(request.headers.items())


class Rest:
    """A REST API of one method."""

    method, path = "POST", "/x"

    def __init__(self, world):
        self.world, self.api = world, Api(world.postern, stage="dev")
        self.client, self.id = self.api.client, self.api.id

    def made(self, answer, **method):
        integration = {
            "function": aws_proxy(self.world.function),
            "http": http_proxy(self.world.backend.url + "/${stageVariables.where}"),
            "mock": {**mock(), "response": {"responseTemplates": {"application/json": TEMPLATE}}},
        }[answer]
        self.api.route("POST /x", integration, **method)
        self.api.deploy()
        return self

    def guarded(self, by):
        kind = {"function": "CUSTOM", "issuer": "JWT"}.get(by)
        source = {"identitySource": "method.request.header.Authorization", "name": "guard"}
        guard = {"function": {"type": "REQUEST", "authorizerUri": invoke_uri(self.world.guard)},
                 "issuer": {"type": "JWT", "jwtConfiguration": self.world.issuer}}.get(by)
        if guard:
            made = self.client.create_authorizer(restApiId=self.id, **source, **guard)
            return self.made("function", authorizationType=kind, authorizerId=made["id"])
        return self.made("function", **({"authorizationType": "AWS_IAM"} if by == "iam" else {"apiKeyRequired": True}))

    def ask(self, headers=(), host=None, path=None):
        host = host or f"{self.id}.execute-api.localhost:{self.world.postern.port}"
        headers = [("Host", host), ("Content-Type", "application/json"), *((n, v) for n, v in headers if n != "Host")]
        path = path or f"/dev{self.path}"
        answer = self.world.postern.send_to(self.id, path, self.method, headers, SAID.encode() if self.method == "POST" else None)
        return answer.status, answer.body.decode()

    def url(self):
        return f"http://{self.id}.execute-api.localhost:{self.world.postern.port}/dev{self.path}"

    def set(self, variables=(), shut=False):
        self.api.patch_stage(*[("replace", f"/variables/{name}", value) for name, value in variables],
                             *[("replace", f"/*/*/throttling/{name}Limit", "0") for name in ("burst", "rate") if shut])

    def patched(self, *operations):
        """By the operation of REST APIs, whichever kind this one is."""
        self.world.postern.client().update_stage(restApiId=self.id, stageName="dev", patchOperations=[
            {"op": "replace", "path": path, "value": value} for path, value in operations])

    def deployment(self):
        return self.client.get_stage(restApiId=self.id, stageName="dev")["deploymentId"]

    def strict(self):
        self.client.create_model(restApiId=self.id, name="Strict", contentType="application/json", schema=STRICT)
        checks = self.client.create_request_validator(restApiId=self.id, name="body", validateRequestBody=True)["id"]
        return self.made("function", requestModels={"application/json": "Strict"}, requestValidatorId=checks)

    def mapped_under(self, name):
        self.client.create_domain_name(domainName=name, regionalCertificateArn=CERTIFICATE, endpointConfiguration={"types": ["REGIONAL"]})
        self.client.create_base_path_mapping(domainName=name, basePath="v1", restApiId=self.id, stage="dev")


class Http(Rest):
    """An HTTP API of one route."""

    protocol = {}
    caller = "$request.header.Authorization"

    def __init__(self, world):
        self.world, self.api = world, Routes(world.postern, stage="dev", **self.protocol)
        self.client, self.id = self.api.client, self.api.id

    def integration(self, answer):
        return {
            "function": {"IntegrationType": "AWS_PROXY", "IntegrationUri": function_arn(self.world.function), "PayloadFormatVersion": "2.0"},
            "http": {"IntegrationType": "HTTP_PROXY", "IntegrationMethod": "POST", "PayloadFormatVersion": "1.0",
                     "IntegrationUri": self.world.backend.url + "/${stageVariables.where}"},
            "mock": {"IntegrationType": "MOCK", "RequestTemplates": {"$default": '{"statusCode": 200}'}},
        }[answer]

    def made(self, answer, **route):
        self.api.route("POST /x", self.integration(answer), **route)
        return self

    def guarded(self, by):
        source = {"ApiId": self.id, "Name": "guard", "IdentitySource": [self.caller]}
        if by == "function":
            made = self.client.create_authorizer(
                **source, AuthorizerType="REQUEST", AuthorizerUri=invoke_uri(self.world.guard), AuthorizerPayloadFormatVersion="2.0")
            return self.made("function", AuthorizationType="CUSTOM", AuthorizerId=made["AuthorizerId"])
        if by == "issuer":
            made = self.client.create_authorizer(**source, AuthorizerType="JWT", JwtConfiguration={
                "Issuer": self.world.issuer["issuers"][0]["issuer"], "Audience": ["a"]})
            return self.made("function", AuthorizationType="JWT", AuthorizerId=made["AuthorizerId"])
        return self.made("function", **({"AuthorizationType": "AWS_IAM"} if by == "iam" else {"ApiKeyRequired": True}))

    def set(self, variables=(), shut=False):
        throttle = {"DefaultRouteSettings": {"ThrottlingBurstLimit": 0, "ThrottlingRateLimit": 0.0}} if shut else {}
        self.client.update_stage(ApiId=self.id, StageName="dev", StageVariables=dict(variables), **throttle)

    def deployment(self):
        return self.client.get_stage(ApiId=self.id, StageName="dev")["DeploymentId"]

    def strict(self):
        self.client.create_model(ApiId=self.id, Name="Strict", ContentType="application/json", Schema=STRICT)
        return self.made("function", RequestModels={"application/json": "Strict"})

    def mapped_under(self, name):
        self.client.create_domain_name(DomainName=name, DomainNameConfigurations=[{"CertificateArn": CERTIFICATE}])
        self.client.create_api_mapping(DomainName=name, ApiId=self.id, Stage="dev", ApiMappingKey="v1")


class WebSocket(Http):
    """A WebSocket API with a route that answers, and one for handshakes where these are guarded."""

    method, path = "GET", ""
    caller = "route.request.header.Authorization"
    protocol = {"ProtocolType": "WEBSOCKET", "RouteSelectionExpression": "$request.body.action"}

    def integration(self, answer):
        integration = super().integration(answer)
        integration.pop("PayloadFormatVersion", None)
        return integration

    def made(self, answer, **route):
        if route:
            self.api.route("$connect", self.integration("function"), **route)
        integration = self.integration(answer)
        made = self.client.create_integration(ApiId=self.id, **integration)["IntegrationId"]
        if answer == "mock":
            self.client.create_integration_response(
                ApiId=self.id, IntegrationId=made, IntegrationResponseKey="$default", ResponseTemplates={"$default": TEMPLATE},
                TemplateSelectionExpression="\\$default")
        made = self.client.create_route(
            ApiId=self.id, RouteKey="x", Target=f"integrations/{made}", RouteResponseSelectionExpression="$default")
        self.client.create_route_response(ApiId=self.id, RouteId=made["RouteId"], RouteResponseKey="$default")
        return self

    def guarded(self, by):
        if by == "function":
            made = self.client.create_authorizer(
                ApiId=self.id, Name="guard", IdentitySource=[self.caller],
                AuthorizerType="REQUEST", AuthorizerUri=invoke_uri(self.world.guard))
            return self.made("function", AuthorizationType="CUSTOM", AuthorizerId=made["AuthorizerId"])
        return super().guarded(by)

    def strict(self):
        self.client.create_model(ApiId=self.id, Name="Strict", ContentType="application/json", Schema=STRICT)
        self.made("function")
        route, = self.client.get_routes(ApiId=self.id)["Items"]
        self.client.update_route(
            ApiId=self.id, RouteId=route["RouteId"], ModelSelectionExpression="any", RequestModels={"$default": "Strict"})
        return self

    def ask(self, headers=(), host=None, path="/dev"):
        host = host or f"{self.id}.execute-api.localhost:{self.world.postern.port}"
        try:
            with websockets.sync.client.connect(
                    f"ws://{host}{path}", additional_headers=[pair for pair in headers if pair[0] != "Host"],
                    sock=socket.create_connection(("127.0.0.1", self.world.postern.port)), compression=None) as client:
                client.send(SAID)
                said = client.recv(timeout=10)
        except websockets.InvalidStatus as refused:
            return refused.response.status_code, refused.response.body.decode()
        failed = re.match(r'\{"message" ?: "([^"]+)", "connectionId"', said)
        return {"Too Many Requests": 429, "Bad request body": 400}.get(failed[1], 500) if failed else 200, said


def lets_in(api, *headers):
    """Nobody without these headers, and whoever has them."""
    return api.ask()[0] in REFUSED and api.ask(headers) == (200, "from a function")


def with_a_key(api):
    api.guarded("key")
    client = api.world.postern.client()
    plan = client.create_usage_plan(name="kinds", apiStages=[{"apiId": api.id, "stage": "dev"}])["id"]
    key = client.create_api_key(name="kinds", enabled=True, value=uuid.uuid4().hex)
    client.create_usage_plan_key(usagePlanId=plan, keyId=key["id"], keyType="API_KEY")
    return lets_in(api, ("x-api-key", key["value"]))


def signing(api):
    return lets_in(api.guarded("iam"), *signed(api.method, api.url()))


def varied(api):
    api.made("http").set([("where", "here")])
    return '"target": "/here"' in api.ask()[1]


def shut(api):
    api.made("function").set(shut=True)
    return api.ask()[0] == 429


def under_a_name(api):
    name = f"d{uuid.uuid4().hex[:8]}.example.com"
    api.made("function").mapped_under(name)
    return api.ask(host=name, path="/v1" + api.path) == (200, "from a function")


def deployed_by_itself(api):
    if isinstance(api.api, Api):
        api.made("mock")
        api.api.route("GET /later", mock())
        return api.api.send("/later").status == 200
    return api.made("function").ask() == (200, "from a function")


def well_formed(api):
    return api.strict().ask()[0] == 400


def kept(api):
    api.made("http").patched(("/cacheClusterEnabled", "true"), ("/~1x/POST/caching/enabled", "true"))
    first, second = api.ask(), api.ask()  # The backend tells the trace, which is each request's own.
    return first[0] == 200 and first == second


def drawn(api):
    api.made("http").patched(
        ("/canarySettings/deploymentId", api.deployment()), ("/canarySettings/percentTraffic", "100"),
        ("/canarySettings/stageVariableOverrides/where", "canary"))
    return '"target": "/canary"' in api.ask()[1]


def its_own_refusals(api):
    if not isinstance(api.api, Api):
        return False
    api.client.put_gateway_response(restApiId=api.id, responseType="MISSING_AUTHENTICATION_TOKEN", statusCode="404")
    return api.made("function").ask(path="/dev/none")[0] == 404


TRIES = {
    "functions": lambda api: api.made("function").ask() == (200, "from a function"),
    "HTTP backends": lambda api: '"target"' in api.made("http").ask()[1],
    "answers without a backend, mapping templates": lambda api: api.made("mock").ask() == (200, MADE),
    "Lambda authorizers": lambda api: lets_in(api.guarded("function"), ("Authorization", "me")),
    "tokens of an issuer": lambda api: lets_in(api.guarded("issuer"), ("Authorization", f"Bearer {api.world.token}")),
    "callers who sign": signing,
    "API keys and usage plans": with_a_key,
    "throttles": shut,
    "request validation": well_formed,
    "response cache": kept,
    "canaries": drawn,
    "stage variables": varied,
    "custom domain names": under_a_name,
    "changes deployed at once": deployed_by_itself,
    "gateway responses": its_own_refusals,
}


def test_the_table_has_a_row_for_everything_that_is_tried():
    assert set(TOLD) == set(TRIES)


@pytest.mark.parametrize("place, kind", list(enumerate([Rest, Http, WebSocket])), ids=["rest", "http", "websocket"])
@pytest.mark.parametrize("what", TRIES)
def test_the_readme_says_which_kind_of_api_has_what(world, what, place, kind):
    try:
        found = TRIES[what](kind(world))
    except botocore.exceptions.ClientError as refused:
        assert refused.response["Error"]["Code"] in ("BadRequestException", "NotFoundException"), refused
        found = False
    assert TOLD[what][place].startswith("yes" if found else "no"), f"{what}: it says {TOLD[what][place]}, and is {found}"
