"""The tour: from nothing to an answered request, by unmodified clients, on every way of running Postern."""

import json

import products
from apis import Api, aws_proxy, http_proxy, mock


def test_boto3_takes_an_api_from_nothing_to_answers_and_back(product, backend, lambdas):
    api = Api(product, name="tour", description="A tour", endpointConfiguration={"types": ["REGIONAL"]})
    assert api.client.get_rest_api(restApiId=api.id)["name"] == "tour"

    api.route("GET /hello", {**mock(), "response": {
        "responseTemplates": {"application/json": '{"hello": "world"}'},
        "responseParameters": {"method.response.header.x-greeting": "'kind'"},
    }})
    api.route("ANY /echo/{proxy+}", {
        **http_proxy(backend.url + "/{proxy}"),
        "requestParameters": {"integration.request.path.proxy": "method.request.path.proxy"},
    }, requestParameters={"method.request.path.proxy": True})
    name = lambdas.function(lambda event: {"statusCode": 201, "body": json.dumps({"path": event["path"]})})
    api.route("POST /orders/{id}", aws_proxy(name))
    paths = {one["path"] for one in api.client.get_resources(restApiId=api.id)["items"]}
    assert paths == {"/", "/hello", "/echo", "/echo/{proxy+}", "/orders", "/orders/{id}"}

    deployment = api.deploy("prod", description="first")
    assert api.client.get_stage(restApiId=api.id, stageName="prod")["deploymentId"] == deployment

    hello = api.settled(lambda: (one := api.send("/hello", stage="prod")).status == 200 and one)
    assert (hello.json(), hello.header("content-type")) == ({"hello": "world"}, "application/json")
    assert hello.header("x-greeting") == "kind"
    assert hello.header("x-amzn-requestid") and hello.header("x-amz-apigw-id")

    echoed = api.send("/echo/a/b?x=1", "PUT", [("Content-Type", "text/plain"), ("x-mine", "yes")], b"some text", stage="prod")
    assert echoed.status == 200, echoed
    seen = echoed.json()
    assert (seen["method"], seen["target"]) == ("PUT", "/a/b?x=1")
    assert ["x-mine", "yes"] in [[name.lower(), value] for name, value in seen["headers"]]

    ordered = api.send("/orders/7", "POST", [("Content-Type", "application/json")], b'{"n": 1}', stage="prod")
    assert (ordered.status, ordered.json()) == (201, {"path": "/orders/7"}), ordered
    assert lambdas.last(name).event["body"] == '{"n": 1}'

    assert api.send("/elsewhere", stage="prod").status == 403

    # What is not deployed is not seen; what is deployed is.
    api.route("GET /later", mock())
    assert api.send("/later", stage="prod").status == 403
    api.deploy("prod")
    api.settled(lambda: api.send("/later", stage="prod").status == 200)

    api.client.delete_stage(restApiId=api.id, stageName="prod")
    api.settled(lambda: api.send("/hello", stage="prod").status == 403)
    api.client.delete_rest_api(restApiId=api.id)
    assert api.id not in {one["id"] for one in api.client.get_rest_apis(limit=500)["items"]}


def test_the_aws_command_does_the_same(product, backend):
    def aws(*arguments):
        done = products.aws(product.endpoint, "apigateway", *arguments, "--output", "json")
        assert done.returncode == 0, f"aws apigateway {' '.join(arguments)}\n{done.stderr}"
        return json.loads(done.stdout) if done.stdout.strip() else None

    made = aws("create-rest-api", "--name", "shell")
    here = ("--rest-api-id", made["id"])
    pets = aws("create-resource", *here, "--parent-id", made["rootResourceId"], "--path-part", "pets")
    assert pets["path"] == "/pets"
    method = (*here, "--resource-id", pets["id"], "--http-method", "GET")
    aws("put-method", *method, "--authorization-type", "NONE")
    integration = aws("put-integration", *method, "--type", "HTTP_PROXY", "--integration-http-method", "GET",
                      "--uri", f"{backend.url}/pets")
    assert (integration["type"], integration["timeoutInMillis"]) == ("HTTP_PROXY", 29000)
    deployment = aws("create-deployment", *here, "--stage-name", "prod")
    stage = aws("get-stage", *here, "--stage-name", "prod")
    assert stage["deploymentId"] == deployment["id"]

    def answered():
        answer = product.send(made["id"], "prod", "/pets?tag=a")
        return answer.status == 200 and answer

    assert products.eventually(answered, product.settles_within).json()["target"] == "/pets?tag=a"

    # A mistake is told in AWS's words, and the command shows them.
    wrong = products.aws(product.endpoint, "apigateway", "get-rest-api", "--rest-api-id", "nosuchapi0")
    assert wrong.returncode != 0
    assert "NotFoundException" in wrong.stderr and "Invalid API identifier specified" in wrong.stderr, wrong.stderr
    aws("delete-rest-api", *here)
