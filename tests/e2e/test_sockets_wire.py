"""WebSockets on the wire, over both holders: `postern sockets` and Pushpin, with a client library that is neither's.

Behind them is not the request line of APIs but one that echoes, so that what fails here is the wire."""

import socket
import struct
import time

import boto3
import botocore.config
import pytest
import websockets
from botocore.exceptions import ClientError
from websockets.frames import Opcode

import holders
import products
from products import ENVIRONMENT, REGION, eventually

KINDS = {"own": holders.Own, "pushpin": holders.Pushpin}


def code(closed):
    frame = closed.value.rcvd
    return (frame.code, frame.reason) if frame else None


class World:
    """A holder and the line behind it."""

    def __init__(self, kind, folder, *options, settings=()):
        self.holder = KINDS[kind](folder)
        self.line = holders.Line(folder, self.holder, settings=settings)
        self.holder.start(self.line.url, *options)
        self.client = boto3.client(
            "apigatewaymanagementapi", endpoint_url=f"{self.line.url}/dev", region_name=REGION,
            aws_access_key_id=ENVIRONMENT["AWS_ACCESS_KEY_ID"], aws_secret_access_key=ENVIRONMENT["AWS_SECRET_ACCESS_KEY"],
            config=botocore.config.Config(retries={"max_attempts": 0}))

    def connect(self, path="/dev", **more):
        connection = self.holder.connect(path, **more)
        connection.send("id")
        connection.aws_id = connection.recv(timeout=10)
        return connection

    def told(self, connection):
        """All but the questions for ids."""
        return [one for one in self.line.told(connection.aws_id) if one != "message id"]

    def ends(self, connection, expected):
        eventually(lambda: expected in self.told(connection))
        assert [one for one in self.told(connection) if one.startswith("disconnected")] == [expected]

    def stop(self):
        self.holder.stop()
        self.line.stop()


@pytest.fixture(scope="module", params=KINDS)
def kind(request):
    return request.param


@pytest.fixture(scope="module")
def world(kind, tmp_path_factory):
    world = World(kind, tmp_path_factory.mktemp(kind))
    yield world
    world.stop()


def test_messages_go_both_ways_and_the_end_is_told(world):
    with world.connect("/dev?user=7", subprotocols=["chat1", "chat2"]) as client:
        assert client.subprotocol == "chat1"
        assert len(client.aws_id) == 16 and client.aws_id.endswith("=")
        for text in ["", "hi", "quiet", "ünï", "x" * 30_000]:
            client.send(text)
        assert [client.recv(timeout=10) for _ in range(4)] == ["", "hi", "ünï", "x" * 30_000]
        client.close(4001, "bye")
    world.ends(client, "disconnected 4001 bye")
    assert world.told(client)[0] == "connect /dev 127.0.0.1 user=7"


def test_what_is_sent_in_a_burst_is_answered_in_order(world):
    with world.connect() as client:
        sent = [str(number) for number in range(500)]
        for text in sent:
            client.send(text)
        assert [client.recv(timeout=10) for _ in sent] == sent


def test_one_slow_message_holds_up_no_other_for_longer(world):
    with world.connect() as client:
        began = time.monotonic()
        for _ in range(5):
            client.send("slow 400")
        assert [client.recv(timeout=10) for _ in range(5)] == ["slow 400"] * 5
        assert time.monotonic() - began < 1.6


def test_the_longest_message_passes_in_fragments(world):
    with world.connect() as client:
        client.send(["x" * 32_768] * 4)
        assert client.recv(timeout=10) == "x" * 131_072


def test_a_refusal_is_a_plain_answer(world):
    for status in (401, 403, 502):
        with pytest.raises(websockets.InvalidStatus) as refused:
            world.holder.connect(f"/dev?refuse={status}")
        assert refused.value.response.status_code == status
        assert bytes(refused.value.response.body) == b'{"message":"Forbidden"}'


def test_binary_is_refused_with_1003(world):
    with world.connect() as client:
        client.send(b"\0\1")
        with pytest.raises(websockets.ConnectionClosed) as closed:
            client.recv(timeout=10)
        assert code(closed)[0] == 1003
    world.ends(client, "disconnected 1003 Binary is not supported")


def test_too_long_a_message_is_refused_with_1009(world, kind):
    with world.connect() as client:
        with pytest.raises(websockets.ConnectionClosed) as closed:
            client.send(["x" * 32_768] * 4 + ["y"])
            client.recv(timeout=10)
        assert code(closed)[0] == 1009
    eventually(lambda: any(one.startswith("disconnected 1009") for one in world.told(client)))


def test_bad_text_is_refused_with_1007(world):
    with world.connect() as client:
        # Straight to the protocol: the library sends no such text by itself.
        with client.protocol_mutex:
            client.protocol.writes.append(websockets.frames.Frame(Opcode.TEXT, b"ab\xff").serialize(mask=True))
            client.send_data()
        with pytest.raises(websockets.ConnectionClosed) as closed:
            client.recv(timeout=10)
        assert code(closed)[0] == 1007
    eventually(lambda: any(one.startswith("disconnected 1007") for one in world.told(client)))


def test_a_ping_is_answered_and_no_message(world):
    with world.connect() as client:
        assert client.ping(b"now").wait(10)
        assert [one for one in world.told(client) if one.startswith("message")] == []


def test_a_close_without_a_code_is_1005(world):
    with world.connect() as client:
        with client.protocol_mutex:
            client.protocol.writes.append(websockets.frames.Frame(Opcode.CLOSE, b"").serialize(mask=True))
            client.send_data()
        world.ends(client, "disconnected 1005 Client-side close frame status not set")


