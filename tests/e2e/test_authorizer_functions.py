"""Authorizers that are functions of several languages, on cargo-lambda's emulator of Lambda: real runtimes, real answers."""

import socket
import sys

import pytest

import products
from apis import Api, Routes, invoke_uri, mock
from products import PROGRAMS, ROOT, Program, eventually, free_port

GUARDS = ROOT / "tests" / "e2e" / "guards"
LANGUAGES = {
    "rust": [PROGRAMS / "examples" / "guard"],
    "python": [sys.executable, GUARDS / "guard.py"],
    "node": ["node", GUARDS / "guard.js"],
}


@pytest.fixture(scope="module")
def postern(folder):
    """Postern beside an emulator that runs a guard of each language."""
    port = free_port()
    folder = folder / "guards"
    folder.mkdir()
    # The emulator serves functions that a project has as its binaries, by name. It builds none of them here.
    binaries = "".join(f'[[bin]]\nname = "{language}"\npath = "main.rs"\n' for language in LANGUAGES)
    (folder / "Cargo.toml").write_text(f'[package]\nname = "guards"\nversion = "0.1.0"\n{binaries}')
    (folder / "main.rs").write_text("fn main() {}\n")
    programs = [Program(
        ["cargo", "lambda", "watch", "--only-lambda-apis", "--disable-cors", "--manifest-path", folder / "Cargo.toml",
         "--invoke-address", "127.0.0.1", "--invoke-port", port],
        folder / "emulator.log")]
    eventually(lambda: socket.create_connection(("127.0.0.1", port), 1).close() or True)
    for language, command in LANGUAGES.items():
        programs.append(Program(command, folder / f"{language}.log", {
            "AWS_LAMBDA_RUNTIME_API": f"http://127.0.0.1:{port}/.rt/{language}",
            "AWS_LAMBDA_FUNCTION_NAME": language,
            "AWS_LAMBDA_FUNCTION_VERSION": "1",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
        }))
    product = products.Dev(folder, "--memory", environment={"AWS_ENDPOINT_URL_LAMBDA": f"http://127.0.0.1:{port}"})
    yield product
    product.stop()
    for program in reversed(programs):
        program.stop(9, 5)


def told():
    text = "$context.authorizer.language $context.authorizer.asked"
    return {**mock(), "response": {"responseTemplates": {"application/json": text}}}


def answered(api, path, word):
    answer = api.send(path, headers=[("Authorization", word)] if word else [])
    return answer.status, answer.body


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_function_guards_methods_of_a_rest_api(postern, language):
    api = Api(postern)
    for path, kind in [("/token", "TOKEN"), ("/request", "REQUEST")]:
        made = api.client.create_authorizer(
            restApiId=api.id, name=kind, type=kind, authorizerUri=invoke_uri(language), authorizerResultTtlInSeconds=0,
            identitySource="method.request.header.Authorization")
        api.route(f"GET {path}", told(), authorizationType="CUSTOM", authorizerId=made["id"])
    api.deploy()
    for path, kind in [("/token", "TOKEN"), ("/request", "REQUEST")]:
        assert eventually(lambda path=path: answered(api, path, "allow")[0] == 200)
        assert answered(api, path, "allow") == (200, f"{language} {kind}".encode())
        for word, status in [("deny", 403), ("throw", 500), (None, 401)]:
            assert answered(api, path, word)[0] == status, (path, word)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_function_guards_routes_of_an_http_api(postern, backend, language):
    api = Routes(postern)
    for version in ("1.0", "2.0"):
        simple = {"EnableSimpleResponses": True} if version == "2.0" else {}
        made = api.client.create_authorizer(
            ApiId=api.id, Name=f"guard {version}", AuthorizerType="REQUEST", AuthorizerUri=invoke_uri(language),
            AuthorizerPayloadFormatVersion=version, IdentitySource=["$request.header.Authorization"], **simple)
        api.route(f"GET /{version}", backend.url, AuthorizationType="CUSTOM", AuthorizerId=made["AuthorizerId"])
    for path in ("/1.0", "/2.0"):
        assert eventually(lambda path=path: answered(api, path, "allow")[0] == 200)
        for word, status, body in [
            ("deny", 403, b'{"message":"Forbidden"}'),
            ("throw", 500, b'{"message":"Internal Server Error"}'),
            (None, 401, b'{"message":"Unauthorized"}'),
        ]:
            assert answered(api, path, word) == (status, body), (path, word)
