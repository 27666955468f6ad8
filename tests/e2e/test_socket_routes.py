"""Routes of WebSocket APIs, managed by boto3 and called by a WebSocket client: who gets in, which integration answers, and how."""

import base64
import contextlib
import json
import time
import uuid

import boto3
import pytest
import websockets
import websockets.sync.client

import products
from apis import Routes, function_arn, invoke_uri
from backends import Reply, Server
from products import ENVIRONMENT, REGION

ROLE = "arn:aws:iam::123456789012:role/writer"
ASSUMED = """<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>
<AccessKeyId>AKIAROLE</AccessKeyId><SecretAccessKey>secret</SecretAccessKey><SessionToken>token</SessionToken>
<Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"""


class Services(Server):
    """Plays every service but Lambda."""

    def handle(self, received):
        if b"Action=AssumeRole" in received.read():
            return received.answer(200, [("Content-Type", "text/xml")], ASSUMED.encode())
        return received.answer(200, [("Content-Type", "application/json")], b'{"MessageId":"m-1"}')


@pytest.fixture(scope="module")
def services():
    server = Services()
    yield server
    server.close()


@pytest.fixture(scope="module")
def product(folder, lambdas, services):
    product = products.Dev(
        folder / "routes", "--memory", environment={"AWS_ENDPOINT_URL": services.url, "AWS_ENDPOINT_URL_LAMBDA": lambdas.url})
    yield product
    product.stop()


class Sockets(Routes):
    """A WebSocket API. A route's integration responses and whether it answers are given with it."""

    def __init__(self, product, **create):
        create = {"RouteSelectionExpression": "$request.body.action", **create}
        super().__init__(product, stage="dev", ProtocolType="WEBSOCKET", **create)

    def route(self, key, integration, answers=False, responses=None, **more):
        made = self.integration(integration)
        for response, members in (responses or {}).items():
            self.client.create_integration_response(
                ApiId=self.id, IntegrationId=made, IntegrationResponseKey=response, **members)
        if answers:
            more["RouteResponseSelectionExpression"] = "$default"
        route = self.client.create_route(ApiId=self.id, RouteKey=key, Target=f"integrations/{made}", **more)["RouteId"]
        if answers:
            self.client.create_route_response(ApiId=self.id, RouteId=route, RouteResponseKey="$default")
        return route

    def connect(self, query="", **more):
        more = {"compression": None, "ping_interval": None, **more}
        return websockets.sync.client.connect(
            f"ws://127.0.0.1:{self.product.port}/_api/{self.id}/dev{query}", legacy=True, **more)

    def refused(self, query="", **more):
        """The status and the body with which a handshake fails."""
        with pytest.raises(websockets.InvalidStatus) as refused:
            self.connect(query, **more)
        return refused.value.response.status_code, (refused.value.response.body or b"").decode()

    def sender(self):
        return boto3.client(
            "apigatewaymanagementapi", endpoint_url=f"{self.product.endpoint}/_api/{self.id}/dev", region_name=REGION,
            aws_access_key_id=ENVIRONMENT["AWS_ACCESS_KEY_ID"], aws_secret_access_key="any")


def function(name):
    return {"IntegrationType": "AWS_PROXY", "IntegrationMethod": "POST", "IntegrationUri": function_arn(name)}


def mock(template, key="$default"):
    return {"IntegrationType": "MOCK", "RequestTemplates": {key: template}, "TemplateSelectionExpression": "\\$default"}


def says(template):
    return {"$default": {"ResponseTemplates": {"$default": template}, "TemplateSelectionExpression": "\\$default"}}


def exchange(client, message):
    client.send(message if isinstance(message, str) else json.dumps(message))
    return client.recv(timeout=10)


# --- who gets in ---

