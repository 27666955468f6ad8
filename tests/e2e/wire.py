"""An HTTP/1.1 client that sends exactly the bytes it is given and shows exactly what came back.

Libraries tidy up: they merge headers, resolve dots in paths, refuse odd targets. A gateway is judged by what is on the
wire, so this client adds nothing on its own but `Host`, and `Content-Length` where there is a body.
"""

import dataclasses
import json
import socket


@dataclasses.dataclass
class Answer:
    status: int
    reason: str
    headers: list  # of (name, value), as they arrived
    body: bytes = b""

    def all(self, name):
        return [value for known, value in self.headers if known.lower() == name.lower()]

    def header(self, name):
        """The only value of a header, or None. Two are a failure, because clients see only one of them."""
        values = self.all(name)
        assert len(values) <= 1, f"{name} came {len(values)} times: {self.headers}"
        return values[0] if values else None

    def json(self):
        return json.loads(self.body)

    def __str__(self):
        return f"{self.status} {self.reason}\n{self.headers}\n{self.body[:2000]!r}"


class Connection:
    """One connection. Reads a head, then a body piece by piece, each piece as soon as it is there."""

    def __init__(self, address, timeout=30):
        self.socket = socket.create_connection(address, timeout=timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.reader = self.socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.reader.close()
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def send_chunk(self, data):
        self.send(b"%x\r\n%s\r\n" % (len(data), data))

    def line(self):
        line = self.reader.readline()
        if not line.endswith(b"\r\n"):
            raise ConnectionError(f"the connection ended in {line!r}")
        return line[:-2]

    def head(self):
        while True:
            status_line = self.line().decode("latin-1").split(" ", 2)
            headers = []
            while line := self.line():
                name, _, value = line.decode("latin-1").partition(":")
                headers.append((name, value.strip()))
            answer = Answer(int(status_line[1]), status_line[2] if len(status_line) > 2 else "", headers)
            if answer.status >= 200:
                return answer

    def pieces(self, answer, method="GET"):
        """The body as it arrives; for a chunked one, chunk by chunk."""
        if method == "HEAD" or answer.status in (204, 304):
            return
        if (answer.header("transfer-encoding") or "").lower() == "chunked":
            while size := int(self.line().split(b";")[0], 16):
                yield self.reader.read(size)
                assert self.line() == b""
            while self.line():
                pass
        elif (length := answer.header("content-length")) is not None:
            left = int(length)
            while left:
                piece = self.reader.read1(min(left, 65536))
                if not piece:
                    raise ConnectionError(f"the body ended {left} bytes early")
                left -= len(piece)
                yield piece
        else:
            while piece := self.reader.read1(65536):
                yield piece

    def answer(self, method="GET"):
        answer = self.head()
        answer.body = b"".join(self.pieces(answer, method))
        return answer


def encode(method, target, headers=(), body=None):
    lines = [f"{method} {target} HTTP/1.1".encode("latin-1") if isinstance(target, str) else
             method.encode() + b" " + target + b" HTTP/1.1"]
    for name, value in headers:
        lines.append(name.encode("latin-1") + b": " + (value if isinstance(value, bytes) else value.encode("utf-8")))
    if body is not None and not any(name.lower() in ("content-length", "transfer-encoding") for name, _ in headers):
        lines.append(b"Content-Length: %d" % len(body))
    return b"\r\n".join(lines) + b"\r\n\r\n" + (body or b"")


def exchange(address, method, target, headers=(), body=None, timeout=30):
    with Connection(address, timeout) as connection:
        connection.send(encode(method, target, headers, body))
        return connection.answer(method)
