"""WebSocket APIs as clients and backends see them: on a laptop, and as functions behind `postern sockets` and behind Pushpin."""

import contextlib
import json
import socket
import subprocess
import time
import uuid

import boto3
import botocore.config
import pytest
import websockets
import websockets.sync.client

import holders
import products
import wire
from apis import Routes, function_arn, invoke_uri
from backends import Reply
from products import ENVIRONMENT, PROGRAMS, REGION, eventually


BROKEN = Reply({"errorMessage": "it broke", "errorType": "Error"}, error="Unhandled")


class Way:
    """One way of running WebSocket APIs."""

    def __init__(self, product, clients, connections, keys, prefix=""):
        # Where clients connect, and where backends send; both followed by /_api/{api}/{stage}.
        self.product, self.clients, self.connections, self.prefix = product, clients, connections, prefix
        self.key, self.secret = keys

    def connect(self, api, query="", **more):
        more = {"compression": None, "ping_interval": None, **more}
        return websockets.sync.client.connect(f"{self.clients}/_api/{api.id}/{api.stage}{query}", legacy=True, **more)

    def sender(self, api, key=None, secret=None):
        client = boto3.client(
            "apigatewaymanagementapi", endpoint_url=f"{self.connections}/_api/{api.id}/{api.stage}", region_name=REGION,
            aws_access_key_id=key or self.key, aws_secret_access_key=secret or self.secret,
            config=botocore.config.Config(retries={"max_attempts": 0}))

        def emulate(request, **_):
            """The emulator puts before the path which function is meant, and takes it off again: that is not signed."""
            request.url = request.url.replace(self.connections, self.connections + self.prefix)

        client.meta.events.register("before-send.apigatewaymanagementapi", emulate)
        return client


