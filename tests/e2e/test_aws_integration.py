"""AWS integrations: services are called signed, as botocore's own signer signs, in the name of a role where one is given."""

import json
import re
import struct
import zlib

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import pytest

import products
from apis import Api, function_arn, invoke_uri
from backends import Server

ROLE = "arn:aws:iam::123456789012:role/reader"
OWN = (products.ENVIRONMENT["AWS_ACCESS_KEY_ID"], products.ENVIRONMENT["AWS_SECRET_ACCESS_KEY"], None)
OF_ROLE = ("AKIAROLE", "of/the+role=", "token")

ASSUMED = f"""<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>
<AccessKeyId>{OF_ROLE[0]}</AccessKeyId><SecretAccessKey>{OF_ROLE[1]}</SecretAccessKey><SessionToken>{OF_ROLE[2]}</SessionToken>
<Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"""


class Services(Server):
    """Plays every AWS service: records, and answers what a test said."""

    def __init__(self):
        super().__init__()
        self.reply = (200, [], b"{}")

    def handle(self, received):
        if b"Action=AssumeRole" in received.read():
            return received.answer(200, [("Content-Type", "text/xml")], ASSUMED.encode())
        return received.answer(*self.reply)


@pytest.fixture(scope="module")
def services():
    server = Services()
    yield server
    server.close()


@pytest.fixture(scope="module")
def product(folder, services):
    product = products.Dev(folder / "aws", "--data", folder / "aws" / "data", environment={"AWS_ENDPOINT_URL": services.url})
    yield product
    product.stop()


@pytest.fixture
def call(product, services):
    """Deploys one AWS integration, sends a request, and gives the answer with what the service saw."""

    def call(uri, method="POST", request=("GET", (), None), path="/", reply=(200, [], b"{}"), **more):
        api = Api(product)
        parameters = {value: False for value in more.get("requestParameters", {}).values() if value.startswith("method.")}
        api.route("ANY /{key+}", {"type": "AWS", "integrationHttpMethod": method, "uri": uri, "response": {}, **more},
                  requestParameters=parameters)
        api.deploy()
        services.reply = reply
        verb, headers, body = request
        answer = api.send(path, verb, headers, body)
        return answer, services.requests[-1]

    return call


def is_signed(received, service, keys=OWN):
    """Signs what was received once more, with botocore, and compares."""
    authorization = received.header("authorization")
    scope = re.match(r"AWS4-HMAC-SHA256 Credential=([^,]+), SignedHeaders=([^,]+), Signature=[0-9a-f]{64}$", authorization)
    date = received.header("x-amz-date")
    assert scope[1] == f"{keys[0]}/{date[:8]}/{products.REGION}/{service}/aws4_request"
    headers = {name: received.header(name) for name in scope[2].split(";")}
    headers.pop("x-amz-date")
    headers.pop("x-amz-security-token", None)
    headers.pop("x-amz-content-sha256", None)
    request = botocore.awsrequest.AWSRequest(
        received.method, f"http://{received.header('host')}{received.target}", headers, received.body)
    request.context["timestamp"] = date
    kind = botocore.auth.S3SigV4Auth if service == "s3" else botocore.auth.SigV4Auth
    signer = kind(botocore.credentials.Credentials(*keys), service, products.REGION)
    if keys[2]:
        request.headers["X-Amz-Security-Token"] = keys[2]
    request.headers["X-Amz-Date"] = date
    if service == "s3":
        request.headers["X-Amz-Content-SHA256"] = signer.payload(request)
    signature = signer.signature(signer.string_to_sign(request, signer.canonical_request(request)), request)
    assert authorization.endswith(f"Signature={signature}")
    return True


def test_a_json_service_is_called_by_action(call):
    uri = f"arn:aws:apigateway:{products.REGION}:dynamodb:action/PutItem"
    template = {"application/json": '{"TableName": "pets", "Item": {"id": {"S": "$input.path(\'$.id\')"}}}'}
    answer, seen = call(uri, request=("POST", [("Content-Type", "application/json")], b'{"id": "7"}'), path="/x",
                        requestTemplates=template)
    assert (answer.status, answer.body) == (200, b"{}")
    assert (seen.method, seen.target) == ("POST", "/?Action=PutItem")
    assert seen.header("x-amz-target") == "DynamoDB_20120810.PutItem"
    assert json.loads(seen.body) == {"TableName": "pets", "Item": {"id": {"S": "7"}}}
    assert is_signed(seen, "dynamodb")


