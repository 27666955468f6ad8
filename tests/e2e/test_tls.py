"""TLS on a laptop, and domain names whose clients must show a certificate."""

import http.client
import re
import socket
import ssl
import subprocess
import uuid

import pytest
import websockets
import websockets.sync.client

import products
from apis import Api, Routes, aws_proxy, mock
from backends import Server

CERTIFICATE = "arn:aws:acm:eu-west-1:123456789012:certificate/11111111-2222-3333-4444-555555555555"


class Bucket(Server):
    """As much of S3 as a truststore needs: objects by path."""

    def __init__(self):
        super().__init__()
        self.objects, self.asked = {}, []

    def handle(self, received):
        received.read()
        self.asked.append(received)
        content = self.objects.get(received.target)
        if content is None:
            return received.answer(404, [], b"<Error><Code>NoSuchKey</Code></Error>")
        return received.answer(200, [], content)


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


class Authority:
    """Somebody who vouches for clients."""

    def __init__(self, folder, name):
        self.folder, self.name = folder, name
        self.key, self.pem = folder / f"{name}.key", folder / f"{name}.pem"
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", 2, "-subj", f"/CN={name}",
                "-keyout", self.key, "-out", self.pem)

    def client(self, subject, days=2):
        key, request, pem = (self.folder / f"{uuid.uuid4().hex}.{kind}" for kind in ("key", "csr", "pem"))
        openssl("req", "-new", "-newkey", "rsa:2048", "-nodes", "-subj", subject, "-keyout", key, "-out", request)
        extensions = self.folder / "client.ext"
        extensions.write_text("extendedKeyUsage=clientAuth\n")
        openssl("x509", "-req", "-in", request, "-extfile", extensions, "-CA", self.pem, "-CAkey", self.key, "-set_serial", 0x1a2b3c,
                "-days", days, "-out", pem)
        return pem, key


@pytest.fixture(scope="module")
def bucket():
    server = Bucket()
    yield server
    server.close()


@pytest.fixture(scope="module")
def product(folder, lambdas, bucket):
    home = folder / "tls"
    home.mkdir()
    port = products.free_port()
    product = products.Dev(home, "--data", str(home / "data"), "--tls", f"127.0.0.1:{port}", name="tls", environment={
        "AWS_ENDPOINT_URL_LAMBDA": lambdas.url, "AWS_ENDPOINT_URL_S3": bucket.url})
    product.tls_port, product.authority = port, home / "data" / "tls-ca.pem"
    yield product
    product.stop()


@pytest.fixture(scope="module")
def vouching(folder):
    home = folder / "authorities"
    home.mkdir()
    return lambda name: Authority(home, name)


def ask(product, name, path, certificate=None, host=None):
    """A request under TLS whose server must be `name`, from whoever shows the certificate."""
    context = ssl.create_default_context(cafile=product.authority)
    if certificate:
        context.load_cert_chain(*certificate)
    with socket.create_connection(("127.0.0.1", product.tls_port), timeout=10) as raw:
        with context.wrap_socket(raw, server_hostname=name) as stream:
            connection = http.client.HTTPConnection(name)
            connection.sock = stream
            connection.request("GET", path, headers={"Host": host or name})
            answer = connection.getresponse()
            return answer.status, answer.read()


def domain(product, api, truststore=None):
    name = f"d{uuid.uuid4().hex[:8]}.example.com"
    client = product.client()
    more = {"mutualTlsAuthentication": {"truststoreUri": truststore}} if truststore else {}
    client.create_domain_name(domainName=name, regionalCertificateArn=CERTIFICATE, securityPolicy="TLS_1_2",
                              endpointConfiguration={"types": ["REGIONAL"]}, **more)
    client.create_base_path_mapping(domainName=name, basePath="(none)", restApiId=api.id, stage="test")
    return name


def test_every_name_has_a_certificate_of_this_machines_authority(product, lambdas):
    backend = lambdas.function({"statusCode": 200})
    api = Api(product, {"GET /a": aws_proxy(backend)})
    name = domain(product, api)
    assert ask(product, name, "/a")[0] == 200
    headers = lambdas.last(backend).event["headers"]
    assert (headers["X-Forwarded-Proto"], headers["X-Forwarded-Port"]) == ("https", str(product.tls_port))
    assert ask(product, "localhost", f"/_api/{api.id}/test/a")[0] == 200
    assert (product.authority.parent / "tls-ca.key").stat().st_mode & 0o077 == 0


def test_a_domain_name_lets_in_whom_its_truststore_vouches_for(product, lambdas, bucket, vouching):
    friends, strangers = vouching("friends"), vouching("strangers")
    bucket.objects["/trust/friends.pem"] = friends.pem.read_bytes()
    backend = lambdas.function({"statusCode": 200})
    api = Api(product, {"GET /a": aws_proxy(backend)})
    name = domain(product, api, "s3://trust/friends.pem")
    ann = friends.client("/C=DE/O=Pets, and more/CN=ann")
    assert ask(product, name, "/a", ann)[0] == 200
    shown = lambdas.last(backend).event["requestContext"]["identity"]["clientCert"]
    assert shown["subjectDN"] == "CN=ann,O=Pets\\, and more,C=DE" and shown["issuerDN"] == "CN=friends"
    assert shown["serialNumber"] == "1a:2b:3c"
    assert shown["clientCertPem"].strip() == re.search(r"-----BEGIN.*-----", ann[0].read_text(), re.S)[0]
    assert re.fullmatch(r"[A-Z][a-z]{2} \d\d \d\d:\d\d:\d\d \d{4} GMT", shown["validity"]["notAfter"])
    assert bucket.asked[-1].header("Authorization").startswith("AWS4-HMAC-SHA256")
    for certificate in (None, strangers.client("/CN=eve"), friends.client("/CN=late", days=-1)):
        with pytest.raises((ssl.SSLError, ConnectionError, http.client.RemoteDisconnected)):
            ask(product, name, "/a", certificate)


