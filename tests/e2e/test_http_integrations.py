"""HTTP APIs: what functions, endpoints and services behind a route are given, and what the client gets of their answers."""

import base64
import json
import re
import time
import urllib.parse

import botocore.exceptions
import pytest

import backends
import products
from apis import Routes, function_arn, invoke_uri
from backends import Reply, Seen
from products import ACCOUNT
from test_aws_integration import OF_ROLE, ROLE, Services, is_signed

ERROR = b'{"message":"Internal Server Error"}'
UNAVAILABLE = b'{"message":"Service Unavailable"}'
LISTENER = f"arn:aws:elasticloadbalancing:{products.REGION}:{ACCOUNT}:listener/app/web/89abcdef01234567/0123456789abcdef"
DISCOVERED = f"arn:aws:servicediscovery:{products.REGION}:{ACCOUNT}:service/srv-0123456789abcdef"


def function(name, version="2.0", **more):
    return {"IntegrationType": "AWS_PROXY", "IntegrationUri": function_arn(name), "PayloadFormatVersion": version, **more}


def proxy(uri, method="ANY", **more):
    return {"IntegrationType": "HTTP_PROXY", "IntegrationUri": uri, "IntegrationMethod": method, "PayloadFormatVersion": "1.0", **more}


def trace(headers):
    """HTTP APIs begin a trace, and are no part of one."""
    assert re.fullmatch(r"Root=1-[0-9a-f]{8}-[0-9a-f]{24}", headers.pop("x-amzn-trace-id"))


# --- functions ---