def allow(event):
    token = event["queryStringParameters"]["token"]
    if token == "stranger":
        return Reply({"errorMessage": "Unauthorized"}, error="Unhandled")
    if token == "broken":
        return Reply({"errorMessage": "oh"}, error="Unhandled")
    effect = "Deny" if token == "bad" else "Allow"
    return {"principalId": token, "context": {"room": "r1", "n": 1}, "policyDocument": {
        "Version": "2012-10-17", "Statement": [{"Effect": effect, "Action": "execute-api:Invoke", "Resource": event["methodArn"]}]}}


def test_an_authorizer_decides_who_gets_in_and_all_routes_know_whom(product, lambdas):
    api, heard = Sockets(product), []
    guard = lambdas.function(allow)
    told = lambdas.function(lambda event: heard.append(event) or {"statusCode": 200, "body": json.dumps(event["requestContext"]["authorizer"])})
    authorizer = api.client.create_authorizer(
        ApiId=api.id, Name="guard", AuthorizerType="REQUEST", AuthorizerUri=invoke_uri(guard),
        IdentitySource=["route.request.querystring.token"])["AuthorizerId"]
    api.route("$connect", function(told), AuthorizationType="CUSTOM", AuthorizerId=authorizer)
    api.route("$default", function(told), answers=True)
    api.settled(lambda: api.refused()[0] == 401)
    for query, status, body in [
        ("", 401, '{"message":"Unauthorized"}'),
        ("?token=stranger", 401, '{"message":"Unauthorized"}'),
        ("?token=bad", 403, '{"message":"Forbidden"}'),
        ("?token=broken", 500, '{"message":"Internal server error"}'),
    ]:
        assert api.refused(query) == (status, body), query
    assert not heard
    with api.connect("?token=u1") as client:
        said = json.loads(exchange(client, "hi"))
    assert said.pop("integrationLatency") >= 0
    assert said == {"principalId": "u1", "room": "r1", "n": "1"}
    asked = [one.event for one in lambdas.invocations if one.name == guard][-1]
    assert asked["methodArn"].endswith(f":{api.id}/dev/$connect") and asked["type"] == "REQUEST"
    assert asked["requestContext"]["eventType"] == "CONNECT"


def test_signatures_keys_and_parameters_are_asked_for_at_the_handshake_alone(product):
    signed = Sockets(product)
    signed.route("$connect", mock('{"statusCode":200}'), AuthorizationType="AWS_IAM")
    signed.settled(lambda: signed.refused()[0] == 403)
    assert signed.refused() == (403, '{"message":"Missing Authentication Token"}')
    keyed = Sockets(product)
    keyed.route("$connect", mock('{"statusCode":200}'), ApiKeyRequired=True)
    keyed.settled(lambda: keyed.refused()[0] == 403)
    for more in ({}, {"additional_headers": {"x-api-key": "nobodys"}}):
        assert keyed.refused(**more) == (403, '{"message":"Forbidden"}')
    asking = Sockets(product)
    asking.route("$connect", mock('{"statusCode":200}'), RequestParameters={"route.request.querystring.room": {"Required": True}})
    asking.settled(lambda: asking.refused()[0] == 400)
    asking.connect("?room=1").close()


# --- what answers ---

