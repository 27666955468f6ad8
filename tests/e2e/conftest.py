"""The products under test and what stands behind them: each started once, and stopped at the end."""

import os
import pathlib
import uuid

import pytest

import apis
import backends
import issuer
import products


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("postern")


@pytest.fixture(scope="session")
def backend():
    server = backends.Backend()
    yield server
    server.close()


@pytest.fixture(scope="session")
def lambdas():
    server = backends.LambdaEndpoint()
    yield server
    server.close()


@pytest.fixture(scope="module")
def issuers():
    """Not of the session: tests rotate their keys and have them away."""
    server = issuer.Issuers()
    yield server
    server.close()


@pytest.fixture(scope="session")
def dynamodb(folder):
    if url := os.environ.get("POSTERN_TEST_DYNAMODB"):
        yield url
        return
    program, url = products.dynamodb_local(folder / "dynamodb")
    yield url
    program.stop()


@pytest.fixture(scope="session")
def postern(folder, lambdas):
    """The product of most tests: one process on the embedded store."""
    product = products.embedded(folder / "embedded", lambdas)
    yield product
    product.stop()


@pytest.fixture(scope="session")
def on_dynamodb(folder, dynamodb, lambdas):
    product = products.on_dynamodb(folder / "on-dynamodb", dynamodb, f"dev-{uuid.uuid4().hex[:8]}", lambdas)
    yield product
    product.stop()


@pytest.fixture(scope="session")
def functions(folder, dynamodb, lambdas):
    product = products.Functions(folder / "functions", dynamodb, f"fn-{uuid.uuid4().hex[:8]}", lambdas)
    yield product
    product.stop()


@pytest.fixture(params=["postern", "on_dynamodb", "functions"], ids=["embedded", "dynamodb", "functions"])
def product(request):
    """Every way of running Postern, one after the other."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def api(postern):
    """Makes an API on the embedded product: api({"GET /pets": mock()})."""
    return lambda routes=None, **more: apis.Api(postern, routes, **more)


@pytest.fixture(autouse=True, scope="session")
def nothing_panics(request, folder):
    """No input of any test may have made a program panic."""
    yield
    for log in pathlib.Path(folder).rglob("*.log"):
        text = log.read_text(errors="replace")
        assert "panicked at" not in text, f"{log.name}:\n{text[text.index('panicked at') - 200:][:2000]}"
