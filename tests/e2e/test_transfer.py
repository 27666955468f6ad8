"""`responseTransferMode`, and how much memory it takes to pass much on: next to none, whichever side is slow.

A stream's first byte is with the client before its last is made. Nothing here waits for that: a side goes on only when the
other has received what went before.
"""

import json
import re
import socket
import struct
import threading
import time
import uuid
import zlib

import pytest

import backends
import products
import wire
from apis import Api, function_arn, http_proxy
from products import REGION

PATIENCE = 15  # seconds, for what should take none
MEGABYTE = 1 << 20
GROWTH = 24 * MEGABYTE  # what a process may take more than before, in a debug build, whatever passes through it


def connect(api, path, method="GET", headers=()):
    connection = wire.Connection(api.product.address, PATIENCE)
    head = [("Host", api.product.host(api.id)), *headers]
    connection.send(wire.encode(method, api.product.target(api.id, f"/{api.stage}{path}"), head))
    return connection


class Memory:
    """What a process holds, and held at most."""

    def __init__(self, product):
        self.pid = product.program.process.pid
        with open(f"/proc/{self.pid}/clear_refs", "w") as peak:
            peak.write("5")  # The peak is counted from here on.
        self.before = self._of("VmRSS")

    def _of(self, name):
        with open(f"/proc/{self.pid}/status") as status:
            return int(re.search(rf"{name}:\s+(\d+) kB", status.read())[1]) * 1024

    def growth(self):
        return self._of("VmHWM") - self.before


@pytest.fixture(scope="module")
def fresh(folder):
    """A process of its own, that has held nothing large yet."""
    product = products.embedded(folder / "transfer")
    yield product
    product.stop()


# --- streams ---


class StreamingLambda(backends.Server):
    """Speaks Lambda's InvokeWithResponseStream, in pieces that the test lets go one by one."""

    PATH = re.compile(r"^/2021-11-15/functions/([^/]+)/response-streaming-invocations$")

    def __init__(self):
        super().__init__()
        self.functions = {}

    def function(self, pieces):
        name = f"f-{uuid.uuid4().hex[:8]}"
        self.functions[name] = pieces
        return name

    def handle(self, received):
        received.read()
        match = self.PATH.match(received.target)
        if not match:
            return received.answer(404, [("x-amzn-ErrorType", "ResourceNotFoundException")], b"{}")
        received.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.amazon.eventstream\r\nTransfer-Encoding: chunked\r\n\r\n")
        for piece in self.functions[match[1]]():
            received.send_chunk(framed("PayloadChunk", piece))
        received.send_chunk(framed("InvokeComplete", b"{}"))
        return received.send(b"0\r\n\r\n")


def framed(kind, payload):
    """A message of AWS's event stream."""
    pairs = [(":message-type", "event"), (":event-type", kind), (":content-type", "application/octet-stream")]
    headers = b"".join(
        bytes([len(name)]) + name.encode() + b"\x07" + struct.pack(">H", len(value)) + value.encode() for name, value in pairs)
    prelude = struct.pack(">II", 16 + len(headers) + len(payload), len(headers))
    message = prelude + struct.pack(">I", zlib.crc32(prelude)) + headers + payload
    return message + struct.pack(">I", zlib.crc32(message))


def aws_proxy_stream(name, **more):
    uri = f"arn:aws:apigateway:{REGION}:lambda:path/2021-11-15/functions/{function_arn(name)}/response-streaming-invocations"
    return {"type": "AWS_PROXY", "integrationHttpMethod": "POST", "uri": uri, "responseTransferMode": "STREAM", **more}


@pytest.fixture(scope="module")
def streaming(folder):
    server = StreamingLambda()
    product = products.embedded(folder / "streaming", server)
    yield server, product
    product.stop()
    server.close()


def event(number):
    return b"data: %d\n\n" % number


def in_step(seen):
    """Pieces of which each comes once the one before it is with the client."""
    for number, reached in enumerate(seen):
        yield event(number)
        if not reached.wait(PATIENCE):
            return


def read_in_step(connection, head, seen):
    got, number = b"", 0
    for piece in connection.pieces(head):
        got += piece
        while number < len(seen) and event(number) in got:
            seen[number].set()
            number += 1
    return got


def test_a_functions_stream_is_with_the_client_before_it_ends(streaming):
    server, product = streaming
    seen = [threading.Event() for _ in range(4)]
    prelude = {"statusCode": 201, "headers": {"Content-Type": "text/event-stream"}, "cookies": ["a=1", "b=2"]}

    def pieces():
        yield json.dumps(prelude).encode() + b"\0\0\0\0"
        yield b"\0\0\0\0"  # The delimiter may come in two.
        yield from in_step(seen)

    api = Api(product, {"GET /f": aws_proxy_stream(server.function(pieces), timeoutInMillis=900_000)})
    with connect(api, "/f") as connection:
        head = connection.head()
        assert (head.status, head.header("content-type"), head.all("set-cookie")) == (201, "text/event-stream", ["a=1", "b=2"])
        assert head.header("transfer-encoding") == "chunked"
        assert read_in_step(connection, head, seen) == b"".join(map(event, range(4)))


def test_a_function_that_does_not_stream_as_it_should_is_an_error_of_the_gateway(streaming):
    server, product = streaming
    api = Api(product, {"GET /f": aws_proxy_stream(server.function(lambda: [b'{"statusCode": 200}', b"no delimiter"]))})
    answer = api.send("/f")
    assert (answer.status, answer.body) == (500, b'{"message": "Internal server error"}')


