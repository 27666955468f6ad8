"""Private integrations connect to what their VPC link stands for, and stages show their client certificate, both to real servers."""

import socket
import ssl
import subprocess
import threading

import pytest

import backends
import products
from apis import Api, http_proxy

BALANCER = f"arn:aws:elasticloadbalancing:{products.REGION}:{products.ACCOUNT}:loadbalancer/net/inner/0123456789abcdef"
LISTENER = f"arn:aws:elasticloadbalancing:{products.REGION}:{products.ACCOUNT}:listener/app/web/89abcdef/01234567"


@pytest.fixture(scope="module")
def linked(folder, lambdas, backend):
    """A product that is told where two load balancers are."""
    links = f"{BALANCER}=127.0.0.1:{backend.port},{LISTENER}=localhost:{backend.port}"
    product = products.embedded(folder / "linked", lambdas, "--vpc-link", links)
    yield product
    product.stop()


def private(uri, link, **more):
    return http_proxy(uri, connectionType="VPC_LINK", connectionId=link, **more)


def test_a_private_integration_reaches_the_load_balancer_and_asks_for_the_uris_host(linked):
    client = linked.client()
    link = client.create_vpc_link(name="inner", targetArns=[BALANCER])["id"]
    elsewhere = client.create_vpc_link(name="elsewhere", targetArns=[BALANCER.replace("inner", "other")])["id"]
    api = Api(linked, {
        "GET /named": private("http://pets.inner.example:8080/x", link),
        "GET /variable": private("http://pets.inner.example/x", "${stageVariables.link}"),
        "GET /target": private("http://pets.inner.example/x", "newer1", integrationTarget=LISTENER),
        "GET /unknown": private("http://pets.inner.example/x", elsewhere),
        "GET /gone": private("http://pets.inner.example/x", "gone12"),
    })
    api.patch_stage(("replace", "/variables/link", link))
    for path, host in [("/named", "pets.inner.example:8080"), ("/variable", "pets.inner.example"), ("/target", "pets.inner.example")]:
        seen = backends.Seen(api.send(f"{path}?a=1"))
        assert (seen.header("host"), seen.target) == (host, "/x?a=1"), path
    for path in ["/unknown", "/gone"]:
        answer = api.send(path)
        assert (answer.status, answer.body) == (500, b'{"message": "Internal server error"}'), path

    tried = client.test_invoke_method(restApiId=api.id, resourceId=api.resource("/unknown"), httpMethod="GET")
    assert f"Execution failed due to configuration error: VPC link {elsewhere} leads to " in tried["log"]
    assert "set POSTERN_VPC_LINKS to arn:aws:" in tried["log"]


def openssl(*words, **more):
    subprocess.run(["openssl", *words], check=True, capture_output=True, **more)


def test_a_backend_that_asks_who_is_calling_is_shown_the_stages_certificate(postern, folder):
    client = postern.client()
    made = client.generate_client_certificate()
    (folder / "client.pem").write_text(made["pemEncodedCertificate"])
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=localhost",
            "-addext", "subjectAltName=DNS:localhost", "-keyout", str(folder / "server.key"), "-out", str(folder / "server.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem", folder / "server.key")
    context.load_verify_locations(folder / "client.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        while True:
            try:
                with context.wrap_socket(listener.accept()[0], server_side=True) as connection:
                    connection.recv(65536)
                    shown = dict(part[0] for part in connection.getpeercert()["subject"])["commonName"].encode()
                    connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(shown), shown))
            except ssl.SSLError:
                continue
            except OSError:
                return

    threading.Thread(target=serve, daemon=True).start()
    uri = f"https://localhost:{listener.getsockname()[1]}/"
    api = Api(postern, {"GET /": http_proxy(uri, tlsConfig={"insecureSkipVerification": True})})
    answer = api.send("/")
    assert (answer.status, answer.body) == (504, b'{"message": "Network error communicating with endpoint"}')
    api.patch_stage(("replace", "/clientCertificateId", made["clientCertificateId"]))
    answer = api.settled(lambda: (found := api.send("/")).status == 200 and found)
    assert (answer.status, answer.body) == (200, b"ApiGateway")
    listener.close()