def test_an_abrupt_end_is_1006(world):
    client = world.connect()
    # As when a laptop's lid falls: no Close, a reset.
    client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.socket.shutdown(socket.SHUT_RDWR)
    client.socket.close()
    world.ends(client, "disconnected 1006")


def test_a_backend_sends_to_a_connection_in_order(world):
    with world.connect() as client:
        sent = [f"{number} ü" for number in range(100)] + ["x" * 131_072]
        for text in sent:
            answer = world.client.post_to_connection(ConnectionId=client.aws_id, Data=text.encode())
            assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200
        assert [client.recv(timeout=10) for _ in sent] == sent


def test_a_connection_is_shown_and_closed(world):
    with world.connect(user_agent_header="ws/8") as client:
        shown = world.client.get_connection(ConnectionId=client.aws_id)
        assert shown["Identity"] == {"SourceIp": "127.0.0.1", "UserAgent": "ws/8"}
        assert abs(shown["ConnectedAt"].timestamp() - time.time()) < 60
        assert shown["LastActiveAt"] >= shown["ConnectedAt"]
        answer = world.client.delete_connection(ConnectionId=client.aws_id)
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204
        with pytest.raises(ClientError) as gone:
            world.client.post_to_connection(ConnectionId=client.aws_id, Data=b"x")
        assert gone.value.response["Error"]["Code"] in ("GoneException", "410")
        with pytest.raises(websockets.ConnectionClosed) as closed:
            client.recv(timeout=10)
        assert code(closed) == (1000, "Connection Closed Normally")
    world.ends(client, "disconnected 1000 Connection Closed Normally")


def test_what_cannot_be_sent_says_why(world):
    with world.connect() as client:
        pass
    world.ends(client, "disconnected 1000")
    for data, id, status, error in [
        (b"x", client.aws_id, 410, world.client.exceptions.GoneException),
        (b"x", "nonsense", 400, ClientError),
        (b"x" * 131_073, client.aws_id, 413, world.client.exceptions.PayloadTooLargeException),
    ]:
        with pytest.raises(error) as refused:
            world.client.post_to_connection(ConnectionId=id, Data=data)
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == status


def test_a_slow_reader_holds_nobody_up(world, kind):
    with world.connect(max_queue=1) as slow, world.connect() as quick:
        payload = b"x" * 100_000
        for _ in range(60):
            try:
                world.client.post_to_connection(ConnectionId=slow.aws_id, Data=payload)
            except ClientError as refused:
                # Ours lets go of a client that does not read.
                assert kind == "own" and refused.response["ResponseMetadata"]["HTTPStatusCode"] == 410
                break
        world.client.post_to_connection(ConnectionId=quick.aws_id, Data=b"here")
        assert quick.recv(timeout=10) == "here"


def test_only_who_has_the_key_publishes_and_is_believed(world, kind):
    with world.connect() as client:
        if kind == "own":
            assert holders.publish(f"http://127.0.0.1:{world.holder.control}", client.aws_id, content="forged") == 401
        with pytest.raises(TimeoutError):
            client.recv(timeout=0.2)


def test_a_holder_that_died_is_gone_with_its_sockets(kind, tmp_path):
    world = World(kind, tmp_path)
    try:
        clients = [world.connect() for _ in range(2)]
        world.holder.stop(9 if kind == "own" else 15)
        for client in clients:
            with pytest.raises(world.client.exceptions.GoneException):
                world.client.post_to_connection(ConnectionId=client.aws_id, Data=b"x")
            ended = [one for one in world.told(client) if one.startswith("disconnected")]
            assert len(ended) == 1, ended
        world.holder.start(world.line.url)
        # Sockets of before are gone, and new ones are held.
        with world.connect() as client:
            def heard():
                world.client.post_to_connection(ConnectionId=client.aws_id, Data=b"again")
                return client.recv(timeout=1) == "again"

            # Right after its start, Pushpin publishes before it knows who listens.
            assert products.eventually(heard)
    finally:
        world.stop()


def test_a_restarted_holder_tells_that_it_has_lost_its_sockets(tmp_path):
    """Pushpin does not tell: there, a connection is forgotten when it has been silent for too long."""
    world = World("own", tmp_path)
    try:
        client = world.connect()
        world.holder.stop(9)
        world.holder.start(world.line.url)
        with pytest.raises(world.client.exceptions.GoneException):
            world.client.post_to_connection(ConnectionId=client.aws_id, Data=b"x")
        assert world.told(client)[-1] == "disconnected 1006"
    finally:
        world.stop()


def test_stopping_closes_sockets_and_tells_their_apis(tmp_path):
    world = World("own", tmp_path)
    client = world.connect()
    assert world.holder.stop() == 0
    with pytest.raises(websockets.ConnectionClosed) as closed:
        client.recv(timeout=10)
    assert code(closed) == (1001, "Going away")
    assert world.told(client)[-1] == "disconnected 1001 Going away"
    world.line.stop()


def test_idle_sockets_and_old_ones_are_told_to_go(tmp_path):
    world = World("own", tmp_path, "--socket-idle", "1", "--socket-life", "4")
    try:
        with world.connect() as idle, world.connect() as busy:
            began = time.monotonic()
            with pytest.raises(websockets.ConnectionClosed) as closed:
                while True:
                    busy.send("x")
                    busy.recv(timeout=10)
                    time.sleep(0.1)
            assert code(closed) == (1001, "Going away")
            assert 2 < time.monotonic() - began < 8
            with pytest.raises(websockets.ConnectionClosed) as closed:
                idle.recv(timeout=0.01)
            assert code(closed) == (1001, "Going away")
        world.ends(idle, "disconnected 1001 Going away")
    finally:
        world.stop()
