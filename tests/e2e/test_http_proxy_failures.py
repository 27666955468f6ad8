"""HTTP_PROXY: endpoints that do not answer, or answer badly."""

import socket
import threading
import time

import pytest

import wire
from apis import Api, http_proxy
from products import free_port

NETWORK = (504, b'{"message": "Network error communicating with endpoint"}')
TIMEOUT = (504, b'{"message": "Endpoint request timed out"}')
INTERNAL = (500, b'{"message": "Internal server error"}')


def ask(postern, integration, **more):
    answer = Api(postern, {"ANY /x": integration}).send("/x", **more)
    assert answer.header("x-amzn-errortype") == "InternalServerErrorException", answer
    assert answer.header("content-type") == "application/json"
    return answer.status, answer.body


def test_a_refused_connection(postern):
    assert ask(postern, http_proxy(f"http://127.0.0.1:{free_port()}/")) == NETWORK


def test_a_name_without_an_address(postern):
    assert ask(postern, http_proxy("http://no-such-host.invalid/")) == INTERNAL


def test_an_endpoint_that_speaks_no_tls(postern):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        def answer_in_plain_text():
            accepted, _ = listener.accept()
            accepted.recv(65536)
            accepted.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
            accepted.close()

        threading.Thread(target=answer_in_plain_text, daemon=True).start()
        assert ask(postern, http_proxy(f"https://127.0.0.1:{listener.getsockname()[1]}/")) == NETWORK


def test_a_connection_that_ends_before_the_answer(postern, backend):
    path = backend.on(lambda received: "close")
    assert ask(postern, http_proxy(backend.url + path)) == NETWORK


def test_an_answer_that_is_not_http(postern, backend):
    def script(received):
        received.send(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")
        return "close"

    assert ask(postern, http_proxy(backend.url + backend.on(script))) == NETWORK


def test_an_endpoint_that_is_too_slow(postern, backend):
    path = backend.on(lambda received: (received.read(), time.sleep(3), "close")[-1])
    began = time.monotonic()
    assert ask(postern, http_proxy(backend.url + path, timeoutInMillis=300)) == TIMEOUT
    assert 0.3 <= time.monotonic() - began < 2


def test_a_placeholder_that_nothing_fills(postern, backend):
    assert ask(postern, http_proxy(backend.url + "/{nobody}")) == INTERNAL


def test_an_answer_that_breaks_off_is_not_taken_for_whole(postern, backend):
    def script(received):
        received.read()
        received.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this")
        return "close"

    api = Api(postern, {"GET /x": http_proxy(backend.url + backend.on(script))})
    try:
        answer = api.send("/x")
    except (ConnectionError, ValueError, AssertionError):
        return  # The client was told by the connection's end.
    assert answer.status == 504, answer


def test_a_connection_that_the_endpoint_closed_while_idle_is_not_an_error(postern, backend):
    """Every request finds the pooled connection gone."""
    def script(received):
        received.read()
        received.answer(200, [], b"ok")
        return "close"

    api = Api(postern, {"GET /x": http_proxy(backend.url + backend.on(script))})
    for _ in range(10):
        time.sleep(0.05)  # So that the closing has arrived: a request that crosses it on the way may fail.
        answer = api.send("/x")
        assert (answer.status, answer.body) == (200, b"ok"), answer


def test_one_slow_endpoint_holds_up_nobody_else(postern, backend):
    release = threading.Event()
    slow = backend.on(lambda received: (received.read(), release.wait(20), received.answer(200))[-1])
    api = Api(postern, {"GET /slow": http_proxy(backend.url + slow), "GET /quick": http_proxy(backend.url + "/quick")})
    waiting = [threading.Thread(target=api.send, args=("/slow",), daemon=True) for _ in range(40)]
    for one in waiting:
        one.start()
    try:
        began = time.monotonic()
        assert api.send("/quick").status == 200
        assert time.monotonic() - began < 5
    finally:
        release.set()
    for one in waiting:
        one.join(20)
        assert not one.is_alive()


@pytest.mark.parametrize("count", [1, 200])
def test_a_client_that_leaves_takes_nothing_with_it(postern, backend, count):
    path = backend.replies(200, [], b"x" * 100_000)
    api = Api(postern, {"GET /x": http_proxy(backend.url + path)})
    for _ in range(count):
        with wire.Connection(postern.address) as connection:
            connection.send(wire.encode("GET", "/test/x", [("Host", postern.host(api.id))]))
    assert api.send("/x").status == 200