def test_the_whole_event_of_format_2(postern, lambdas):
    name = lambdas.function({"statusCode": 200})
    api = Routes(postern, {"POST /orders/{id}": function(name), "$default": function(name)}, stage="dev")
    api.client.update_stage(ApiId=api.id, StageName="dev", StageVariables={"tier": "gold"})
    began = time.time()
    sent = [("Accept", "*/*"), ("User-Agent", "curl/8.4"), ("Content-Type", "application/json"), ("X-Multi", "1"), ("X-Multi", "2"),
            ("Cookie", "sid=1; t=2")]
    answer = api.send("/orders/7%208?q=a%20b&q=c&n=1", "POST", sent, b'{"a": 1}')
    assert answer.status == 200, answer
    got = lambdas.last(name).event
    headers, context = got.pop("headers"), got.pop("requestContext")
    trace(headers)
    assert headers.pop("x-forwarded-for").endswith("127.0.0.1")
    assert headers.pop("x-forwarded-proto") == "http"
    assert headers.pop("x-forwarded-port").isdigit()
    host = headers.pop("host")
    assert headers == {"accept": "*/*", "content-length": "8", "content-type": "application/json", "user-agent": "curl/8.4",
                       "x-multi": "1,2"}
    at = context.pop("timeEpoch")
    assert began - 1 <= at / 1000 <= time.time() + 1
    assert re.fullmatch(r"\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d \+0000", context.pop("time"))
    assert context == {
        "accountId": ACCOUNT, "apiId": api.id, "domainName": host.partition(":")[0], "domainPrefix": api.id,
        "http": {"method": "POST", "path": "/dev/orders/7 8", "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "curl/8.4"},
        "requestId": answer.header("apigw-requestid"), "routeKey": "POST /orders/{id}", "stage": "dev",
    }
    assert got == {
        "version": "2.0", "routeKey": "POST /orders/{id}", "rawPath": "/dev/orders/7 8", "rawQueryString": "q=a%20b&q=c&n=1",
        "cookies": ["sid=1", "t=2"], "queryStringParameters": {"q": "a b,c", "n": "1"}, "pathParameters": {"id": "7 8"},
        "stageVariables": {"tier": "gold"}, "body": '{"a": 1}', "isBase64Encoded": False,
    }

    # What is not there is absent; everything but text is base64.
    assert api.send("/x", "PUT", [("Content-Type", "application/x-www-form-urlencoded")], b"a=1").status == 200
    got = lambdas.last(name).event
    assert (got["routeKey"], got["body"], got["isBase64Encoded"]) == ("$default", "YT0x", True)
    assert not {"cookies", "queryStringParameters", "pathParameters"} & set(got)
    # A length is told of what has no body too, and what has no type is text.
    got = (api.send("/y"), lambdas.last(name).event)[1]
    assert "body" not in got and got["headers"]["content-length"] == "0"
    got = (api.send("/y", "POST", body=b"plain"), lambdas.last(name).event)[1]
    assert (got["body"], got["isBase64Encoded"]) == ("plain", False)


def test_the_whole_event_of_format_1(postern, lambdas):
    name = lambdas.function({"statusCode": 200})
    api = Routes(postern, {"GET /old/{id}": function(name, "1.0"), "$default": function(name, "1.0", IntegrationUri=invoke_uri(name))})
    answer = api.send("/old/7?a=1&a=2", "GET", [("Accept", "*/*"), ("User-Agent", "curl/8.4"), ("X-My", "1"), ("X-My", "2")])
    assert answer.status == 200, answer
    got = lambdas.last(name).event
    context = got.pop("requestContext")
    headers, several = got.pop("headers"), got.pop("multiValueHeaders")
    assert set(headers) == set(several) >= {"Accept", "Content-Length", "Host", "User-Agent", "X-Forwarded-For", "X-Amzn-Trace-Id", "x-my"}
    assert (headers["x-my"], several["x-my"]) == ("2", ["1", "2"])
    for varies in ("requestTime", "requestTimeEpoch", "domainName"):
        assert context.pop(varies)
    assert context == {
        "accountId": ACCOUNT, "apiId": api.id, "authorizer": {"claims": None, "scopes": None}, "domainPrefix": api.id,
        "extendedRequestId": answer.header("apigw-requestid"), "httpMethod": "GET", "path": "/old/7", "protocol": "HTTP/1.1",
        "identity": {
            "accessKey": None, "accountId": None, "caller": None, "cognitoAuthenticationProvider": None,
            "cognitoAuthenticationType": None, "cognitoIdentityId": None, "cognitoIdentityPoolId": None, "principalOrgId": None,
            "sourceIp": "127.0.0.1", "user": None, "userAgent": "curl/8.4", "userArn": None,
        },
        "requestId": answer.header("apigw-requestid"), "resourceId": None, "resourcePath": "/old/{id}", "stage": "$default",
    }
    assert got == {
        "version": "1.0", "resource": "/old/{id}", "path": "/old/7", "httpMethod": "GET", "queryStringParameters": {"a": "2"},
        "multiValueQueryStringParameters": {"a": ["1", "2"]}, "pathParameters": {"id": "7"}, "stageVariables": None, "body": None,
        "isBase64Encoded": False,
    }
    assert api.send("/").status == 200
    got = lambdas.last(name).event
    assert (got["resource"], got["requestContext"]["resourcePath"], got["path"]) == ("$default", "$default", "/")
    for name in ("queryStringParameters", "multiValueQueryStringParameters", "pathParameters", "stageVariables", "body"):
        assert name in got and got[name] is None, name


def test_what_functions_answer(postern, lambdas):
    replies = {}
    name = lambdas.function(lambda event: replies["now"])
    api = Routes(postern, {"GET /2": function(name), "GET /1": function(name, "1.0"), "GET /slow": function(name, TimeoutInMillis=200)})
    gif = base64.b64encode(b"GIF89a\0\xff").decode()
    text, as_json = "text/plain; charset=utf-8", "application/json"
    for version, reply, status, body, kind in [
        ("2", "Hello", 200, b"Hello", as_json),
        ("2", {"a": [1]}, 200, b'{"a": [1]}', as_json),
        ("2", None, 200, b"null", as_json),
        ("2", {"statusCode": 201, "body": "made"}, 201, b"made", text),
        ("2", {"statusCode": "404"}, 404, b"", text),
        ("2", {"statusCode": 200, "headers": {"Content-Type": "image/gif"}, "body": gif, "isBase64Encoded": True}, 200, b"GIF89a\0\xff",
         "image/gif"),
        ("2", {"statusCode": 200, "body": {"a": 1}}, 500, ERROR, as_json),
        ("2", {"statusCode": 700}, 500, ERROR, as_json),
        ("2", {"statusCode": 200, "body": "%", "isBase64Encoded": True}, 500, ERROR, as_json),
        ("2", Reply({"errorMessage": "no"}, error="Unhandled"), 500, ERROR, as_json),
        ("2", Reply("throttled", status=429, type="TooManyRequestsException"), 500, ERROR, as_json),
        ("2", Reply("not you", status=403, type="AccessDeniedException"), 500, ERROR, as_json),
        ("1", {"statusCode": 200, "body": "one"}, 200, b"one", text),
        ("1", "Hello", 500, ERROR, as_json),
        ("1", {"a": 1}, 500, ERROR, as_json),
    ]:
        replies["now"] = reply
        answer = api.send(f"/{version}")
        assert (answer.status, answer.body, answer.header("content-type")) == (status, body, kind), (version, reply)
    replies["now"] = {"statusCode": 200, "headers": {"X-Number": 7, "X-True": True}, "cookies": ["a=1; Secure", "b=2"]}
    answer = api.send("/2")
    assert (answer.header("x-number"), answer.header("x-true"), answer.all("set-cookie")) == ("7", "true", ["a=1; Secure", "b=2"])
    replies["now"] = {"statusCode": 200, "headers": {"x-a": "1", "x-b": "1"}, "multiValueHeaders": {"x-a": ["2", "3"]}}
    answer = api.send("/1")
    assert (answer.all("x-a"), answer.all("x-b")) == (["2", "3"], ["1"])
    replies["now"] = Reply({"statusCode": 200}, wait=1)
    answer = api.send("/slow")
    assert (answer.status, answer.body) == (503, UNAVAILABLE)


def test_an_api_that_is_made_in_one_call_answers(postern, backend, lambdas):
    client = postern.client("apigatewayv2")
    name = lambdas.function({"said": "so"})
    for target, key in [(backend.url, {}), (function_arn(name), {"RouteKey": "GET /pets"})]:
        api = client.create_api(Name="quick", ProtocolType="HTTP", Target=target, **key)["ApiId"]
        answer = postern.send_to(api, "/pets?a=1")
        if key:
            assert (answer.status, answer.body) == (200, b'{"said": "so"}')
            assert lambdas.last(name).event["version"] == "2.0"
        else:
            assert Seen(answer).target == "/pets?a=1"


# --- endpoints ---

def test_where_a_proxied_request_goes_and_what_of_it_passes(postern, backend):
    api = Routes(postern, {
        "ANY /pets/{id}/{rest+}": f"{backend.url}/b/{{id}}?of={{rest}}&fixed=1",
        "GET /fixed": proxy(f"{backend.url}/as/it/is", "PUT"),
        "$default": f"{backend.url}/base",
    }, stage="dev")
    sent = [("Authorization", "Bearer t"), ("X-My", "1"), ("X-My", "2"), ("TE", "trailers"), ("User-Agent", "curl/8.4"),
            ("X-Forwarded-For", "192.0.2.1"), ("Accept-Encoding", "br")]
    seen = Seen(api.send("/pets/a%2Fb/c/d?x=1&y=%26", "POST", sent, b"text"))
    assert (seen.method, seen.target, seen.body) == ("POST", "/b/a%2Fb?of=c/d&fixed=1&x=1&y=%26", b"text")
    assert seen.header("host") == f"127.0.0.1:{backend.port}"
    assert seen.all("x-my") == ["1", "2"]
    assert (seen.header("authorization"), seen.header("user-agent"), seen.header("accept-encoding")) == ("Bearer t", "curl/8.4", "br")
    assert re.fullmatch(rf"by=unknown;for=127\.0\.0\.1;host={api.id}\.execute-api\.\S+;proto=http", seen.header("forwarded"))
    assert seen.header("via") == "HTTP/1.1 AmazonAPIGateway"
    assert seen.header("x-amzn-trace-id").startswith("Root=1-")
    for name in ("te", "x-forwarded-for", "x-forwarded-proto", "x-amzn-apigateway-api-id"):
        assert seen.header(name) is None, name
    seen = Seen(api.send("/fixed?a=b"))
    assert (seen.method, seen.target) == ("PUT", "/as/it/is?a=b")
    for path, target in [("/any/where/?a=b", "/base/any/where/?a=b"), ("/", "/base/"), ("", "/base/"), ("/a%20b", "/base/a%20b")]:
        seen = Seen(api.send(path, "PATCH"))
        assert (seen.method, seen.target) == ("PATCH", target), path


def test_the_answer_of_an_endpoint_passes_as_it_came(postern, backend):
    given = [("Server", "nginx"), ("WWW-Authenticate", "Basic"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("Keep-Alive", "timeout=5"),
             ("x-amzn-requestid", "theirs"), ("Content-Encoding", "odd")]
    api = Routes(postern, {
        "GET /": f"{backend.url}{backend.replies(418, given, b'short')}",
        "GET /gone": f"http://127.0.0.1:{products.free_port()}/",
        "GET /slow": proxy(f"{backend.url}{backend.on(lambda received: time.sleep(1))}", TimeoutInMillis=100),
    })
    answer = api.send("/")
    assert (answer.status, answer.body) == (418, b"short")
    assert answer.all("set-cookie") == ["a=1", "b=2"]
    for name, value in [("server", "nginx"), ("www-authenticate", "Basic"), ("content-encoding", "odd"), ("keep-alive", None),
                        ("x-amzn-remapped-server", None), ("content-type", None)]:
        assert answer.header(name) == value, name
    for path in ("/gone", "/slow"):
        answer = api.send(path)
        assert (answer.status, answer.body, answer.header("content-type")) == (503, UNAVAILABLE, "application/json"), path


def test_a_private_endpoint_is_reached_through_its_link_and_told_the_stage(folder, lambdas, backend):
    links = f"{LISTENER}=127.0.0.1:{backend.port},{DISCOVERED}=localhost:{backend.port}"
    product = products.embedded(folder / "linked-routes", lambdas, "--vpc-link", links)
    try:
        client = product.client("apigatewayv2")
        link = client.create_vpc_link(Name="inner", SubnetIds=["subnet-1"])["VpcLinkId"]
        private = {"ConnectionType": "VPC_LINK", "ConnectionId": link}
        api = Routes(product, {
            "ANY /pets/{id}": proxy(LISTENER, **private),
            "GET /found": proxy(f"{DISCOVERED}?stage=prod&color=green", **private),
            "GET /bare": proxy(LISTENER, RequestParameters={"overwrite:path": "$request.path"}, **private),
            "GET /unknown": proxy(LISTENER.replace("/web/", "/other/"), **private),
        }, stage="dev")
        api.client.create_stage(ApiId=api.id, StageName="$default", AutoDeploy=True)
        for stage, path, target in [
            ("dev", "/pets/7?a=1", "/dev/pets/7?a=1"),
            ("$default", "/pets/7", "/pets/7"),
            ("dev", "/found", "/dev/found"),
            ("dev", "/bare", "/bare"),
        ]:
            seen = Seen(api.send(path, stage=stage))
            assert (seen.target, seen.header("host").partition(":")[2]) == (target, str(backend.port)), path
        answer = api.send("/unknown")
        assert (answer.status, answer.body) == (500, ERROR)
    finally:
        product.stop()


# --- parameter mapping ---

def test_requests_and_answers_are_changed_as_the_owner_says(postern, backend, lambdas):
    path = backend.replies(500, [("X-Many", "1"), ("X-Powered-By", "magic")], b'{"why": "because"}')
    name = lambdas.function({"statusCode": 200, "body": "x"})
    api = Routes(postern, {
        "POST /pets/{id}": proxy(f"{backend.url}/x?fixed=1", RequestParameters={
            "overwrite:path": "/v1/${request.path.id}/${stageVariables.tier}",
            "append:header.x-many": "$request.querystring.q",
            "overwrite:header.x-user": "$context.identity.sourceIp",
            "overwrite:header.x-said": "${request.body.name}-${context.routeKey}",
            "remove:header.x-secret": "''",
            "append:querystring.id": "$request.path.id",
            "remove:querystring.r": "''",
        }),
        "GET /wrong": proxy(f"{backend.url}{path}", ResponseParameters={
            "500": {"overwrite:statuscode": "403", "append:header.x-rid": "$context.requestId", "append:header.x-many": "2",
                    "remove:header.x-powered-by": "''", "overwrite:header.x-why": "$response.body.why"},
        }),
        "GET /function": function(name, RequestParameters={"append:header.x-stage": "$context.stage"},
                                  ResponseParameters={"200": {"overwrite:statuscode": "202"}}),
    })
    api.client.update_stage(ApiId=api.id, StageName="$default", StageVariables={"tier": "gold"})
    seen = Seen(api.send("/pets/a%20b?q=1&q=2&r=0", "POST", [("X-Many", "0"), ("X-User", "mallory"), ("X-Secret", "s")], b'{"name": "Rex"}'))
    assert seen.target == "/v1/a%20b/gold?fixed=1&q=1&q=2&id=a%20b"
    assert (seen.header("x-many"), seen.header("x-user"), seen.header("x-secret")) == ("0,1,2", "127.0.0.1", None)
    assert (seen.header("x-said"), seen.body) == ("Rex-POST /pets/{id}", b'{"name": "Rex"}')
    answer = api.send("/wrong")
    assert (answer.status, answer.body) == (403, b'{"why": "because"}')
    assert answer.header("x-rid") == answer.header("apigw-requestid")
    assert (answer.header("x-many"), answer.header("x-powered-by"), answer.header("x-why")) == ("1,2", None, "because")
    assert api.send("/function").status == 202
    assert lambdas.last(name).event["headers"]["x-stage"] == "$default"
    for wrong in ({"append:header.X-Amzn-Trace-Id": "x"}, {"append:header.x": "$request.body..a"}):
        with pytest.raises(botocore.exceptions.ClientError) as error:
            api.integration(proxy(backend.url, RequestParameters=wrong))
        assert error.value.response["Error"]["Code"] == "BadRequestException", wrong


# --- actions of services ---

@pytest.fixture(scope="module")
def services():
    server = Services()
    yield server
    server.close()


@pytest.fixture(scope="module")
def product(folder, services):
    product = products.Dev(folder / "subtypes", "--data", folder / "subtypes" / "data", environment={"AWS_ENDPOINT_URL": services.url})
    yield product
    product.stop()


def test_each_action_is_called_signed_in_the_name_of_its_role(product, services):
    def action(name, **parameters):
        return {"IntegrationType": "AWS_PROXY", "IntegrationSubtype": name, "PayloadFormatVersion": "1.0", "CredentialsArn": ROLE,
                "RequestParameters": parameters}

    queue = f"https://sqs.{products.REGION}.amazonaws.com/{ACCOUNT}/jobs"
    machine = f"arn:aws:states:{products.REGION}:{ACCOUNT}:stateMachine:m"
    api = Routes(product, {
        "POST /events": action("EventBridge-PutEvents", Detail="$request.body", DetailType="made", Source="pets"),
        "POST /jobs": action("SQS-SendMessage", QueueUrl=queue, MessageBody="$request.body", MessageGroupId="$request.header.x-group"),
        "GET /jobs": action("SQS-ReceiveMessage", QueueUrl=queue, AttributeNames="All"),
        "DELETE /jobs/{id}": action("SQS-DeleteMessage", QueueUrl=queue, ReceiptHandle="$request.path.id"),
        "DELETE /jobs": action("SQS-PurgeQueue", QueueUrl=queue),
        "GET /flags": action("AppConfig-GetConfiguration", Application="a", Environment="e", Configuration="c", ClientId="me"),
        "POST /records": action("Kinesis-PutRecord", StreamName="s", Data="$request.body", PartitionKey="k"),
        "POST /runs": action("StepFunctions-StartExecution", StateMachineArn=machine, Input="$request.body"),
        "POST /run": action("StepFunctions-StartSyncExecution", StateMachineArn=machine, Input="$request.body"),
        "DELETE /runs/{arn}": action("StepFunctions-StopExecution", ExecutionArn="$request.path.arn"),
    })
    as_queue = {"Version": "2012-11-05", "QueueUrl": queue}
    for request, service, target, expected in [
        (("/events", "POST", (), b'{"a":1}'), "events", "AWSEvents.PutEvents",
         {"Entries": [{"Detail": '{"a":1}', "DetailType": "made", "Source": "pets"}]}),
        (("/jobs", "POST", [("X-Group", "g")], b"to do & more"), "sqs", f"/{ACCOUNT}/jobs",
         {"Action": "SendMessage", **as_queue, "MessageBody": "to do & more", "MessageGroupId": "g"}),
        (("/jobs", "GET", (), None), "sqs", f"/{ACCOUNT}/jobs", {"Action": "ReceiveMessage", **as_queue, "AttributeName.1": "All"}),
        (("/jobs/a%2Bb", "DELETE", (), None), "sqs", f"/{ACCOUNT}/jobs", {"Action": "DeleteMessage", **as_queue, "ReceiptHandle": "a+b"}),
        (("/jobs", "DELETE", (), None), "sqs", f"/{ACCOUNT}/jobs", {"Action": "PurgeQueue", **as_queue}),
        (("/flags", "GET", (), None), "appconfig", "/applications/a/environments/e/configurations/c?client_id=me", None),
        (("/records", "POST", (), b"aGk="), "kinesis", "Kinesis_20131202.PutRecord", {"StreamName": "s", "Data": "aGk=", "PartitionKey": "k"}),
        (("/runs", "POST", (), b"{}"), "states", "AWSStepFunctions.StartExecution", {"stateMachineArn": machine, "input": "{}"}),
        (("/run", "POST", (), b"{}"), "states", "AWSStepFunctions.StartSyncExecution", {"stateMachineArn": machine, "input": "{}"}),
        (("/runs/arn:e", "DELETE", (), None), "states", "AWSStepFunctions.StopExecution", {"executionArn": "arn:e"}),
    ]:
        services.reply = (200, [("Content-Type", "a/b"), ("x-amzn-RequestId", "theirs")], b"as it is")
        answer = api.send(*request)
        assert (answer.status, answer.body, answer.header("content-type")) == (200, b"as it is", "a/b"), request
        assert answer.header("x-amzn-requestid") is None
        seen = services.requests[-1]
        is_signed(seen, service, OF_ROLE)
        if service == "sqs":
            assert seen.target == target
            assert dict(urllib.parse.parse_qsl(seen.body.decode())) == expected
        elif expected is None:
            assert (seen.method, seen.target) == ("GET", target)
        else:
            assert (seen.header("x-amz-target"), json.loads(seen.body)) == (target, expected)
    services.reply = (400, [], b"<ErrorResponse/>")
    answer = api.send("/jobs", "POST", (), b"x")
    assert (answer.status, answer.body) == (400, b"<ErrorResponse/>")
    with pytest.raises(botocore.exceptions.ClientError) as error:
        api.integration(action("SQS-SendMessage", QueueUrl=queue))
    assert "MessageBody" in error.value.response["Error"]["Message"]


def test_a_function_is_called_on_every_product(request, lambdas):
    for which in ("on_dynamodb", "functions"):
        product = request.getfixturevalue(which)
        name = lambdas.function({"statusCode": 200, "body": "here"})
        api = Routes(product, {"GET /pets/{id}": function(name)})

        def answered():
            answer = api.send("/pets/7?a=1")
            assert (answer.status, answer.body) == (200, b"here"), answer
            return True

        assert api.settled(answered)
        got = lambdas.last(name).event
        assert (got["routeKey"], got["pathParameters"], got["rawQueryString"]) == ("GET /pets/{id}", {"id": "7"}, "a=1")
