"""The holder of WebSockets with a backend over HTTP, as its clients see it: `websockets` on one side, a small server on the other.

The crate's own tests look at each rule; these look at the program that is made of them, with a client that is not ours.
"""

import asyncio
import base64
import collections
import hashlib
import hmac
import json
import queue
import signal
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request

import pytest
import websockets
import websockets.sync.client
from websockets.frames import Opcode

import products

KEY = "a secret of both"


def event(name, content=None):
    if content is None:
        return f"{name}\r\n".encode()
    return f"{name} {len(content):x}\r\n".encode() + content + b"\r\n"


def events(body):
    while body:
        line, _, body = body.partition(b"\r\n")
        name, _, length = line.partition(b" ")
        content = None
        if length:
            content, end, body = body[: int(length, 16)], body[int(length, 16) :][:2], body[int(length, 16) + 2 :]
            assert end == b"\r\n"
        yield name.decode(), content


class SocketBackend:
    """Echoes by GRIP, with each socket on a channel named after its path. The path says what else it does."""

    def __init__(self):
        # What each path's sockets did.
        self.heard = collections.defaultdict(queue.Queue)
        self.server = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.url = f"http://127.0.0.1:{self.server.getsockname()[1]}"
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        asyncio.set_event_loop(self.loop)
        self.loop.run_until_complete(asyncio.start_server(self.serve, sock=self.server))
        self.loop.run_forever()

    async def serve(self, reader, writer):
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                headers = dict(line.lower().split(": ", 1) if "sig" not in line else line.split(": ", 1) for line in head[1:] if line)
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                path = head[0].split()[1]
                status, more, answer = self.answer(path, headers, list(events(body)))
                lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(answer)}", *more]
                writer.write("\r\n".join([*lines, "", ""]).encode() + answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    def answer(self, path, headers, heard):
        for one in heard:
            self.heard[path].put((*one, headers))
        grip = ["Content-Type: application/websocket-events"]
        if path.startswith("/refused"):
            return "403 Forbidden", ["Content-Type: text/plain", "X-Reason: young"], b"not you"
        answer = b""
        for name, content in heard:
            if name == "OPEN":
                channel = json.dumps({"type": "subscribe", "channel": path}).encode()
                answer += event("OPEN") + event("TEXT", b"c:" + channel)
                grip += ["Sec-WebSocket-Extensions: grip", "Set-Meta-User: 7"]
                if "sec-websocket-protocol" in headers:
                    grip.append("Sec-WebSocket-Protocol: " + headers["sec-websocket-protocol"].split(",")[-1].strip())
            elif name in ("TEXT", "BINARY"):
                answer += event(name, b"m:" + content)
            elif name == "CLOSE":
                answer += event(name, content)
        return "200 OK", grip, answer

    def requests(self, path, seconds=15):
        """The events of a path's one socket, up to the one that ends it, each with the headers that it came with."""
        told = []
        deadline = time.monotonic() + seconds
        while not told or told[-1][0] not in ("CLOSE", "DISCONNECT"):
            told.append(self.heard[path].get(timeout=max(0.01, deadline - time.monotonic())))
        return told

    def hears(self, path):
        return [(name, content) for name, content, _ in self.requests(path)]


class Running:
    """The example program of the crate."""

    def __init__(self, backend, **settings):
        arguments = [f"{name.replace('_', '-')}={value}" for name, value in settings.items()]
        self.process = subprocess.Popen(
            [products.PROGRAMS / "examples" / "holder", f"backend={backend.url}", f"key={KEY}", *arguments],
            stdout=subprocess.PIPE,
            text=True,
        )
        self.clients, self.publishers = self.process.stdout.readline().split()

    def connect(self, path, **more):
        return websockets.sync.client.connect(f"ws://{self.clients}{path}", compression=None, ping_interval=None, legacy=True, **more)

    def publish(self, channel, token=None, **message):
        formats = {"ws-message": {name.replace("_", "-"): value for name, value in message.items()}}
        request = urllib.request.Request(
            f"http://{self.publishers}/publish/",
            json.dumps({"items": [{"channel": channel, "formats": formats}]}).encode(),
            {"Authorization": f"Bearer {token}"} if token else {},
        )
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.communicate(timeout=20)[0]


@pytest.fixture(scope="module")
def backend():
    return SocketBackend()


@pytest.fixture(scope="module")
def holder(backend):
    running = Running(backend)
    yield running
    assert running.stop() == "0 sockets left\n"


def code(closed):
    return closed.value.rcvd.code, closed.value.rcvd.reason


def test_messages_are_echoed_and_the_client_closes(holder, backend):
    with holder.connect("/echo?user=7") as client:
        for message in ["hello", "grüße 😀", "", b"\x00\xff"]:
            client.send(message)
            assert client.recv(timeout=10) == message
        pieces = ["a" * 30_000, "ä" * 15_000, "", "z"]
        client.send(pieces)
        assert client.recv(timeout=10) == "".join(pieces)
        client.close(4001, "done")
    told = backend.hears("/echo?user=7")
    assert [name for name, _ in told] == ["OPEN", "TEXT", "TEXT", "TEXT", "BINARY", "TEXT", "CLOSE"]
    assert told[-1] == ("CLOSE", b"\x0f\xa1done")


def test_a_refusal_is_passed_with_its_words(holder):
    with pytest.raises(websockets.InvalidStatus) as refused:
        holder.connect("/refused")
    response = refused.value.response
    assert (response.status_code, response.headers["x-reason"], bytes(response.body)) == (403, "young", b"not you")


def test_a_request_that_is_no_handshake_is_told_so(holder):
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"http://{holder.clients}/", timeout=10)
    assert refused.value.code == 426
    assert refused.value.headers["upgrade"] == "websocket"


