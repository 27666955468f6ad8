"""Postern as its users run it: one process on the embedded store, the same on DynamoDB, and the functions of a deployment."""

import contextlib
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.parse

import boto3
import botocore.config

import wire

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAMS = ROOT / "target" / "debug"
SCRATCH = ROOT / ".tests"
ACCOUNT = "123456789012"
REGION = "eu-west-1"

# Nobody's own configuration reaches a test.
ENVIRONMENT = {
    "PATH": f"{SCRATCH / 'tools' / 'bin'}:{os.environ['PATH']}",
    "HOME": os.environ.get("HOME", "/"),
    # `cargo lambda` finds its toolchain by them.
    **{name: value for name in ("RUSTUP_HOME", "RUSTUP_TOOLCHAIN", "CARGO_HOME") if (value := os.environ.get(name))},
    "LANG": "C.UTF-8",
    "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "AWS_REGION": REGION,
    "AWS_DEFAULT_REGION": REGION,
    "AWS_CONFIG_FILE": "/dev/null",
    "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
    "AWS_EC2_METADATA_DISABLED": "true",
    "RUST_BACKTRACE": "1",
}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def eventually(claim, seconds=15):
    """The first true value of `claim()`, tried again until the time is up; then its last failure is raised."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            if value := claim():
                return value
            failure = AssertionError(f"not within {seconds} s")
        except (AssertionError, OSError) as error:
            failure = error
        if time.monotonic() > deadline:
            raise failure
        time.sleep(0.05)


def client(endpoint, service="apigateway", **config):
    """An unmodified boto3 client. It retries nothing, so that every failure is seen."""
    return boto3.client(
        service,
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id=ENVIRONMENT["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=ENVIRONMENT["AWS_SECRET_ACCESS_KEY"],
        config=botocore.config.Config(retries={"max_attempts": 0}, max_pool_connections=50, **config),
    )


class Program:
    """A process and its log."""

    def __init__(self, arguments, log, environment=None):
        self.log = pathlib.Path(log)
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as file:
            self.process = subprocess.Popen(
                [str(one) for one in arguments],
                stdout=file,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                env={**ENVIRONMENT, **(environment or {})},
                cwd=self.log.parent,
            )

    def text(self):
        return self.log.read_text(errors="replace")

    def alive(self):
        return self.process.poll() is None

    def stop(self, how=signal.SIGTERM, seconds=10):
        if self.alive():
            self.process.send_signal(how)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(5)
            raise


class Product:
    """One way of running Postern. Requests reach an API by `send`; the management API is at `endpoint`."""

    name = ""
    # How long a change of a stage may take until every request sees it.
    settles_within = 0

    address = None
    endpoint = ""

    def client(self, service="apigateway"):
        return client(self.endpoint, service)

    def target(self, api, path):
        """The path of the URL that reaches an API's path, which begins with the stage unless that is the default one."""
        return path

    def host(self, api):
        return f"{self.address[0]}:{self.address[1]}"

    def send(self, api, stage, path, *more, **named):
        return self.send_to(api, f"/{stage}{path}", *more, **named)

    def send_to(self, api, path, method="GET", headers=(), body=None, timeout=30):
        headers = list(headers)
        if not any(name.lower() == "host" for name, _ in headers):
            headers.insert(0, ("Host", self.host(api)))
        return wire.exchange(self.address, method, self.target(api, path), headers, body, timeout)


class Dev(Product):
    """`postern dev`: gateway and management on one port."""

    def __init__(self, folder, *arguments, environment=None, port=None, name="embedded"):
        self.name = name
        self.folder = pathlib.Path(folder)
        self.arguments = arguments
        self.environment = environment
        self.port = port or free_port()
        self.address = ("127.0.0.1", self.port)
        self.endpoint = f"http://127.0.0.1:{self.port}"
        self.start()

    def start(self):
        self.program = Program(
            [PROGRAMS / "postern", "dev", "--listen", f"127.0.0.1:{self.port}", "--account", ACCOUNT, "--region", REGION,
             *self.arguments],
            self.folder / "postern.log",
            self.environment,
        )
        wait_until_up(self)

    def host(self, api):
        return f"{api}.execute-api.localhost:{self.port}"

    def stop(self, how=signal.SIGTERM):
        return self.program.stop(how)


def wait_until_up(product, seconds=20):
    def up():
        assert product.program.alive(), f"postern ended with {product.program.process.returncode}:\n{product.program.text()}"
        return wire.exchange(product.address, "GET", "/_postern/health", [("Host", "localhost")], timeout=5).status == 200

    eventually(up, seconds)


def embedded(folder, lambdas=None, *arguments, **more):
    environment = {"AWS_ENDPOINT_URL_LAMBDA": lambdas.url} if lambdas else {}
    return Dev(folder, "--data", pathlib.Path(folder) / "data", *arguments, environment=environment, **more)


