"""Bodies pass chunk by chunk, both ways. No test here waits for time to pass: each side goes on only when the other has
received what went before, so a gateway that held a body back would end in a time-out."""

import hashlib
import threading

import pytest

import wire
from apis import Api, http_proxy

PATIENCE = 15  # seconds, for what should take none


def connect(api, method, path, headers=()):
    connection = wire.Connection(api.product.address, PATIENCE)
    head = [("Host", api.product.host(api.id)), *headers]
    connection.send(wire.encode(method, api.product.target(api.id, f"/{api.stage}{path}"), head))
    return connection


@pytest.fixture(params=["postern", "functions"], ids=["embedded", "functions"])
def downstream(request):
    return request.getfixturevalue(request.param)


def test_an_answer_streams(downstream, backend):
    seen = [threading.Event() for _ in range(5)]

    def script(received):
        received.read()
        received.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        for number, event in enumerate(seen):
            received.send_chunk(b"data: %d\n\n" % number)
            if not event.wait(PATIENCE):
                return "close"  # The client never saw it: the test fails on its side.
        received.send(b"0\r\n\r\n")

    api = Api(downstream, {"GET /events": http_proxy(backend.url + backend.on(script))})
    # A deployment of a moment ago may not be there yet; a 403 costs nothing.
    api.settled(lambda: api.send("/none").header("x-amzn-errortype") == "MissingAuthenticationTokenException")
    with connect(api, "GET", "/events") as connection:
        head = connection.head()
        assert (head.status, head.header("content-type")) == (200, "text/event-stream")
        got, number = b"", 0
        for piece in connection.pieces(head):
            got += piece
            while number < 5 and b"data: %d\n\n" % number in got:
                seen[number].set()
                number += 1
        assert got == b"".join(b"data: %d\n\n" % number for number in range(5))


def test_a_request_streams(postern, backend):
    reached = [threading.Event() for _ in range(5)]
    total = []

    def script(received):
        for number, piece in enumerate(received.pieces()):
            total.append(piece)
            arrived = b"".join(total)
            for at, event in enumerate(reached):
                if b"piece %d;" % at in arrived:
                    event.set()
        received.answer(200, [], b"got it")

    api = Api(postern, {"POST /upload": http_proxy(backend.url + backend.on(script))})
    with connect(api, "POST", "/upload", [("Transfer-Encoding", "chunked")]) as connection:
        for number, event in enumerate(reached):
            connection.send_chunk(b"piece %d;" % number)
            assert event.wait(PATIENCE), f"piece {number} was held back"
        connection.send(b"0\r\n\r\n")
        answer = connection.answer()
    assert (answer.status, answer.body) == (200, b"got it")
    assert b"".join(total) == b"".join(b"piece %d;" % number for number in range(5))


def test_an_answer_far_larger_than_a_buffered_one_may_be(postern, backend):
    block = bytes(range(256)) * 4096  # 1 MiB
    blocks = 64

    def script(received):
        received.read()
        received.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(blocks):
            received.send_chunk(block)
        received.send(b"0\r\n\r\n")

    api = Api(postern, {"GET /big": http_proxy(backend.url + backend.on(script))})
    digest, expected, size = hashlib.sha256(), hashlib.sha256(block * blocks), 0
    with connect(api, "GET", "/big") as connection:
        head = connection.head()
        for piece in connection.pieces(head):
            digest.update(piece)
            size += len(piece)
    assert (head.status, size, digest.digest()) == (200, blocks * len(block), expected.digest())


def test_a_client_that_leaves_a_stream_frees_the_endpoint(postern, backend):
    left = threading.Event()

    def script(received):
        received.read()
        received.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        try:
            for _ in range(100_000):
                received.send_chunk(b"x" * 10_000)
        except OSError:
            left.set()
        return "close"

    api = Api(postern, {"GET /endless": http_proxy(backend.url + backend.on(script))})
    with connect(api, "GET", "/endless") as connection:
        assert connection.head().status == 200
    assert left.wait(PATIENCE)
