"""`postern import` and `postern dev --import`: files become deployed APIs, and what is wrong with them is told by line and column."""

import gzip
import json
import os
import re
import signal
import subprocess

import pytest

import products
from products import ENVIRONMENT, PROGRAMS, eventually

PETS = """openapi: 3.0.1
info: {title: %s, version: "1"}
paths:
  /%s:
    get:
      responses: {"200": {description: d}}
      x-amazon-apigateway-integration:
        type: mock
        requestTemplates: {application/json: '{"statusCode": 200}'}
        responses: {default: {statusCode: "200"}}
"""
WARNED = PETS % ("warned", "a") + "x-unheard: 1\n"
WRONG = """openapi: 3.0.1
info: {title: wrong, version: "1"}
x-amazon-apigateway-api-key-source: COOKIE
paths:
  /a:
    get:
      x-amazon-apigateway-integration: {type: teapot}
"""


@pytest.fixture
def write(tmp_path):
    def write(name, text):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


@pytest.fixture(params=["postern", "on_dynamodb"], ids=["embedded", "dynamodb"])
def product(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def run(product):
    return lambda *arguments, **more: postern_import("--endpoint-url", product.endpoint, *arguments, **more)


def postern_import(*arguments, **environment):
    return subprocess.run([PROGRAMS / "postern", "import", *map(str, arguments)], capture_output=True, text=True, timeout=60,
                          env={**ENVIRONMENT, **environment})


def title(request):
    return re.sub(r"\W+", "-", request.node.name)


def named(product, name):
    found = product.client().get_paginator("get_rest_apis").paginate(PaginationConfig={"PageSize": 500}).search("items")
    return [one["id"] for one in found if one and one["name"] == name]


def answers(product, api, path, stage="dev", status=200):
    return eventually(lambda: product.send(api, stage, path).status == status, max(product.settles_within, 5))


def test_files_become_deployed_apis(product, run, write, request):
    names = [f"{title(request)}-{number}" for number in (1, 2)]
    files = [write(f"{number}.yaml", PETS % (name, "pets")) for number, name in enumerate(names)]
    done = run(*files)
    assert done.returncode == 0, done.stderr
    ids = [named(product, name) for name in names]
    assert [len(one) for one in ids] == [1, 1]
    assert done.stdout.splitlines() == [
        f"{file}: `{name}` is {id}, 1 method, deployed: /_api/{id}/dev/"
        for file, name, (id,) in zip(files, names, ids)]
    assert done.stderr == ""
    for (id,) in ids:
        assert answers(product, id, "/pets")


def test_a_file_imported_again_becomes_the_same_api(product, run, write, request):
    file = write("pets.yaml", PETS % (title(request), "pets"))
    assert run(file).returncode == 0
    id, = named(product, title(request))
    write("pets.yaml", PETS % (title(request), "dogs"))
    assert run(file, "--stage", "prod").returncode == 0
    assert named(product, title(request)) == [id]
    assert answers(product, id, "/dogs", "prod")
    # The other stage was not asked for, so it serves what it served.
    assert product.send(id, "dev", "/pets").status == 200 and product.send(id, "dev", "/dogs").status == 403
    assert {one["path"] for one in product.client().get_resources(restApiId=id)["items"]} == {"/", "/dogs"}
    write("pets.yaml", PETS % (title(request), "cats"))
    assert run(file, "--mode", "merge").returncode == 0
    assert {one["path"] for one in product.client().get_resources(restApiId=id)["items"]} == {"/", "/dogs", "/cats"}


def test_without_a_deployment_nothing_is_served(product, run, write, request):
    done = run(write("pets.yaml", PETS % (title(request), "pets")), "--no-deploy")
    assert done.returncode == 0 and "deployed" not in done.stdout
    id, = named(product, title(request))
    assert product.client().get_stages(restApiId=id)["item"] == []


def test_an_api_can_be_named(product, run, write, request):
    made = product.client().create_rest_api(name=f"{title(request)}-other")["id"]
    file = write("pets.yaml", PETS % (title(request), "pets"))
    assert run(file, "--api", made).returncode == 0
    assert named(product, title(request)) == [made]
    done = run(file, "--api", "no such/api")
    assert done.returncode == 1 and "Invalid API identifier specified" in done.stderr


def test_names_that_do_not_tell_apis_apart_are_refused(product, run, write, request):
    client = product.client()
    ids = [client.create_rest_api(name=title(request))["id"] for _ in range(2)]
    done = run(write("pets.yaml", PETS % (title(request), "pets")))
    assert done.returncode == 1
    assert "--api" in done.stderr and all(id in done.stderr for id in ids)


def test_files_that_would_overwrite_each_other_are_refused(product, run, write, request):
    files = [write(name, PETS % (title(request), name)) for name in ("a", "b")]
    done = run(*files)
    assert done.returncode == 1
    assert f"{files[1]}: error: " in done.stderr and str(files[0]) in done.stderr and "--mode merge" in done.stderr
    id, = named(product, title(request))
    assert answers(product, id, "/a")
    assert run(*files, "--mode", "merge").returncode == 0
    assert answers(product, id, "/a") and answers(product, id, "/b")


def test_warnings_have_a_place_and_strict_refuses_them(product, run, write, request):
    file = write("warned.yaml", WARNED.replace("warned", title(request)))
    warning = f"{file}:11:12: warning: `x-unheard` is not supported and was ignored (x-unheard)"
    done = run(file, "--strict")
    assert done.returncode == 1 and named(product, title(request)) == []
    assert done.stderr.splitlines() == [
        warning,
        f"{file}: error: --strict refuses a file with warnings, and it has 1",
        f"{file}: not imported",
        "postern: 1 of 1 files could not be imported",
    ]
    done = run(file)
    assert done.returncode == 0 and done.stderr.splitlines() == [warning]


def test_errors_have_a_place_and_the_other_files_are_imported(product, run, write, request):
    wrong, good = write("wrong.yaml", WRONG), write("good.yaml", PETS % (title(request), "pets"))
    missing, broken = wrong.with_name("missing.yaml"), write("broken.json", '{\n  "openapi": "3.0.1",\n  "info": {]')
    done = run(wrong, missing, broken, good)
    assert done.returncode == 1
    lines = done.stderr.splitlines()
    assert any(line.startswith(f"{wrong}:3:37: error: ") and "COOKIE" in line for line in lines), done.stderr
    assert any(re.match(re.escape(f"{wrong}:7:") + r"\d+: error: .*paths\./a\.get", line) for line in lines), done.stderr
    assert any(line.startswith(f"{missing}: error: ") and "No such file" in line for line in lines), done.stderr
    assert any(line.startswith(f"{broken}:3:") and ": error: " in line for line in lines), done.stderr
    assert [line for line in lines if line.endswith(": not imported")] == [
        f"{one}: not imported" for one in (wrong, missing, broken)]
    assert lines[-1] == "postern: 3 of 4 files could not be imported"
    assert named(product, title(request)) and not named(product, "wrong")


def test_what_the_service_refuses_is_told(product, run, write, request):
    file = write("pets.yaml", PETS % (title(request), "pets"))
    done = run(file, "--stage", "not/a/stage")
    assert done.returncode == 1
    id, = named(product, title(request))
    assert f"{file}: error: imported as {id}, but not deployed: " in done.stderr and "Stage name" in done.stderr
    assert "not imported" not in done.stderr


def test_a_postern_that_is_not_there_is_named(write):
    file = write("pets.yaml", PETS % ("pets", "pets"))
    nowhere = f"http://127.0.0.1:{products.free_port()}"
    for done in (postern_import(file, "--endpoint-url", nowhere), postern_import(file, AWS_ENDPOINT_URL_API_GATEWAY=nowhere)):
        assert done.returncode == 1
        assert nowhere in done.stderr and "start Postern" in done.stderr and "--endpoint-url" in done.stderr


@pytest.mark.parametrize("words, named", [
    ([], "<FILE>"), (["a.yaml", "--mode", "replace"], "replace"), (["a.yaml", "--basepath", "append"], "append"),
    (["a.yaml", "--stage", "x", "--no-deploy"], "--no-deploy"),
], ids=["none", "mode", "basepath", "stage"])
def test_what_makes_no_sense_ends_with_2(words, named):
    done = postern_import(*words)
    assert done.returncode == 2 and named in done.stderr and "--help" in done.stderr


def test_a_compressed_file_is_taken(product, run, write, request):
    assert run(write("pets.yaml.gz", gzip.compress((PETS % (title(request), "pets")).encode()))).returncode == 0
    id, = named(product, title(request))
    assert answers(product, id, "/pets")


def large(name, count):
    operation = {"responses": {"200": {"description": "d" * 300}}, "x-amazon-apigateway-integration": {"type": "mock"}}
    paths = {f"/r{number}": {verb: operation for verb in ("get", "put", "post", "delete")} for number in range(count // 4)}
    return json.dumps({"openapi": "3.0.1", "info": {"title": name, "version": "1"}, "paths": paths})


def test_a_large_file_tells_how_far_it_is(product, run, write, request):
    file = write("large.json", large(title(request), 800))
    done = run(file)
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(
        rf"{re.escape(str(file))}: \d+\.\d s: \d+ bytes to read\n"
        rf"{re.escape(str(file))}: \d+\.\d s: 800 methods to import\n"
        rf"{re.escape(str(file))}: \d+\.\d s: imported, deploying\n", done.stderr), done.stderr


@pytest.fixture
def dev(tmp_path):
    """Starts Posterns of the test's own, with files."""
    begun = []

    def start(*arguments):
        product = products.embedded(tmp_path / f"dev{len(begun)}", None, *arguments)
        begun.append(product)
        return product

    yield start
    for product in begun:
        if product.program.alive():
            assert product.stop() == 0


def replaced(path, text):
    """As editors do it: another file takes the name."""
    path.with_suffix(".new").write_text(text)
    os.replace(path.with_suffix(".new"), path)


def test_files_are_there_when_postern_is(dev, write, request):
    files = [write(f"{name}.yaml", PETS % (name, name)) for name in ("cats", "dogs")]
    product = dev("--import", *files, "--stage", "prod")
    for name in ("cats", "dogs"):
        id, = named(product, name)
        assert product.send(id, "prod", f"/{name}").status == 200
    assert product.stop() == 0
    again = products.Dev(product.folder, "--data", product.folder / "data", "--import", *files)
    try:
        assert [len(named(again, name)) for name in ("cats", "dogs")] == [1, 1]
    finally:
        again.stop()


def test_a_file_that_is_wrong_keeps_no_postern_from_starting(dev, write):
    product = dev("--import", write("wrong.yaml", WRONG), write("good.yaml", PETS % ("good", "a")))
    assert "wrong.yaml:3:37: error: " in product.program.text()
    assert len(named(product, "good")) == 1 and named(product, "wrong") == []


def test_a_changed_file_is_deployed_again(dev, write):
    file = write("pets.yaml", PETS % ("pets", "one"))
    product = dev("--import", file, "--watch")
    id, = named(product, "pets")
    assert product.send(id, "dev", "/one").status == 200
    replaced(file, PETS % ("pets", "two"))
    assert answers(product, id, "/two") and product.send(id, "dev", "/one").status == 403
    # What is wrong is told, and what was there stays until it is right again.
    file.write_text(WRONG)
    eventually(lambda: "pets.yaml:3:37: error: " in product.program.text())
    assert product.send(id, "dev", "/two").status == 200
    file.unlink()
    file.write_text(PETS % ("pets", "three"))
    assert answers(product, id, "/three")
    assert named(product, "pets") == [id]


def test_the_command_watches_too(product, write, tmp_path, request):
    file = write("pets.yaml", PETS % (title(request), "one"))
    program = products.Program([PROGRAMS / "postern", "import", file, "--watch", "--endpoint-url", product.endpoint],
                               tmp_path / "log" / "import.log")
    try:
        id, = eventually(lambda: "deployed" in program.text() and named(product, title(request)))
        replaced(file, PETS % (title(request), "two"))
        assert eventually(lambda: program.text().count("deployed") > 1)
        assert answers(product, id, "/two")
    finally:
        program.stop(signal.SIGKILL)