def test_the_backend_chooses_the_subprotocol_and_knows_the_holder(holder, backend):
    with holder.connect("/protocol", subprotocols=["chat1", "chat2"], additional_headers={"Cookie": "a=b", "Meta-User": "forged"}) as client:
        assert client.subprotocol == "chat2"
        client.send("x")
        client.recv(timeout=10)
    requests = backend.requests("/protocol")
    for name, _, headers in requests:
        assert headers["cookie"] == "a=b"
        assert headers.get("meta-user") == (None if name == "OPEN" else "7")
        assert headers["connection-id"] == requests[0][2]["connection-id"]
        assert headers["host"] == backend.url.removeprefix("http://")
        assert headers["x-forwarded-host"] == holder.clients
        assert headers["x-forwarded-for"] == "127.0.0.1"
        token = next(value for name, value in headers.items() if name.lower() == "grip-sig")
        signed, _, signature = token.rpartition(".")
        proof = hmac.digest(KEY.encode(), signed.encode(), hashlib.sha256)
        assert base64.urlsafe_b64encode(proof).rstrip(b"=").decode() == signature


def test_what_is_published_arrives_in_order(holder):
    with holder.connect("/push") as one, holder.connect("/push") as two, holder.connect("/elsewhere") as other:
        for number in range(100):
            assert holder.publish("/push", content=str(number)) == (200, b"Published\n")
        holder.publish("/push", content_bin=base64.b64encode(b"\x00\x01").decode())
        holder.publish("/push", action="close", code=4005, reason="enough")
        for client in (one, two):
            assert [client.recv(timeout=10) for _ in range(100)] == [str(number) for number in range(100)]
            assert client.recv(timeout=10) == b"\x00\x01"
            with pytest.raises(websockets.ConnectionClosed) as closed:
                client.recv(timeout=10)
            assert code(closed) == (4005, "enough")
        with pytest.raises(TimeoutError):
            other.recv(timeout=0.2)


def test_nobody_listening_is_no_error_and_nonsense_is(holder):
    assert holder.publish("/nobody", content="x") == (200, b"Published\n")
    status, reason = holder.publish("/nobody", action="close", code=7)
    assert (status, reason[:30]) == (400, b"Invalid format: close code 7 m")


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (["x" * 32_769], 1009),
        (["x" * 32_000] * 5, 1009),
        ([b"y" * 32_768] * 4 + [b"y"], 1009),
    ],
    ids=["frame", "text message", "binary message"],
)
def test_what_is_longer_than_aws_takes_closes_with_1009(holder, backend, message, expected):
    path = f"/long/{len(message)}/{len(message[0])}"
    with holder.connect(path) as client:
        with pytest.raises(websockets.ConnectionClosed) as closed:
            client.send(message)
            client.recv(timeout=10)
        assert code(closed)[0] == expected
    assert [content[:2] for name, content in backend.hears(path) if name == "CLOSE"] == [expected.to_bytes(2, "big")]