@pytest.fixture(scope="module")
def api(product, lambdas, backend):
    api = Sockets(product)
    endpoint = {"IntegrationType": "HTTP", "IntegrationMethod": "POST", "RequestParameters": {
        "integration.request.header.x-connection": "context.connectionId", "integration.request.querystring.room": "route.request.body.room"}}
    echo = {**endpoint, "IntegrationUri": f"{backend.url}/echo"}
    api.route("mock", mock('{"statusCode":200}'), answers=True, responses=says("$context.routeKey $context.eventType"))
    api.route("quiet", mock('{"statusCode":200}'), responses=says("nobody hears this"))
    api.route("function", function(lambdas.function(lambda event: {"statusCode": 200, "body": event["body"]})), answers=True)
    api.route("broken", function(lambdas.function(Reply({"errorMessage": "oh"}, error="Unhandled"))))
    api.route("custom", {"IntegrationType": "AWS", "IntegrationMethod": "POST", "IntegrationUri": invoke_uri(lambdas.function(
        lambda event: {"doubled": event["n"] * 2} if event["n"] else Reply({"errorMessage": "no: n is 0"}, error="Unhandled")))},
        answers=True, responses={"/no: .*/": {"ResponseTemplates": {"$default": "$input.path('$.errorMessage')!"}},
                                 "$default": {"ResponseTemplates": {"$default": "$input.path('$.doubled')"}}})
    api.route("proxy", {**echo, "IntegrationType": "HTTP_PROXY"}, answers=True)
    api.route("http", {**echo, "RequestTemplates": {"loud": '{"said":"$input.path(\'$.text\').toUpperCase()"}'},
                       "TemplateSelectionExpression": "${request.body.kind}"},
              answers=True, responses={"$default": {}})
    missing = backend.replies(404, body=b'{"why":"gone"}')
    api.route("missing", {"IntegrationType": "HTTP", "IntegrationMethod": "POST", "IntegrationUri": backend.url + missing},
              answers=True, responses={"/4\\d\\d/": {"ResponseTemplates": {"$default": "$input.path('$.why') $context.connectionId.length()"}},
                                       "$default": {}})
    schema = {"$schema": "http://json-schema.org/draft-04/schema#", "type": "object", "required": ["text"],
              "properties": {"text": {"type": "string"}}}
    api.client.create_model(ApiId=api.id, Name="Said", ContentType="application/json", Schema=json.dumps(schema))
    api.route("checked", mock('{"statusCode":200}'), answers=True, responses=says("good"),
              ModelSelectionExpression="$request.body.action", RequestModels={"checked": "Said"})
    api.settled(lambda: api.connect().close() or True)
    return api


@pytest.fixture
def client(api):
    with api.connect() as client:
        yield client


def test_each_kind_of_integration_answers(client):
    for message, answer in [
        ({"action": "mock"}, "mock MESSAGE"),
        ({"action": "function"}, '{"action": "function"}'),
        ({"action": "custom", "n": 4}, "8"),
        ({"action": "custom", "n": 0}, "no: n is 0!"),
        ({"action": "missing"}, "gone 16"),
        ({"action": "checked", "text": "t"}, "good"),
    ]:
        assert exchange(client, message) == answer, message


def test_an_endpoint_sees_the_message_and_what_is_mapped(client):
    message = {"action": "proxy", "room": "r 1"}
    seen = json.loads(exchange(client, message))
    headers = {name.lower(): value for name, value in seen["headers"]}
    assert (seen["method"], seen["target"]) == ("POST", "/echo?room=r%201")
    assert len(headers["x-connection"]) == 16

    assert json.loads(base64.b64decode(seen["body"])) == message
    for kind, body in [("loud", '{"said":"HI"}'), ("plain", '{"action": "http", "kind": "plain", "text": "hi"}')]:
        seen = json.loads(exchange(client, {"action": "http", "kind": kind, "text": "hi"}))
        assert base64.b64decode(seen["body"]).decode() == body


def test_who_sends_to_a_one_way_route_hears_nothing(client):
    client.send('{"action":"quiet"}')
    assert exchange(client, {"action": "mock"}) == "mock MESSAGE"


def test_what_goes_wrong_is_told_on_the_socket(client):
    told = json.loads(exchange(client, {"action": "nowhere"}))
    id = told["connectionId"]
    assert told["message"] == "Forbidden" and len(id) == len(told["requestId"]) == 16
    frame = exchange(client, {"action": "broken"})
    assert frame.startswith(f'{{"message": "Internal server error", "connectionId":"{id}", "requestId":"')
    for wrong in ({}, {"text": 1}):
        frame = exchange(client, {"action": "checked", **wrong})
        assert frame.startswith(f'{{"message" : "Bad request body", "connectionId": "{id}", "messageId": "'), frame