def create_tables(dynamodb, prefix):
    done = subprocess.run(
        [PROGRAMS / "postern", "tables", "create", "--endpoint-url", dynamodb, "--tables", prefix],
        env=ENVIRONMENT, capture_output=True, text=True, timeout=60,
    )
    assert done.returncode == 0, f"postern tables create failed:\n{done.stdout}{done.stderr}"


def on_dynamodb(folder, dynamodb, prefix, lambdas):
    create_tables(dynamodb, prefix)
    product = Dev(
        folder, "--store", "dynamodb", "--tables", prefix,
        environment={"AWS_ENDPOINT_URL_DYNAMODB": dynamodb, "AWS_ENDPOINT_URL_LAMBDA": lambdas.url},
        name="dynamodb",
    )
    product.settles_within = 10
    return product


class Functions(Product):
    """The functions as they are deployed, on cargo-lambda's emulator of Lambda and Function URLs.

    The emulator serves the Runtime API alone, and the built programs are started here: so no request waits for a compile,
    and what runs is what the other products run.
    """

    name = "functions"
    settles_within = 6
    # The emulator hands each process one event at a time.
    counts = {"gateway": 3, "management": 1}

    def __init__(self, folder, dynamodb, prefix, lambdas, environment=None, **counts):
        self.counts = {**self.counts, **counts}
        create_tables(dynamodb, prefix)
        folder = pathlib.Path(folder)
        self.port = free_port()
        self.address = ("127.0.0.1", self.port)
        self.endpoint = f"http://127.0.0.1:{self.port}/lambda-url/management"
        self.emulator = Program(
            ["cargo", "lambda", "watch", "--only-lambda-apis", "--disable-cors", "--manifest-path", ROOT / "Cargo.toml",
             "--invoke-address", "127.0.0.1", "--invoke-port", self.port],
            folder / "emulator.log",
        )
        eventually(lambda: socket.create_connection(self.address, 1).close() or True)
        self.programs = [
            Program(
                [PROGRAMS / name],
                folder / f"{name}-{number}.log",
                {
                    "AWS_LAMBDA_RUNTIME_API": f"http://127.0.0.1:{self.port}/.rt/{name}",
                    "AWS_LAMBDA_FUNCTION_NAME": name,
                    "AWS_LAMBDA_FUNCTION_VERSION": "1",
                    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
                    "AWS_ENDPOINT_URL_DYNAMODB": dynamodb,
                    "AWS_ENDPOINT_URL_LAMBDA": lambdas.url,
                    "POSTERN_TABLES": prefix,
                    "POSTERN_ACCOUNT": ACCOUNT,
                    "POSTERN_TRUST_FORWARDED_HOST": "true",
                    "POSTERN_REVALIDATE_SECONDS": "1",
                    # The emulator proves nobody, as a URL that asks for IAM would.
                    "POSTERN_REQUIRE_AUTH": "false",
                    **(environment or {}),
                },
            )
            for name, count in self.counts.items()
            for number in range(count)
        ]

    def target(self, api, path):
        return f"/lambda-url/gateway/_api/{api}{path}"

    def invoke(self, function, event_file):
        """`cargo lambda invoke`: what the function returned, as it printed it."""
        done = subprocess.run(
            ["cargo", "lambda", "invoke", function, "--invoke-address", "127.0.0.1", "--invoke-port", str(self.port),
             "--data-file", str(event_file)],
            env=ENVIRONMENT, capture_output=True, timeout=60, cwd=ROOT,
        )
        assert done.returncode == 0, f"{done.stdout!r}\n{done.stderr.decode()}\n{self.logs()}"
        return done.stdout

    def logs(self):
        return "\n".join(f"--- {one.log.name}\n{one.text()[-3000:]}" for one in (self.emulator, *self.programs))

    def stop(self):
        for program in (*self.programs, self.emulator):
            with contextlib.suppress(subprocess.TimeoutExpired):
                program.stop(signal.SIGKILL if program is self.emulator else signal.SIGTERM, 5)


def dynamodb_local(folder):
    """A DynamoDB Local of our own, for whoever runs pytest without tests/run."""
    home = SCRATCH / "dynamodb"
    if not (home / "DynamoDBLocal.jar").exists() or not shutil.which("java"):
        raise RuntimeError("DynamoDB Local is not installed: `tests/run e2e` installs it")
    port = free_port()
    program = Program(
        ["java", "-DDISABLE_TELEMETRY=true", f"-Djava.library.path={home / 'DynamoDBLocal_lib'}", "-jar",
         home / "DynamoDBLocal.jar", "-inMemory", "-sharedDb", "-port", port],
        pathlib.Path(folder) / "dynamodb.log",
    )
    eventually(lambda: socket.create_connection(("127.0.0.1", port), 1).close() or True, 30)
    return program, f"http://127.0.0.1:{port}"


def aws(endpoint, *arguments):
    """The real `aws` command."""
    return subprocess.run(
        [pathlib.Path(sys.executable).parent / "aws", *arguments, "--endpoint-url", endpoint],
        env=ENVIRONMENT, capture_output=True, text=True, timeout=60,
    )


def quote(text):
    return urllib.parse.quote(text, safe="")