def test_a_certificate_opens_no_other_door(product, bucket, vouching):
    ours, theirs = vouching("ours"), vouching("theirs")
    bucket.objects["/trust/ours.pem"], bucket.objects["/trust/theirs.pem"] = ours.pem.read_bytes(), theirs.pem.read_bytes()
    api = Api(product, {"GET /": mock()})
    guarded, other = domain(product, api, "s3://trust/ours.pem"), domain(product, api, "s3://trust/theirs.pem")
    is_open = domain(product, api)
    eve = theirs.client("/CN=eve")
    assert ask(product, other, "/", eve)[0] == 200
    # The name in the handshake is one that eve may use, the one in the request is not.
    assert ask(product, other, "/", eve, host=guarded) == (403, b'{"message":"Forbidden"}')
    assert ask(product, is_open, "/", host=guarded) == (403, b'{"message":"Forbidden"}')
    plain = http.client.HTTPConnection("127.0.0.1", product.port, timeout=10)
    plain.request("GET", "/", headers={"Host": guarded})
    assert plain.getresponse().status == 403


def connect(product, name, certificate=None):
    context = ssl.create_default_context(cafile=product.authority)
    if certificate:
        context.load_cert_chain(*certificate)
    raw = socket.create_connection(("127.0.0.1", product.tls_port), timeout=10)
    return websockets.sync.client.connect(f"wss://{name}/", sock=raw, ssl=context, compression=None, ping_interval=None, legacy=True)


def test_sockets_are_held_under_tls_and_ask_for_certificates_too(product, bucket, vouching):
    friends, strangers = vouching("members"), vouching("others")
    bucket.objects["/trust/members.pem"] = friends.pem.read_bytes()
    api = Routes(product, stage="dev", ProtocolType="WEBSOCKET", RouteSelectionExpression="$request.body.action")
    integration = api.integration({"IntegrationType": "MOCK", "RequestTemplates": {"$default": '{"statusCode":200}'}})
    api.client.create_integration_response(ApiId=api.id, IntegrationId=integration, IntegrationResponseKey="$default",
                                           ResponseTemplates={"$default": "$context.domainName"})
    route = api.client.create_route(ApiId=api.id, RouteKey="$default", Target=f"integrations/{integration}",
                                    RouteResponseSelectionExpression="$default")["RouteId"]
    api.client.create_route_response(ApiId=api.id, RouteId=route, RouteResponseKey="$default")

    def socket_domain(**more):
        name = f"d{uuid.uuid4().hex[:8]}.example.com"
        configuration = {"CertificateArn": CERTIFICATE, "EndpointType": "REGIONAL", "SecurityPolicy": "TLS_1_2"}
        api.client.create_domain_name(DomainName=name, DomainNameConfigurations=[configuration], **more)
        api.client.create_api_mapping(DomainName=name, ApiId=api.id, Stage="dev")
        return name

    is_open = socket_domain()
    guarded = socket_domain(MutualTlsAuthentication={"TruststoreUri": "s3://trust/members.pem"})
    for name, certificate in [(is_open, None), (guarded, friends.client("/CN=ann"))]:
        with connect(product, name, certificate) as client:
            # More than once: the certificate is the handshake's.
            for _ in range(2):
                client.send("hi")
                assert client.recv(timeout=10) == name
    for certificate in (None, strangers.client("/CN=eve")):
        with pytest.raises((ssl.SSLError, ConnectionError, EOFError, websockets.InvalidHandshake, websockets.ConnectionClosed)):
            connect(product, guarded, certificate)
    # Nor without TLS, where nobody can show one.
    plain = socket.create_connection(("127.0.0.1", product.port), timeout=10)
    with pytest.raises(websockets.InvalidStatus) as refused:
        websockets.sync.client.connect(f"ws://{guarded}/", sock=plain, compression=None, legacy=True)
    assert refused.value.response.status_code == 403


@pytest.mark.parametrize("content", [None, b"", b"no certificate"])
def test_a_truststore_that_cannot_be_used_lets_nobody_in(product, bucket, vouching, content):
    key = f"/trust/{uuid.uuid4().hex}.pem"
    if content is not None:
        bucket.objects[key] = content
    name = domain(product, Api(product, {"GET /": mock()}), f"s3:/{key}")
    with pytest.raises((ssl.SSLError, ConnectionError)):
        ask(product, name, "/", vouching("nobody").client("/CN=ann"))
    # The log is another's to write: it may come after the client has been turned away.
    assert products.eventually(lambda: f"the truststore s3:/{key} cannot be used" in product.program.text())
