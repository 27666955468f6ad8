"""Builds an API in a few words, through the management API and nothing else."""

from products import ACCOUNT, REGION, eventually


def mock(status=200):
    return {"type": "MOCK", "requestTemplates": {"application/json": f'{{"statusCode": {status}}}'}}


def http_proxy(uri, method="ANY", **more):
    return {"type": "HTTP_PROXY", "integrationHttpMethod": method, "uri": uri, **more}


def function_arn(name):
    return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"


def invoke_uri(name):
    return f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{function_arn(name)}/invocations"


def aws_proxy(name, method="POST", **more):
    return {"type": "AWS_PROXY", "integrationHttpMethod": method, "uri": invoke_uri(name), **more}


class Api:
    def __init__(self, product, routes=None, stage="test", **create):
        """`routes` maps `GET /pets/{id}` to an integration. With routes, the API is deployed to `stage` at once."""
        self.product, self.client, self.stage = product, product.client(), stage
        made = self.client.create_rest_api(name=create.pop("name", "e2e"), **create)
        self.id = made["id"]
        self.resources = {"/": made["rootResourceId"]}
        for route, integration in (routes or {}).items():
            self.route(route, integration)
        if routes:
            self.deploy()

    def resource(self, path):
        if path not in self.resources:
            parent, _, part = path.rpartition("/")
            made = self.client.create_resource(restApiId=self.id, parentId=self.resource(parent or "/"), pathPart=part)
            assert made["path"] == path
            self.resources[path] = made["id"]
        return self.resources[path]

    def route(self, route, integration, **method):
        """Puts a method and its integration. A MOCK gets its response, with its own status and a body."""
        verb, path = route.split(" ", 1)
        where = {"restApiId": self.id, "resourceId": self.resource(path), "httpMethod": verb}
        self.client.put_method(**where, **{"authorizationType": "NONE", **method})
        integration = dict(integration)
        response = integration.pop("response", None)
        self.client.put_integration(**where, **integration)
        if integration["type"] == "MOCK" or response is not None:
            response = {"statusCode": "200", **(response or {})}
            declared = {key.replace("integration.response", "method.response"): False
                        for key in response.get("responseParameters", {})}
            self.client.put_method_response(**where, statusCode=response["statusCode"], responseParameters=declared)
            self.client.put_integration_response(**where, **response)

    def deploy(self, stage=None, **more):
        return self.client.create_deployment(restApiId=self.id, stageName=stage or self.stage, **more)["id"]

    def send(self, path, method="GET", headers=(), body=None, stage=None, **more):
        return self.product.send(self.id, stage or self.stage, path, method, headers, body, **more)

    def settled(self, claim):
        """Waits as long as this product may take to see a change of a stage, and no longer."""
        return eventually(claim, self.product.settles_within)

    def patch_stage(self, *operations, stage=None):
        return self.client.update_stage(restApiId=self.id, stageName=stage or self.stage, patchOperations=[
            dict(zip(("op", "path", "value"), operation)) for operation in operations])


class Routes:
    """An HTTP API of routes, by `apigatewayv2` and nothing else. What is changed is deployed at once."""

    def __init__(self, product, routes=None, stage="$default", **create):
        """`routes` maps `GET /pets/{id}` to an integration, or to the URL of a backend."""
        self.product, self.client, self.stage = product, product.client("apigatewayv2"), stage
        made = self.client.create_api(**{"Name": "e2e", "ProtocolType": "HTTP", **create})
        self.id = made["ApiId"]
        self.client.create_stage(ApiId=self.id, StageName=stage, AutoDeploy=True)
        for key, integration in (routes or {}).items():
            self.route(key, integration)

    def integration(self, integration):
        if isinstance(integration, str):
            integration = {"IntegrationType": "HTTP_PROXY", "IntegrationMethod": "ANY", "IntegrationUri": integration,
                           "PayloadFormatVersion": "1.0"}
        return self.client.create_integration(ApiId=self.id, **integration)["IntegrationId"]

    def route(self, key, integration, **more):
        target = f"integrations/{self.integration(integration)}"
        return self.client.create_route(ApiId=self.id, RouteKey=key, Target=target, **more)["RouteId"]

    def send(self, path, method="GET", headers=(), body=None, stage=None, **more):
        """The path as a client writes it: with the stage, unless that is the default one."""
        stage = stage or self.stage
        path = path if stage == "$default" else f"/{stage}{path}"
        return self.product.send_to(self.id, path, method, headers, body, **more)

    def settled(self, claim):
        return eventually(claim, self.product.settles_within)