@pytest.mark.parametrize("mode", [{}, {"responseTransferMode": "STREAM", "timeoutInMillis": 900_000}], ids=["unsaid", "stream"])
def test_an_endpoints_stream_is_with_the_client_before_it_ends(postern, backend, mode):
    seen = [threading.Event() for _ in range(4)]

    def script(received):
        received.read()
        received.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        for piece in in_step(seen):
            received.send_chunk(piece)
        received.send(b"0\r\n\r\n")

    api = Api(postern, {"GET /events": http_proxy(backend.url + backend.on(script), **mode)})
    with connect(api, "/events") as connection:
        head = connection.head()
        assert read_in_step(connection, head, seen) == b"".join(map(event, range(4)))


def test_a_buffered_answer_is_whole_or_is_none(postern, backend):
    def of(size, pause=0.0):
        def script(received):
            received.read()
            received.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
            received.send(b"x")
            time.sleep(pause)
            received.send(b"x" * (size - 1))

        return http_proxy(backend.url + backend.on(script), responseTransferMode="BUFFERED", timeoutInMillis=500 if pause else 29_000)

    api = Api(postern, {"GET /most": of(10 * MEGABYTE), "GET /more": of(10 * MEGABYTE + 1), "GET /late": of(10, 1.5)})
    assert len(api.send("/most").body) == 10 * MEGABYTE
    answer = api.send("/more")
    assert (answer.status, answer.body) == (500, b'{"message": "Internal server error"}')
    answer = api.send("/late")
    assert (answer.status, answer.body) == (504, b'{"message": "Endpoint request timed out"}')


# --- memory ---


def test_a_gigabyte_passes_in_next_to_no_memory_although_the_client_is_slow_to_begin(fresh, backend):
    total, block, written = 1 << 30, bytes(MEGABYTE), [0]

    def script(received):
        received.read()
        received.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % total)
        for _ in range(total // len(block)):
            received.send(block)
            written[0] += len(block)

    api = Api(fresh, {"GET /big": http_proxy(backend.url + backend.on(script)), "GET /small": http_proxy(backend.url)})
    assert api.send("/small").status == 200
    memory = Memory(fresh)
    with connect(api, "/big") as connection:
        head = connection.head()
        time.sleep(0.5)
        assert written[0] < 64 * MEGABYTE, "the backend was read from faster than the client reads"
        left, buffer = total - len(connection.reader.peek()), bytearray(MEGABYTE)
        assert head.status == 200
        while left:
            got = connection.socket.recv_into(buffer, min(left, len(buffer)))
            assert got, f"{left} bytes are missing"
            left -= got
    assert memory.growth() < GROWTH


def test_uploads_pass_in_next_to_no_memory(fresh, backend):
    size, count, block = 10 * MEGABYTE, 20, bytes(64 << 10)
    arrived = []

    def script(received):
        arrived.append(sum(map(len, received.pieces())))
        received.answer(200, [], b"")

    api = Api(fresh, {"POST /up": http_proxy(backend.url + backend.on(script))})
    memory = Memory(fresh)
    with wire.Connection(fresh.address, PATIENCE) as connection:
        for _ in range(count):
            head = [("Host", fresh.host(api.id)), ("Content-Length", str(size))]
            connection.send(wire.encode("POST", fresh.target(api.id, f"/{api.stage}/up"), head))
            for _ in range(size // len(block)):
                connection.send(block)
            assert connection.answer().status == 200
    assert arrived == [size] * count
    assert memory.growth() < GROWTH


def test_an_upload_that_is_too_long_is_refused_before_it_is_read(fresh, backend):
    api = Api(fresh, {"POST /up": http_proxy(backend.url)})
    memory = Memory(fresh)
    with connect(api, "/up", "POST", [("Content-Length", str(1 << 30))]) as connection:
        assert connection.head().status == 413
    assert memory.growth() < GROWTH


def test_many_slow_backends_take_little_memory_each(fresh, backend):
    count, drops = 100, 10
    gate = threading.Barrier(count)

    def script(received):
        received.read()
        received.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        gate.wait(PATIENCE)
        for _ in range(drops):
            received.send_chunk(b"x")
            time.sleep(0.05)
        received.send(b"0\r\n\r\n")

    api = Api(fresh, {"GET /drip": http_proxy(backend.url + backend.on(script), responseTransferMode="STREAM")})
    memory = Memory(fresh)
    connections = [connect(api, "/drip") for _ in range(count)]
    for connection in connections:
        with connection:
            head = connection.head()
            assert (head.status, b"".join(connection.pieces(head))) == (200, b"x" * drops)
    assert memory.growth() < GROWTH + count * (64 << 10)


def test_a_client_that_reads_nothing_holds_nothing(fresh, backend):
    """Not even where the backend's answer would be endless."""
    written = [0]

    def script(received):
        received.read()
        received.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        try:
            while True:
                received.send_chunk(bytes(MEGABYTE))
                written[0] += MEGABYTE
        except OSError:
            return "close"

    api = Api(fresh, {"GET /endless": http_proxy(backend.url + backend.on(script))})
    memory = Memory(fresh)
    with connect(api, "/endless") as connection:
        connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        assert connection.head().status == 200
        before = -1
        deadline = time.monotonic() + PATIENCE
        while before != written[0]:
            assert time.monotonic() < deadline, f"{written[0]} bytes were taken"
            before = written[0]
            time.sleep(0.3)
    assert memory.growth() < GROWTH