def issue(product, principal):
    """Credentials of Postern's own, of somebody who may do everything."""
    done = subprocess.run([PROGRAMS / "postern", "credentials", "issue", principal, "--admin", "--endpoint-url", product.endpoint],
                          env=ENVIRONMENT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    issued = {name.lower(): value for name, value in json.loads(done.stdout).items()}
    return issued["accesskeyid"], issued["secretaccesskey"]


@pytest.fixture(scope="session")
def by_functions(tmp_path_factory, dynamodb, lambdas):
    """The functions, with both kinds of holders before them."""
    folder = tmp_path_factory.mktemp("by-functions")
    own, pushpin = holders.Own(folder), holders.Pushpin(folder)
    product = products.Functions(
        folder, dynamodb, f"ws-{uuid.uuid4().hex[:8]}", lambdas,
        {"POSTERN_SOCKETS_KEY": holders.KEY, "POSTERN_HOLDERS": f"{own.setting()},{pushpin.setting()}"},
        gateway=0, sockets=6, connections=2)
    backend = f"http://127.0.0.1:{product.port}/lambda-url/sockets"
    product.holders = {"own": own, "pushpin": pushpin}
    with contextlib.ExitStack() as running:
        running.callback(product.stop)
        for holder in (own, pushpin):
            running.callback(holder.stop)
            holder.start(backend)
        yield product


@pytest.fixture(scope="module", params=["laptop", "own", "pushpin"])
def way(request):
    if request.param == "laptop":
        product = request.getfixturevalue("postern")
        address = f"127.0.0.1:{product.port}"
        return Way(product, f"ws://{address}", f"http://{address}", (ENVIRONMENT["AWS_ACCESS_KEY_ID"], "any"))
    product = request.getfixturevalue("by_functions")
    keys = issue(product, f"sender-{request.param}")
    return Way(product, f"ws://127.0.0.1:{product.holders[request.param].port}",
               f"http://127.0.0.1:{product.port}", keys, prefix="/lambda-url/connections")


class Chat(Routes):
    """A WebSocket API whose functions keep what they are told, and answer what `on[route]` says."""

    def __init__(self, way, lambdas, *routes, **create):
        self.way, self.heard, self.on = way, [], {}
        super().__init__(way.product, stage="dev", ProtocolType="WEBSOCKET", RouteSelectionExpression="$request.body.action", **create)
        self.function = lambdas.function(self.hear)
        self.target = f"integrations/{self.integration({'IntegrationType': 'AWS_PROXY', 'IntegrationUri': function_arn(self.function)})}"
        for key in routes:
            two_way = {"RouteResponseSelectionExpression": "$default"} if not key.endswith("connect") else {}
            made = self.client.create_route(ApiId=self.id, RouteKey=key, Target=self.target, **two_way)
            if two_way:
                self.client.create_route_response(ApiId=self.id, RouteId=made["RouteId"], RouteResponseKey="$default")

    def hear(self, event):
        self.heard.append(event)
        answer = self.on.get(event["requestContext"]["routeKey"], {"statusCode": 200, "body": event.get("body", "")})
        return answer(event) if callable(answer) else answer

    def of(self, route):
        return [event for event in self.heard if event["requestContext"]["routeKey"] == route]

    def ended(self, id):
        return eventually(lambda: [event["requestContext"] for event in self.of("$disconnect") if event["requestContext"]["connectionId"] == id])


def code(closed):
    return closed.value.rcvd.code, closed.value.rcvd.reason


@pytest.fixture(scope="module")
def chat(way, lambdas):
    chat = Chat(way, lambdas, "$connect", "$disconnect", "$default", "join")
    chat.settled(lambda: way.connect(chat).close() or True)
    return chat


@pytest.fixture
def sender(chat):
    return chat.way.sender(chat)


def connection_of(chat, client, said="who"):
    """The client's connection, as its function is told."""
    token = f"{said}-{uuid.uuid4().hex}"
    client.send(token)
    assert client.recv(timeout=10) == token
    return next(event["requestContext"]["connectionId"] for event in chat.heard if event.get("body") == token)


def test_a_connection_lives_and_its_functions_are_told(chat):
    client = chat.way.connect(chat, "?user=7", subprotocols=None, additional_headers={"X-Own": "1"}, user_agent_header="ws/8")
    client.send('{"action":"join","room":"r1"}')
    assert client.recv(timeout=10) == '{"action":"join","room":"r1"}'
    client.send("no JSON at all")
    assert client.recv(timeout=10) == "no JSON at all"
    client.close(4001, "bye")

    joined = chat.of("join")[-1]
    context = joined["requestContext"]
    id = context["connectionId"]
    assert len(id) == 16 and id.endswith("=")
    assert (context["eventType"], context["apiId"], context["stage"]) == ("MESSAGE", chat.id, "dev")
    assert context["identity"] == {"userAgent": "ws/8", "sourceIp": "127.0.0.1"}
    assert joined["body"] == '{"action":"join","room":"r1"}' and joined["isBase64Encoded"] is False
    connected = next(event for event in chat.of("$connect") if event["requestContext"]["connectionId"] == id)
    assert connected["queryStringParameters"] == {"user": "7"}
    assert connected["requestContext"]["eventType"] == "CONNECT"
    assert {name.lower() for name in connected["headers"]} >= {"host", "sec-websocket-key", "sec-websocket-version", "user-agent", "x-own"}
    assert not {name.lower() for name in connected["headers"]} & {"grip-sig", "connection-id", "meta-connection", "connection", "upgrade"}
    ended, = chat.ended(id)
    assert (ended["disconnectStatusCode"], ended["disconnectReason"]) == (4001, "bye")


def test_three_clients_chat(chat, sender):
    clients = [chat.way.connect(chat) for _ in range(3)]
    ids = [connection_of(chat, client) for client in clients]
    assert len(set(ids)) == 3
    for number in range(20):
        for id in ids:
            sender.post_to_connection(ConnectionId=id, Data=f"{number} ü".encode())
    for client in clients:
        assert [client.recv(timeout=10) for _ in range(20)] == [f"{number} ü" for number in range(20)]
        client.close()
    for id in ids:
        assert len(chat.ended(id)) == 1


def test_a_function_may_send_to_whom_it_is_just_hearing(chat, sender):
    def answer(event):
        sender.post_to_connection(ConnectionId=event["requestContext"]["connectionId"], Data=b"first")
        return {"statusCode": 200, "body": "second"}

    chat.on["join"] = answer
    with chat.way.connect(chat) as client:
        client.send('{"action":"join"}')
        assert [client.recv(timeout=10), client.recv(timeout=10)] == ["first", "second"]
    del chat.on["join"]


def test_a_handshake_is_refused_as_the_function_says(chat):
    for answer, status in [({"statusCode": 401}, 401), ({"statusCode": 403, "body": "no"}, 403), (BROKEN, 502)]:
        chat.on["$connect"] = answer
        with pytest.raises(websockets.InvalidStatus) as refused:
            chat.way.connect(chat)
        assert refused.value.response.status_code == status
    chat.on["$connect"] = {"statusCode": 200, "headers": {"Sec-WebSocket-Protocol": "chat2"}}
    with chat.way.connect(chat, subprotocols=["chat1", "chat2"]) as client:
        assert client.subprotocol == "chat2"
    del chat.on["$connect"]


def test_an_authorizer_decides_who_gets_in(way, lambdas):
    def guard(event):
        token = event["queryStringParameters"]["token"]
        if token == "stranger":
            return Reply({"errorMessage": "Unauthorized"}, error="Unhandled")
        effect = "Allow" if token == "ann" else "Deny"
        return {"principalId": token, "policyDocument": {"Version": "2012-10-17", "Statement": [
            {"Effect": effect, "Action": "execute-api:Invoke", "Resource": event["methodArn"]}]}}

    api = Chat(way, lambdas, "$default")
    authorizer = api.client.create_authorizer(
        ApiId=api.id, Name="guard", AuthorizerType="REQUEST", AuthorizerUri=invoke_uri(lambdas.function(guard)),
        IdentitySource=["route.request.querystring.token"])["AuthorizerId"]
    api.client.create_route(ApiId=api.id, RouteKey="$connect", Target=api.target, AuthorizationType="CUSTOM", AuthorizerId=authorizer)

    def status(query):
        try:
            way.connect(api, query).close()
        except websockets.InvalidStatus as refused:
            return refused.response.status_code
        return 101

    api.settled(lambda: status("") == 401)
    assert [status(f"?token={token}") for token in ("stranger", "eve")] == [401, 403]
    assert not api.heard
    with way.connect(api, "?token=ann") as client:
        client.send("hi")
        assert client.recv(timeout=10) == "hi"
    assert [event["requestContext"]["authorizer"]["principalId"] for event in api.heard] == ["ann", "ann"]


def test_an_unknown_route_and_a_failing_function_say_so_on_the_socket(way, lambdas):
    api = Chat(way, lambdas, "fail")
    api.on["fail"] = BROKEN
    api.settled(lambda: way.connect(api).close() or True)
    with way.connect(api) as client:
        for said, message in [('{"action":"nowhere"}', "Forbidden"), ('{"action":"fail"}', "Internal server error")]:
            client.send(said)
            told = json.loads(client.recv(timeout=10))
            assert told["message"] == message and len(told["connectionId"]) == 16, told


def test_binary_and_too_long_messages_close(chat):
    for message, expected in [(b"\0", 1003), (["x" * 32_768] * 4 + ["x"], 1009)]:
        with chat.way.connect(chat) as client:
            with pytest.raises(websockets.ConnectionClosed) as closed:
                client.send(message)
                client.recv(timeout=10)
            assert code(closed)[0] == expected


def test_a_long_message_passes_both_ways(chat):
    with chat.way.connect(chat) as client:
        client.send(["x" * 32_768] * 3)
        assert client.recv(timeout=10) == "x" * 98_304


def test_a_connection_is_shown_and_deleted(chat, sender):
    with chat.way.connect(chat, user_agent_header="ws/8") as client:
        id = connection_of(chat, client)
        shown = sender.get_connection(ConnectionId=id)
        assert shown["Identity"] == {"SourceIp": "127.0.0.1", "UserAgent": "ws/8"}
        assert abs(shown["ConnectedAt"].timestamp() - time.time()) < 60
        assert sender.delete_connection(ConnectionId=id)["ResponseMetadata"]["HTTPStatusCode"] == 204
        with pytest.raises(websockets.ConnectionClosed) as closed:
            client.recv(timeout=10)
        assert code(closed)[0] == 1000
    ended, = chat.ended(id)
    assert (ended["disconnectStatusCode"], ended["disconnectReason"]) == (1000, "Connection Closed Normally")
    for call in (sender.get_connection, sender.delete_connection, lambda **id: sender.post_to_connection(Data=b"x", **id)):
        with pytest.raises(sender.exceptions.GoneException):
            call(ConnectionId=id)


def test_who_may_not_sends_nothing(chat):
    with chat.way.connect(chat) as client:
        id = connection_of(chat, client)
        if chat.product.name == "functions":
            with pytest.raises(botocore.exceptions.ClientError) as refused:
                chat.way.sender(chat, secret="guessed").post_to_connection(ConnectionId=id, Data=b"x")
            assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
        other = Chat.__new__(Chat)
        other.id, other.stage = chat.id, "prod"
        with pytest.raises(botocore.exceptions.ClientError) as refused:
            chat.way.sender(other).post_to_connection(ConnectionId=id, Data=b"x")
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


# --- the functions alone ---

def test_the_sample_events_are_understood(by_functions, lambdas, tmp_path):
    way = Way(by_functions, f"ws://127.0.0.1:{by_functions.holders['own'].port}", "", ("", ""))
    api = Chat(way, lambdas, "$connect")
    api.settled(lambda: way.connect(api).close() or True)

    def invoke(name):
        event = (products.ROOT / "events" / f"{name}.json").read_text().replace("chatroom01", api.id)
        function = name.split("-")[0]
        answer = wire.exchange(by_functions.address, "POST", f"/2015-03-31/functions/{function}/invocations",
                               [("Host", "localhost")], event.encode()).json()
        return answer["statusCode"], answer["headers"], answer["body"]

    status, headers, body = invoke("sockets-function-url-open")
    assert (status, headers["content-type"], headers["sec-websocket-extensions"]) == (200, "application/websocket-events", "grip")
    assert body.startswith("OPEN\r\nTEXT ") and '"type":"subscribe"' in body
    connected = api.of("$connect")[-1]
    assert connected["requestContext"]["identity"] == {"userAgent": "ws/8", "sourceIp": "198.51.100.7"}
    assert connected["queryStringParameters"] == {"user": "7"}
    assert invoke("sockets-function-url-forged")[0] == 401
    # Whoever AWS has proven may what is allowed here; the connection is nobody's.
    policy = tmp_path / "policy.json"
    policy.write_text(json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "execute-api:ManageConnections", "Resource": f"arn:aws:execute-api:*:*:{api.id}/dev/POST/@connections/*"}]}))
    done = subprocess.run(
        [PROGRAMS / "postern", "credentials", "policy", "attach", "arn:aws:iam::123456789012:role/chat", "send", policy, "--endpoint-url",
         by_functions.endpoint], env=ENVIRONMENT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    status, headers, body = invoke("connections-function-url-post")
    assert (status, headers["x-amzn-errortype"], body) == (410, "GoneException", "")


# --- on a laptop alone ---

def test_the_host_names_the_api_too(postern, lambdas):
    way = Way(postern, f"ws://127.0.0.1:{postern.port}", f"http://127.0.0.1:{postern.port}", ("any", "any"))
    api = Chat(way, lambdas, "$default", "$connect")
    url = f"ws://{api.id}.execute-api.localhost:{postern.port}/dev?a=b"
    with websockets.sync.client.connect(url, sock=socket.create_connection(postern.address), compression=None, legacy=True) as client:
        client.send("hi")
        assert client.recv(timeout=10) == "hi"
    assert api.of("$connect")[0]["requestContext"]["domainName"] == f"{api.id}.execute-api.localhost"


def test_what_an_ended_process_held_is_gone(tmp_path, lambdas):
    product = products.embedded(tmp_path, lambdas)
    way = Way(product, f"ws://127.0.0.1:{product.port}", f"http://127.0.0.1:{product.port}", ("any", "any"))
    api = Chat(way, lambdas, "$default", "$connect", "$disconnect")
    client = way.connect(api)
    id = connection_of(api, client)
    product.stop(9)
    product.start()
    sender = way.sender(api)
    with pytest.raises(sender.exceptions.GoneException):
        sender.post_to_connection(ConnectionId=id, Data=b"x")
    assert [ended["disconnectStatusCode"] for ended in api.ended(id)] == [1006]
    client = way.connect(api)
    id = connection_of(api, client)
    assert product.stop() == 0
    with pytest.raises(websockets.ConnectionClosed) as closed:
        client.recv(timeout=10)
    assert code(closed) == (1001, "Going away")
    assert [ended["disconnectStatusCode"] for ended in api.ended(id)] == [1001]
