"""Postern as a process: what survives a crash, and what it says when it cannot start or is told to stop."""

import signal
import socket
import threading
import time

import pytest
from botocore.exceptions import BotoCoreError, ClientError

import products
import wire
from apis import Api, http_proxy, mock
from products import PROGRAMS, Program


@pytest.fixture
def own(tmp_path):
    """A Postern of the test's own."""
    product = products.embedded(tmp_path)
    yield product
    if product.program.alive():
        product.stop(signal.SIGKILL)


def test_nothing_acknowledged_is_lost_in_a_crash(own):
    acknowledged = []
    for crash in range(3):
        stop = threading.Event()

        def create(worker):
            client = own.client()
            number = 0
            while not stop.is_set():
                name = f"crash-{crash}-{worker}-{number}"
                try:
                    made = client.create_rest_api(name=name)
                    client.create_resource(restApiId=made["id"], parentId=made["rootResourceId"], pathPart="p")
                except (BotoCoreError, ClientError):
                    return
                acknowledged.append((made["id"], name))
                number += 1

        workers = [threading.Thread(target=create, args=(worker,)) for worker in range(4)]
        before = len(acknowledged)
        for worker in workers:
            worker.start()
        products.eventually(lambda: len(acknowledged) >= before + 40, 30)
        own.stop(signal.SIGKILL)
        stop.set()
        for worker in workers:
            worker.join()
        own.start()
        client = own.client()
        for id, name in acknowledged:
            assert client.get_rest_api(restApiId=id)["name"] == name
            assert {one["path"] for one in client.get_resources(restApiId=id)["items"]} == {"/", "/p"}


def test_a_deployed_stage_answers_after_a_restart(own):
    api = Api(own, {"GET /m": mock()})
    assert api.send("/m").status == 200
    own.stop()
    own.start()
    assert api.send("/m").status == 200


def test_memory_forgets(tmp_path):
    product = products.Dev(tmp_path, "--memory", name="memory")
    api = Api(product, {"GET /m": mock()})
    assert api.send("/m").status == 200
    product.stop()
    product.start()
    assert product.client().get_rest_apis()["items"] == []
    product.stop()


def refused(program, *words):
    """The program ended by itself, soon, not well, and says why in these words."""
    try:
        code = program.process.wait(10)
    finally:
        program.process.kill()
    said = program.text()
    assert code not in (0, 101) and code > 0, f"{code}: {said}"
    assert "panicked" not in said
    for word in words:
        assert str(word) in said, f"`{word}` is missing in: {said}"
    assert len(said.strip().splitlines()) <= 12, said


def test_a_second_process_on_the_same_data_says_so(own, tmp_path):
    data = tmp_path / "data"
    second = Program([PROGRAMS / "postern", "dev", "--listen", f"127.0.0.1:{products.free_port()}", "--data", data],
                     tmp_path / "second" / "log")
    refused(second, data)
    assert own.client().get_rest_apis()["items"] == []


def test_a_taken_port_is_named(own, tmp_path):
    second = Program([PROGRAMS / "postern", "dev", "--listen", f"127.0.0.1:{own.port}", "--data", tmp_path / "other"],
                     tmp_path / "second" / "log")
    refused(second, f"127.0.0.1:{own.port}")


@pytest.mark.parametrize("arguments, words", [
    (["dev", "--listen", "nonsense"], ["nonsense"]),
    (["dev", "--no-such-option"], ["--no-such-option"]),
    (["dev", "--store", "paper"], ["paper"]),
    (["no-such-command"], ["no-such-command"]),
], ids=["listen", "option", "store", "command"])
def test_a_wrong_argument_is_named(tmp_path, arguments, words):
    refused(Program([PROGRAMS / "postern", *arguments], tmp_path / "log"), *words)


def test_data_that_is_a_file_is_named(tmp_path):
    (tmp_path / "data").write_text("not a store")
    refused(Program([PROGRAMS / "postern", "dev", "--listen", f"127.0.0.1:{products.free_port()}", "--data", tmp_path / "data"],
                    tmp_path / "log"), tmp_path / "data")


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_it_stops_at_once_and_well_when_told_to(own, how):
    # Idle connections hold nothing up: neither fresh ones nor one that was used.
    idle = [socket.create_connection(own.address) for _ in range(5)]
    with wire.Connection(own.address) as connection:
        connection.send(wire.encode("GET", "/_postern/health", [("Host", "localhost")]))
        assert connection.answer().status == 200
        began = time.monotonic()
        assert own.stop(how) == 0
        assert time.monotonic() - began < 2
    for one in idle:
        one.close()


def test_a_request_that_never_ends_delays_the_stop_only_so_long(own):
    with socket.create_connection(own.address) as half:
        half.sendall(b"GET / HTTP/1.1\r\nHost: loc")
        time.sleep(0.2)
        began = time.monotonic()
        assert own.stop() == 0
        assert time.monotonic() - began < 8


def test_a_request_under_way_is_answered_before_it_stops(own, backend):
    began, release = threading.Event(), threading.Event()

    def script(received):
        began.set()
        release.wait(20)
        received.answer(200, [], b"in time")

    api = Api(own, {"GET /s": http_proxy(backend.url + backend.on(script))})
    answers = []
    asker = threading.Thread(target=lambda: answers.append(api.send("/s")))
    asker.start()
    assert began.wait(10)
    own.program.process.send_signal(signal.SIGTERM)
    time.sleep(0.3)
    release.set()
    asker.join(20)
    assert [(one.status, one.body) for one in answers] == [(200, b"in time")]
    assert own.program.process.wait(10) == 0


def test_a_first_start_says_where_it_is(own):
    assert str(own.port) in own.program.text()


def test_help_and_version_are_there(tmp_path):
    for argument in ("--help", "--version"):
        program = Program([PROGRAMS / "postern", argument], tmp_path / f"log{argument}")
        assert program.process.wait(10) == 0
        assert "postern" in program.text().lower()