def test_the_longest_message_passes(holder):
    longest = ["x" * 32_768] * 4
    with holder.connect("/longest") as client:
        client.send(longest)
        assert client.recv(timeout=10) == "".join(longest)


def test_bad_text_is_refused_before_it_is_complete(holder):
    with holder.connect("/bad-text") as client:
        # Straight to the protocol: the library sends no such text by itself.
        with client.protocol_mutex:
            client.protocol.writes.append(websockets.frames.Frame(Opcode.TEXT, b"ab\xff", fin=False).serialize(mask=True))
            client.send_data()
        with pytest.raises(websockets.ConnectionClosed) as closed:
            client.recv(timeout=10)
        assert code(closed)[0] == 1007


def test_a_ping_is_answered_between_the_frames_of_a_message(holder, backend):
    with holder.connect("/ping") as client:
        answered = []

        def message():
            yield "half "
            answered.append(client.ping(b"now").wait(10))
            yield "and half"

        client.send(message())
        assert client.recv(timeout=10) == "half and half"
        assert answered == [True]
    assert [name for name, _ in backend.hears("/ping")] == ["OPEN", "TEXT", "CLOSE"]


def test_an_abrupt_end_is_a_disconnect(holder, backend):
    client = holder.connect("/abrupt")
    client.send("x")
    client.recv(timeout=10)
    # As when a laptop's lid falls: no Close, a reset.
    client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
    client.socket.shutdown(socket.SHUT_RDWR)
    client.socket.close()
    assert backend.hears("/abrupt") == [("OPEN", None), ("TEXT", b"x"), ("DISCONNECT", None)]


def test_a_slow_reader_is_closed_and_others_are_not_held_up(backend):
    holder = Running(backend, unsent_bytes=200_000)
    try:
        with holder.connect("/slow", max_queue=1) as slow, holder.connect("/quick") as quick:
            payload = "x" * 100_000
            for _ in range(200):
                holder.publish("/slow", content=payload)
                if slow.state is not websockets.State.OPEN:
                    break
            holder.publish("/quick", content="here")
            assert quick.recv(timeout=10) == "here"
            with pytest.raises(websockets.ConnectionClosed) as closed:
                while True:
                    assert slow.recv(timeout=10) == payload
            assert code(closed)[0] == 1008
    finally:
        holder.stop()


def test_stopping_closes_every_socket_and_tells_the_backend(backend):
    holder = Running(backend, publish_needs_token="true")
    clients = [holder.connect(f"/stop/{number}") for number in range(5)]
    assert holder.publish("/stop/0", content="x")[0] == 401
    assert holder.stop() == "0 sockets left\n"
    for number, client in enumerate(clients):
        with pytest.raises(websockets.ConnectionClosed) as closed:
            client.recv(timeout=10)
        assert code(closed) == (1001, "Going away")
        assert backend.hears(f"/stop/{number}")[-1] == ("CLOSE", b"\x03\xe9Going away")


def test_idle_sockets_and_old_ones_are_told_to_go(backend):
    holder = Running(backend, idle=300, life=1500)
    try:
        with holder.connect("/idle") as idle, holder.connect("/busy") as busy:
            begun = time.monotonic()
            with pytest.raises(websockets.ConnectionClosed) as closed:
                while True:
                    busy.send("x")
                    busy.recv(timeout=10)
                    time.sleep(0.05)
            assert code(closed) == (1001, "Going away")
            assert 1.2 < time.monotonic() - begun < 10
            with pytest.raises(websockets.ConnectionClosed) as closed:
                idle.recv(timeout=0.01)
            assert code(closed) == (1001, "Going away")
    finally:
        holder.stop()


def test_a_backend_that_cannot_be_reached_is_a_bad_gateway():
    class Nowhere:
        url = f"http://127.0.0.1:{products.free_port()}"

    holder = Running(Nowhere)
    try:
        with pytest.raises(websockets.InvalidStatus) as refused:
            holder.connect("/")
        assert refused.value.response.status_code == 502
    finally:
        holder.stop()