def test_templates_call_services_at_the_handshake_and_after(product, services):
    api = Sockets(product)
    put = ('{"TableName":"conns","Item":{"id":{"S":"$context.connectionId"},'
           '"user":{"S":"$util.escapeJavaScript($input.params(\'user\'))"}}}')
    service = {"IntegrationType": "AWS", "IntegrationMethod": "POST", "CredentialsArn": ROLE, "TemplateSelectionExpression": "\\$default"}
    api.route("$connect", {**service, "IntegrationUri": f"arn:aws:apigateway:{REGION}:dynamodb:action/PutItem", "RequestTemplates": {"$default": put}},
              responses={"$default": {"ResponseParameters": {"route.response.header.Sec-WebSocket-Protocol": "'chat'"}}})
    api.route("queue", {**service, "IntegrationUri": f"arn:aws:apigateway:{REGION}:sqs:path/123456789012/q",
                        "RequestParameters": {"integration.request.header.Content-Type": "'application/x-www-form-urlencoded'"},
                        "RequestTemplates": {"$default": "Action=SendMessage&MessageBody=$util.urlEncode($input.body)"}},
              answers=True, responses=says("$input.path('$.MessageId')"))
    api.settled(lambda: api.connect("?user=7", subprotocols=["chat", "other"]).close() or True)
    with api.connect("?user=7", subprotocols=["other", "chat"]) as client:
        assert client.subprotocol == "chat"
        made = [one for one in services.requests if one.header("x-amz-target") == "DynamoDB_20120810.PutItem"][-1]
        item = json.loads(made.body)["Item"]
        assert item["user"] == {"S": "7"} and len(item["id"]["S"]) == 16
        assert "Credential=AKIAROLE/" in made.header("authorization")
        assert exchange(client, {"action": "queue"}) == "m-1"
    sent = services.requests[-1]
    assert sent.body == b"Action=SendMessage&MessageBody=%7B%22action%22%3A+%22queue%22%7D"


def test_three_clients_chat_through_a_function(product, lambdas):
    api, connected = Sockets(product), []

    def hear(event):
        context = event["requestContext"]
        if context["eventType"] == "CONNECT":
            connected.append(context["connectionId"])
        elif context["eventType"] == "DISCONNECT":
            connected.remove(context["connectionId"])
        else:
            for id in connected:
                sender.post_to_connection(ConnectionId=id, Data=json.loads(event["body"])["text"].encode())
        return {"statusCode": 200}

    sender = api.sender()
    integration = function(lambdas.function(hear))
    for key in ("$connect", "$disconnect", "say"):
        api.route(key, integration)
    api.settled(lambda: api.connect().close() or connected == [] or time.sleep(0.1))
    with contextlib.ExitStack() as open_clients:
        clients = [open_clients.enter_context(api.connect()) for _ in range(3)]
        for client in clients:
            text = uuid.uuid4().hex
            client.send(json.dumps({"action": "say", "text": text}))
            assert [one.recv(timeout=10) for one in clients] == [text] * 3
    products.eventually(lambda: not connected)


def test_a_deployment_that_could_not_be_called_is_refused(product):
    client = product.client("apigatewayv2")
    id = client.create_api(Name="broken", ProtocolType="WEBSOCKET", RouteSelectionExpression="$request.body.action")["ApiId"]
    with pytest.raises(client.exceptions.BadRequestException, match="At least one route"):
        client.create_deployment(ApiId=id)
    integration = client.create_integration(ApiId=id, **mock("#if("))["IntegrationId"]
    client.create_route(ApiId=id, RouteKey="send", Target=f"integrations/{integration}")
    with pytest.raises(client.exceptions.BadRequestException, match="Route send: Invalid requestTemplates"):
        client.create_deployment(ApiId=id)


def test_who_asks_for_no_socket_is_told_so(api):
    for path, status in [("/", 426), ("/x", 403)]:
        answer = api.send(path)
        assert answer.status == status, (path, answer)