def test_a_query_service_is_called_by_path_and_form(call):
    uri = f"arn:aws:apigateway:{products.REGION}:sqs:path/123456789012/pets"
    answer, seen = call(uri, request=("POST", (), b"a&b c"), path="/x",
                        requestTemplates={"application/json": "Action=SendMessage&MessageBody=$util.urlEncode($input.body)"},
                        requestParameters={"integration.request.header.Content-Type": "'application/x-www-form-urlencoded'"})
    assert (answer.status, seen.target, seen.body) == (200, "/123456789012/pets", b"Action=SendMessage&MessageBody=a%26b+c")
    assert is_signed(seen, "sqs")


@pytest.mark.parametrize("service", ["sns", "kinesis", "states", "events", "ssm"])
def test_any_service_is_signed_for_by_its_own_name(call, service):
    uri = f"arn:aws:apigateway:{products.REGION}:{service}:action/Do"
    _, seen = call(uri, request=("POST", (), b"{}"), path="/x")
    assert is_signed(seen, service)


@pytest.mark.parametrize("key", ["a.json", "a/b%20c", "%C3%A9", "a+b", "a%2Bb"])
def test_a_service_is_called_in_the_name_of_a_role(call, services, key):
    uri = f"arn:aws:apigateway:{products.REGION}:s3:path/bkt/{{k}}"
    answer, seen = call(uri, "GET", path=f"/{key}", reply=(200, [("ETag", '"1"')], b"text"), credentials=ROLE,
                        requestParameters={"integration.request.path.k": "method.request.path.key"})
    assert (answer.status, answer.body) == (200, b"text")
    assert seen.target == f"/bkt/{key}"
    assert is_signed(seen, "s3", OF_ROLE)
    assumed = [one for one in services.requests if b"AssumeRole" in one.body]
    assert len(assumed) == 1, "a role is taken on once"
    assert is_signed(assumed[0], "sts")


def test_a_functions_error_selects_the_response(call, product):
    api = Api(product)
    error = {"errorMessage": "no such pet", "errorType": "NotFound"}
    api.route("GET /f", {"type": "AWS", "integrationHttpMethod": "POST", "uri": invoke_uri("f"), "response": {}})
    where = {"restApiId": api.id, "resourceId": api.resources["/f"], "httpMethod": "GET"}
    api.client.put_method_response(**where, statusCode="404")
    api.client.put_integration_response(**where, statusCode="404", selectionPattern="no such.*")
    api.deploy()
    _, seen = call(f"arn:aws:apigateway:{products.REGION}:sqs:path/x", path="/x",
                   reply=(200, [("X-Amz-Function-Error", "Unhandled")], json.dumps(error).encode()))
    answer = api.send("/f")
    assert (answer.status, answer.json()) == (404, error)


def message(kind, payload):
    """A message of AWS's event stream."""
    headers = b"".join(
        struct.pack("!B", len(name)) + name + b"\x07" + struct.pack("!H", len(value)) + value
        for name, value in [(b":message-type", b"event"), (b":event-type", kind)])
    prelude = struct.pack("!II", 16 + len(headers) + len(payload), len(headers))
    framed = prelude + struct.pack("!I", zlib.crc32(prelude)) + headers + payload
    return framed + struct.pack("!I", zlib.crc32(framed))


def test_a_function_streams_its_answer(product, services):
    api = Api(product)
    uri = (f"arn:aws:apigateway:{products.REGION}:lambda:path/2021-11-15/functions/"
           f"{function_arn('f')}/response-streaming-invocations")
    api.route("GET /f", {"type": "AWS_PROXY", "integrationHttpMethod": "POST", "uri": uri, "responseTransferMode": "STREAM"})
    api.deploy()
    head = b'{"statusCode": 201, "headers": {"Content-Type": "text/event-stream"}, "cookies": ["a=1"]}'
    stream = [message(b"PayloadChunk", piece) for piece in (head[:20], head[20:] + bytes(5), bytes(3) + b"data: 1\n\n", b"data: 2\n\n")]
    services.reply = (200, [("Content-Type", "application/vnd.amazon.eventstream")],
                      b"".join(stream) + message(b"InvokeComplete", b"{}"))
    answer = api.send("/f")
    assert (answer.status, answer.body) == (201, b"data: 1\n\ndata: 2\n\n")
    assert answer.header("content-type") == "text/event-stream"
    assert answer.header("set-cookie") == "a=1"
    seen = services.requests[-1]
    assert seen.target == "/2021-11-15/functions/f/response-streaming-invocations"
    assert json.loads(seen.body)["httpMethod"] == "GET"
    assert is_signed(seen, "lambda")
