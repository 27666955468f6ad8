"""Ways around a policy: by saying that one is somebody or somewhere else, by writing a path in another way, by asking for a wildcard."""

import json

import pytest

from apis import Api, aws_proxy, invoke_uri, mock

ELSEWHERE = "203.0.113.9"
SPOOFS = {
    "X-Forwarded-For": ELSEWHERE, "Forwarded": f"for={ELSEWHERE}", "X-Real-IP": ELSEWHERE, "True-Client-IP": ELSEWHERE, "X-Client-IP": ELSEWHERE,
    "CF-Connecting-IP": ELSEWHERE, "CloudFront-Viewer-Address": f"{ELSEWHERE}:443", "X-Amzn-Source-Ip": ELSEWHERE, "X-Amz-Cf-Source-Ip": ELSEWHERE,
    "X-Envoy-External-Address": ELSEWHERE, "X-Amzn-Vpce-Id": "vpce-1", "X-Amzn-Vpc-Id": "vpc-1",
}


def test_no_header_says_where_somebody_is_or_which_certificate_they_have(postern, lambdas):
    name = lambdas.function(lambda event: {"statusCode": 200, "body": json.dumps(event["requestContext"]["identity"])})
    made = Api(postern, {"GET /": mock(), "GET /who": aws_proxy(name)})
    document = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*/GET/who"},
        {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*/GET/",
         "Condition": {"IpAddress": {"aws:SourceIp": f"{ELSEWHERE}/24"}}},
        {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*/GET/",
         "Condition": {"StringEquals": {"aws:SourceVpce": "vpce-1"}}}]}
    made.client.update_rest_api(restApiId=made.id, patchOperations=[{"op": "replace", "path": "/policy", "value": json.dumps(document)}])
    made.deploy()
    for header in [*([one] for one in SPOOFS.items()), list(SPOOFS.items()), [("X-Forwarded-For", f"{ELSEWHERE}, {ELSEWHERE}")],
                   [("X-Forwarded-For", ELSEWHERE), ("X-Forwarded-For", ELSEWHERE)]]:
        answer = made.send("/", headers=header)
        assert (answer.status, answer.header("x-amzn-errortype")) == (403, "AccessDeniedException"), header
    certificate = [(f"{front}-{part}", value) for front, parts in [
        ("X-Amzn-Mtls-Clientcert", ("Serial-Number", "Issuer", "Subject", "Validity", "Leaf")),
        ("CloudFront-Viewer-Cert", ("Serial-Number", "Issuer", "Subject", "Present", "Sha256", "Validity", "Pem"))] for part in parts for value in ["CN=admin"]]
    identity = made.send("/who", headers=[*SPOOFS.items(), *certificate, ("X-Amzn-Mtls-Clientcert", "x")]).json()
    assert identity["sourceIp"] == "127.0.0.1" and not identity.get("clientCert"), identity
    assert not {name for name in ("vpcId", "vpceId", "userArn", "caller") if identity.get(name)}, identity


# Of `/shut` and all below it, of `/pets/admin`, and of all below `/files/secret`.
WAYS_AROUND = [
    "/shut", "/shut/", "/shut//", "//shut", "/%73hut", "/./shut", "/x/../shut", "/shut;a", "/SHUT/../shut", "/shut%2F", "/%2Fshut", "/shut%00", "/shut.", "/shut?a",
    "/pets/admin", "/pets/admin/", "/pets/%61dmin", "/pets/admi%6E/", "//pets/admin", "/pets/./admin", "/pets/%2e/admin", "/pets/x%2F..%2Fadmin",
    "/files/secret/a", "/files/s%65cret/a", "/files//secret/a", "/files/secret//a", "/files/./secret/a", "/files/x/../secret/a", "/files/%2e/secret/a",
    "/files/x/%2e%2E/secret/a", "/files/secret%2Fa", "/files/x%2F..%2Fsecret%2Fa", "/files/secret/../secret/a", "/files/../files/secret/a",
]


@pytest.fixture(scope="module")
def shut(postern, lambdas):
    """Two APIs with the same paths: the one shut by its own policy, the other by that of its authorizer's function."""
    name = lambdas.function({"statusCode": 200, "body": "in"})
    paths = ["shut", "shut/*", "pets/admin", "files/secret/*"]

    def guard(event):
        arn = event["methodArn"].split("/")[0]
        statements = [("Allow", "*"), ("Deny", [f"{arn}/*/GET/{path}" for path in paths])]
        return {"principalId": "x", "policyDocument": {"Version": "2012-10-17", "Statement": [
            {"Action": "execute-api:Invoke", "Effect": effect, "Resource": resource} for effect, resource in statements]}}

    made = []
    for by in ("resource policy", "authorizer"):
        one, how = Api(postern), {}
        if by == "authorizer":
            authorizer = one.client.create_authorizer(restApiId=one.id, name="guard", type="REQUEST", authorizerUri=invoke_uri(lambdas.function(guard)),
                                                      authorizerResultTtlInSeconds=0)
            how = {"authorizationType": "CUSTOM", "authorizerId": authorizer["id"]}
        else:
            document = {"Version": "2012-10-17", "Statement": [
                {"Effect": effect, "Principal": "*", "Action": "execute-api:Invoke", "Resource": [f"execute-api:/{path}" for path in which]}
                for effect, which in (("Allow", ["*"]), ("Deny", [f"*/GET/{path}" for path in paths]))]}
            one.client.update_rest_api(restApiId=one.id, patchOperations=[{"op": "replace", "path": "/policy", "value": json.dumps(document)}])
        for path in ("/shut", "/pets/{id}", "/files/{proxy+}"):
            one.route(f"GET {path}", aws_proxy(name), **how)
        one.deploy()
        made.append(one)
    return made


@pytest.mark.parametrize("path", WAYS_AROUND)
def test_no_way_of_writing_a_path_leads_around_a_policy(shut, path):
    for one in shut:
        answer = one.send(path)
        assert answer.status == 403 and answer.body != b"in", answer
        for open_path in ("/pets/7", "/files/a/secret"):
            assert one.send(open_path).body == b"in"


def test_who_asks_for_a_wildcard_is_not_given_one(postern, lambdas):
    guard = lambdas.function(lambda event: {"principalId": "x", "policyDocument": {"Version": "2012-10-17", "Statement": [
        {"Action": "execute-api:Invoke", "Effect": "Deny" if event["methodArn"].endswith("hers") else "Allow",
         "Resource": event["methodArn"]}]}})
    made = Api(postern)
    authorizer = made.client.create_authorizer(restApiId=made.id, name="guard", type="TOKEN", authorizerUri=invoke_uri(guard),
                                               identitySource="method.request.header.Authorization", authorizerResultTtlInSeconds=300)
    made.route("GET /pets/{id}", mock(), authorizationType="CUSTOM", authorizerId=authorizer["id"])
    made.deploy()
    for number, wild in enumerate(("*", "%2A", "????", "%3F%3F%3F%3F", "${*}", "${aws:UserAgent}", "mine")):
        by = [("Authorization", f"t{number}")]
        made.send(f"/pets/{wild}", headers=by)
        # What the function said of that one is kept, and says nothing of others.
        assert made.send("/pets/hers", headers=[*by, ("User-Agent", "hers")]).status == 403, wild
