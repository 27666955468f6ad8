"""What holds sockets in these tests: `postern sockets`, and Pushpin from Debian's packages, each in front of a backend."""

import json
import pathlib
import random
import re
import signal
import socket
import urllib.error
import urllib.parse
import urllib.request

import websockets.sync.client

import products
from products import PROGRAMS, Program, free_port

KEY = "a key of holder and functions"


def listens(port, seconds=15):
    products.eventually(lambda: socket.create_connection(("127.0.0.1", port), 1).close() or True, seconds)


def answers(port, seconds=15):
    """Waits until whoever listens there answers: Pushpin's own front listens before there is anybody behind it."""
    def answered():
        with socket.create_connection(("127.0.0.1", port), 1) as client:
            client.settimeout(5)
            client.sendall(b"GET / HTTP/1.1\r\nHost: ready\r\nConnection: close\r\n\r\n")
            return client.recv(1)

    products.eventually(answered, seconds)


def is_free(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


class Holder:
    """Clients connect to `port`; functions publish at `control`, and know it as `name`."""

    name = ""

    def connect(self, path="/dev", **more):
        more = {"compression": None, "ping_interval": None, **more}
        return websockets.sync.client.connect(f"ws://127.0.0.1:{self.port}{path}", legacy=True, **more)

    def setting(self):
        return f"{self.name}=http://127.0.0.1:{self.control}"


class Own(Holder):
    name = "own"

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.port, self.control = free_port(), free_port()

    def start(self, backend, *options):
        self.program = Program(
            [PROGRAMS / "postern", "sockets", "--backend", backend, "--name", self.name, "--listen", f"127.0.0.1:{self.port}",
             "--control", f"127.0.0.1:{self.control}", *options],
            self.folder / "sockets.log", {"POSTERN_SOCKETS_KEY": KEY})
        listens(self.port)
        return self

    def stop(self, how=signal.SIGTERM):
        return self.program.stop(how, 15)


class Pushpin(Holder):
    name = "pushpin"

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.port = free_port()
        # It moves every port that Pushpin listens on but the one for clients: to where no connection of others begins.
        self.offset = next(offset for offset in random.sample(range(3_000, 20_000, 10), 100)
                           if all(is_free(port + offset) for port in range(5560, 5564)))
        self.control = 5561 + self.offset

    def start(self, backend):
        url = urllib.parse.urlsplit(backend)
        files = self.folder / "pushpin"
        for one in ("run", "log"):
            (files / one).mkdir(parents=True, exist_ok=True)
        # A Function URL has no path of its own; on the emulator it begins with the function's name.
        prefix = f",path_beg=/,replace_beg={url.path.rstrip('/')}/" if url.path.strip("/") else ""
        (files / "routes").write_text(f"*{prefix} {url.netloc},over_http\n")
        settings = {
            "http_port": self.port, "routesfile": files / "routes", "rundir": files / "run", "logdir": files / "log",
            "port_offset": self.offset, "sig_key": KEY, "services": "condure,pushpin-proxy,pushpin-handler",
            "x_forwarded_for": "append", "message_rate": 100_000, "message_hwm": 100_000,
        }
        config = pathlib.Path("/etc/pushpin/pushpin.conf").read_text()
        for name, value in settings.items():
            config, found = re.subn(rf"(?m)^#?{name}=.*$", f"{name}={value}", config)
            assert found, name
        # zurl is Debian's own way of calling backends, and stands where its own configuration says.
        zurl = pathlib.Path("/etc/zurl.conf").read_text().replace("/var/run/zurl/", f"{files}/run/")
        specs = {"zurl_out_specs": "in", "zurl_out_stream_specs": "in-stream", "zurl_in_specs": "out"}
        lines = "".join(f"{name}=ipc://{files}/run/zurl-{end}\n" for name, end in specs.items())
        (files / "zurl.conf").write_text(zurl)
        (files / "pushpin.conf").write_text(config.replace("[proxy]\n", f"[proxy]\n{lines}"))
        self.programs = [Program(["zurl", f"--config={files}/zurl.conf"], self.folder / "zurl.log")]
        products.eventually(lambda: (files / "run" / "zurl-in").exists())
        self.programs.append(Program(["pushpin", f"--config={files}/pushpin.conf"], self.folder / "pushpin.log"))
        listens(self.control)
        answers(self.port)
        return self

    def stop(self, how=signal.SIGTERM):
        for program in reversed(self.programs):
            program.stop(how)


class Line:
    """The example of the crate: a small line of its own instead of APIs."""

    def __init__(self, folder, *holders, port=None, settings=()):
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        arguments = [f"127.0.0.1:{self.port}", KEY, ",".join(holder.setting() for holder in holders), *settings]
        self.program = Program([PROGRAMS / "examples" / "line", *arguments], pathlib.Path(folder) / "line.log")
        listens(self.port)

    def told(self, id):
        """What the line was told of a connection, without its id."""
        text = urllib.request.urlopen(f"{self.url}/told", timeout=5).read().decode()
        lines = [line.split(" ", 2) for line in text.splitlines()]
        return [" ".join([what, *rest]).rstrip() for what, one, *rest in lines if one == id]

    def stop(self):
        self.program.stop()


def publish(url, channel, **message):
    """Past Postern, as nobody should be able to."""
    items = {"items": [{"channel": channel, "formats": {"ws-message": message}}]}
    try:
        return urllib.request.urlopen(f"{url}/publish/", json.dumps(items).encode(), timeout=5).status
    except urllib.error.HTTPError as refused:
        return refused.code
