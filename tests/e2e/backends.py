"""What stands behind the gateway in these tests: an HTTP server and a Lambda endpoint.

Both speak from threads of the test process. They record what reached them, and answer as a test says.
"""

import base64
import dataclasses
import json
import re
import socket
import threading
import time
import urllib.parse
import uuid

import wire


@dataclasses.dataclass
class Received:
    method: str
    target: str
    headers: list
    connection: object
    body: bytes = b""
    at: float = 0.0

    def all(self, name):
        return [value for known, value in self.headers if known.lower() == name.lower()]

    def header(self, name):
        values = self.all(name)
        assert len(values) <= 1, f"{name} came {len(values)} times: {self.headers}"
        return values[0] if values else None

    @property
    def path(self):
        return self.target.partition("?")[0]

    @property
    def query(self):
        return urllib.parse.parse_qs(self.target.partition("?")[2], keep_blank_values=True)

    def pieces(self):
        """The body of the request as it arrives."""
        reader = self.connection
        if (self.header("transfer-encoding") or "").lower() == "chunked":
            while size := int(reader.line().split(b";")[0], 16):
                yield reader.reader.read(size)
                assert reader.line() == b""
            while reader.line():
                pass
        else:
            left = int(self.header("content-length") or 0)
            while left:
                piece = reader.reader.read1(min(left, 65536))
                if not piece:
                    raise ConnectionError("the request ended early")
                left -= len(piece)
                yield piece

    def read(self):
        self.body = b"".join(self.pieces())
        return self.body

    def send(self, data):
        self.connection.send(data)

    def send_chunk(self, data):
        self.connection.send_chunk(data)

    def answer(self, status=200, headers=(), body=b""):
        head = [f"HTTP/1.1 {status} Whatever"] + [f"{name}: {value}" for name, value in headers]
        if not any(name.lower() in ("content-length", "transfer-encoding") for name, _ in headers):
            head.append(f"Content-Length: {len(body)}")
        self.send("\r\n".join(head).encode("latin-1") + b"\r\n\r\n" + (b"" if self.method == "HEAD" else body))


class _Accepted(wire.Connection):
    def __init__(self, accepted):
        self.socket = accepted
        self.socket.settimeout(60)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.reader = accepted.makefile("rb")

    def received(self):
        first = self.reader.readline()
        if not first:
            return None
        method, target, _ = first.decode("latin-1").split(" ", 2)
        headers = []
        while line := self.line():
            name, _, value = line.decode("latin-1").partition(":")
            headers.append((name, value.strip()))
        return Received(method, target, headers, self, at=time.monotonic())


class Server:
    """Threads, one per connection; connections stay open, as a gateway that pools them expects."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = self.listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.requests = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                accepted, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(accepted,), daemon=True).start()

    def _serve(self, accepted):
        connection = _Accepted(accepted)
        try:
            while received := connection.received():
                self.requests.append(received)
                if self.handle(received) == "close":
                    break
        except (OSError, ValueError):
            pass  # The gateway hung up: that is its right, and the test sees it from the other side.
        finally:
            connection.close()

    def close(self):
        self.listener.close()


class Backend(Server):
    """Echoes what it saw as JSON, unless a test gave a path an answer of its own."""

    def __init__(self):
        super().__init__()
        self.scripts = {}

    def on(self, script):
        """A fresh path that is answered by `script(received)`."""
        path = f"/scripted/{uuid.uuid4().hex[:8]}"
        self.scripts[path] = script
        return path

    def replies(self, status=200, headers=(), body=b""):
        def script(received):
            received.read()
            received.answer(status, headers, body)

        return self.on(script)

    def handle(self, received):
        for path, script in self.scripts.items():
            if received.path.startswith(path):
                return script(received)
        received.read()
        seen = {
            "method": received.method,
            "target": received.target,
            "headers": received.headers,
            "body": base64.b64encode(received.body).decode(),
        }
        received.answer(200, [("Content-Type", "application/json")], json.dumps(seen).encode())


class Seen:
    """What the echo says it saw."""

    def __init__(self, answer):
        assert answer.status == 200, answer
        seen = answer.json()
        self.method, self.target, self.headers = seen["method"], seen["target"], seen["headers"]
        self.body = base64.b64decode(seen["body"])

    all = Received.all
    header = Received.header
    path = Received.path
    query = Received.query


@dataclasses.dataclass
class Reply:
    """What the Lambda service says to an invocation."""

    payload: object = None  # JSON, unless it is bytes
    status: int = 200
    error: str = ""  # X-Amz-Function-Error
    type: str = ""  # x-amzn-ErrorType
    wait: float = 0.0


@dataclasses.dataclass
class Invocation:
    name: str
    qualifier: str
    headers: list
    payload: bytes

    @property
    def event(self):
        return json.loads(self.payload)

    header = Received.header
    all = Received.all


class LambdaEndpoint(Server):
    """Speaks Lambda's Invoke as the service does: 200 for function errors too, 429, 403 and 404 as the service's own."""

    PATH = re.compile(r"^/2015-03-31/functions/([^/]+)/invocations(?:\?(.*))?$")

    def __init__(self):
        super().__init__()
        self.functions = {}
        self.invocations = []

    def function(self, answer, name=None):
        """Makes a function. `answer` is a Reply, or JSON to return, or a callable from the event to either."""
        name = name or f"f-{uuid.uuid4().hex[:8]}"
        self.functions[name] = answer
        return name

    def last(self, name):
        return [one for one in self.invocations if one.name == name][-1]

    def handle(self, received):
        payload = received.read()
        match = self.PATH.match(received.target)
        if received.method != "POST" or not match:
            return self._fail(received, 404, "ResourceNotFoundException", f"no such path: {received.target}")
        name, qualifier = urllib.parse.unquote(match[1]), urllib.parse.parse_qs(match[2] or "").get("Qualifier", [""])[0]
        if name.startswith("arn:"):
            parts = name.split(":")
            name, qualifier = parts[6], (parts[7] if len(parts) > 7 else qualifier)
        elif ":" in name:
            name, _, qualifier = name.partition(":")
        self.invocations.append(Invocation(name, qualifier, received.headers, payload))
        if name not in self.functions:
            return self._fail(received, 404, "ResourceNotFoundException", f"Function not found: {name}")
        reply = self.functions[name]
        if callable(reply):
            reply = reply(json.loads(payload))
        if not isinstance(reply, Reply):
            reply = Reply(reply)
        time.sleep(reply.wait)
        if reply.type:
            return self._fail(received, reply.status, reply.type, reply.payload)
        headers = [("Content-Type", "application/json"), ("X-Amz-Executed-Version", "$LATEST"),
                   ("x-amzn-RequestId", str(uuid.uuid4()))]
        if reply.error:
            headers.append(("X-Amz-Function-Error", reply.error))
        body = reply.payload if isinstance(reply.payload, bytes) else json.dumps(reply.payload).encode()
        return received.answer(reply.status, headers, body)

    @staticmethod
    def _fail(received, status, kind, message):
        body = json.dumps({"Type": "User", "message": message}).encode()
        received.answer(status, [("Content-Type", "application/json"), ("x-amzn-ErrorType", kind)], body)
