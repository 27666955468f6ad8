"""WebSocket APIs as a page sees them: headless Chromium's own WebSocket, which no test can make lenient."""

import json
import pathlib
import queue
import shutil
import urllib.parse

import pytest

from backends import Server
from products import Program
from test_sockets import Chat, Way

PAGE = pathlib.Path(__file__).parent / "socket_page.html"


class Site(Server):
    """Has the page, and takes what it saw."""

    def __init__(self):
        super().__init__()
        self.results = queue.Queue()

    def handle(self, received):
        body = received.read()
        if received.method == "POST":
            self.results.put(json.loads(body))
            return received.answer(204)
        page = PAGE.read_bytes() if received.path == "/" else b""
        return received.answer(200 if page else 404, [("Content-Type", "text/html; charset=utf-8")], page)


@pytest.fixture(scope="module")
def chat(postern, lambdas):
    way = Way(postern, f"ws://127.0.0.1:{postern.port}", f"http://127.0.0.1:{postern.port}", ("any", "any"))
    chat = Chat(way, lambdas, "$connect", "$disconnect", "$default", "push", "end")
    sender = way.sender(chat)

    def connect(event):
        if event["queryStringParameters"] != {"user": "7"}:
            return {"statusCode": 403}
        offered = "Sec-WebSocket-Protocol" in event["headers"]
        return {"statusCode": 200, **({"headers": {"Sec-WebSocket-Protocol": "chat2"}} if offered else {})}

    def push(event):
        sender.post_to_connection(ConnectionId=event["requestContext"]["connectionId"], Data="pushed ü".encode())
        return {"statusCode": 200, "body": "answered"}

    def end(event):
        sender.delete_connection(ConnectionId=event["requestContext"]["connectionId"])
        return {"statusCode": 200}

    chat.on = {"$connect": connect, "push": push, "end": end}
    chat.settled(lambda: way.connect(chat, "?user=7").close() or True)
    return chat


@pytest.fixture(scope="module")
def seen(chat, folder):
    """What the page saw, case by case."""
    site = Site()
    browser = shutil.which("chromium-headless-shell") or shutil.which("chromium")
    assert browser, "Chromium is not installed: `tests/run e2e` installs it"
    page = f"{site.url}/?" + urllib.parse.urlencode({"api": f"{chat.way.clients}/_api/{chat.id}/dev"})
    home = folder / "browser"
    program = Program(
        [browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--remote-debugging-port=0",
         f"--user-data-dir={home / 'profile'}", page],
        home / "browser.log")
    try:
        yield site.results.get(timeout=60)
    except queue.Empty:
        pytest.fail(f"the page told nothing:\n{program.text()[-2000:]}")
    finally:
        program.stop()
        site.close()


def test_a_page_talks(seen):
    opened, hi, bird, long, closed = seen["talks"]
    # No extension is offered back, whatever a browser asks for. What the empty message makes of its function's answer is nothing.
    assert opened == ["open", "chat2", ""]
    assert (hi, bird) == (["message", "string", "hi"], ["message", "string", "ünï 🐦"])
    assert long == ["message", "string", "x" * 30_000]
    assert closed == ["close", 4001, "bye", True]


def test_a_function_hears_a_pages_end(seen, chat):
    assert (4001, "bye") in [(end["disconnectStatusCode"], end["disconnectReason"])
                             for end in (event["requestContext"] for event in chat.of("$disconnect"))]
    connected = chat.of("$connect")[-1]
    assert "HeadlessChrome" in connected["requestContext"]["identity"]["userAgent"]
    assert connected["headers"]["Origin"].startswith("http://127.0.0.1:")


def test_a_page_is_pushed_to(seen):
    assert seen["pushed"] == [["message", "string", "pushed ü"], ["message", "string", "answered"], ["close", 1005, "", True]]


def test_a_page_is_told_why_its_socket_ended(seen):
    assert seen["deleted"] == [["close", 1000, "Connection Closed Normally", True]]
    assert seen["binary"] == [["close", 1003, "Binary is not supported", True]]
    assert [one[:2] for one in seen["long"]] == [["close", 1009]]


def test_a_page_that_is_refused_sees_an_error(seen):
    # Why, no browser tells a page.
    assert seen["refused"] == [["error"], ["close", 1006, "", False]]
