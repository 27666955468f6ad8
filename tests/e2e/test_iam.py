"""Callers who sign, with botocore's own signers and the `aws` command: who passes, who is refused and in which words."""

import configparser
import datetime
import hashlib
import hmac
import json
import random
import subprocess
import urllib.parse

import boto3
import botocore.auth
import botocore.config
import botocore.credentials
import pytest
from botocore.awsrequest import AWSRequest

import backends
import products
import wire
from apis import Api, aws_proxy, mock
from products import ACCOUNT, ENVIRONMENT, PROGRAMS, REGION, ROOT, aws

MISMATCH = "The request signature we calculated does not match the signature you provided."
INVALID = "The security token included in the request is invalid."


def postern(*words, environment=None, fails=False):
    done = subprocess.run([PROGRAMS / "postern", *map(str, words)], env={**ENVIRONMENT, **(environment or {})},
                          capture_output=True, text=True, timeout=60)
    assert (done.returncode != 0) == fails, done.stdout + done.stderr
    return done.stderr if fails else done.stdout


class Keys:
    """Credentials, as Postern printed them."""

    def __init__(self, printed):
        names = {name[0].lower() + name[1:]: value for name, value in json.loads(printed).items()}
        self.id, self.secret, self.token = names["accessKeyId"], names["secretAccessKey"], names.get("sessionToken")
        self.own = botocore.credentials.Credentials(self.id, self.secret, self.token)

    def environment(self):
        token = {"AWS_SESSION_TOKEN": self.token} if self.token else {}
        return {"AWS_ACCESS_KEY_ID": self.id, "AWS_SECRET_ACCESS_KEY": self.secret, **token}


class Sts(backends.Server):
    """STS, as far as it says who signed. It verifies the signature by itself."""

    def __init__(self):
        super().__init__()
        self.secrets, self.asked = {}, []

    def handle(self, received):
        body = received.read()
        self.asked.append((received.method, received.target, received.headers, body))
        who = self.verify(received, body)
        if who is None:
            text = "<ErrorResponse><Error><Code>SignatureDoesNotMatch</Code><Message>it does not match</Message></Error></ErrorResponse>"
            return received.answer(403, [("Content-Type", "text/xml")], text.encode())
        arn, user = who
        text = (f"<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>{arn}</Arn><UserId>{user}</UserId>"
                f"<Account>{arn.split(':')[4]}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>")
        return received.answer(200, [("Content-Type", "text/xml")], text.encode())

    def verify(self, received, body):
        fields = dict(part.strip().split("=", 1) for part in received.header("authorization").partition(" ")[2].split(","))
        key, *scope = fields["Credential"].split("/")
        if key not in self.secrets:
            return None
        secret, *who = self.secrets[key]
        names = fields["SignedHeaders"].split(";")
        headers = "".join(f"{name}:{' '.join(received.header(name).split())}\n" for name in names)
        canonical = "\n".join([received.method, received.target, "", headers, fields["SignedHeaders"], hashlib.sha256(body).hexdigest()])
        text = "\n".join(["AWS4-HMAC-SHA256", received.header("x-amz-date"), "/".join(scope), hashlib.sha256(canonical.encode()).hexdigest()])
        made = ("AWS4" + secret).encode()
        for part in (*scope, text):
            made = hmac.digest(made, part.encode(), "sha256")
        return who if made.hex() == fields["Signature"] else None


class Secured(products.Dev):
    """A Postern that lets in only who signs. Its tests manage it as its administrator."""

    def client(self):
        return boto3.client("apigateway", endpoint_url=self.endpoint, region_name=REGION, aws_access_key_id=self.admin.id,
                            aws_secret_access_key=self.admin.secret, config=botocore.config.Config(retries={"max_attempts": 0}))


@pytest.fixture(scope="module")
def sts():
    server = Sts()
    yield server
    server.close()


@pytest.fixture(scope="module")
def secured(tmp_path_factory, lambdas, sts):
    folder = tmp_path_factory.mktemp("secured")
    data = folder / "data"
    # Before it runs there is nobody whom it would let in: so the first key is made in its store.
    Secured.admin = Keys(postern("credentials", "issue", "adm", "--admin", "--data", data, "--region", REGION))
    product = Secured(folder, "--data", data, "--require-auth",
                      environment={"AWS_ENDPOINT_URL_LAMBDA": lambdas.url, "AWS_ENDPOINT_URL_STS": sts.url})
    yield product
    product.stop()


@pytest.fixture(scope="module")
def manage(secured):
    """manage("credentials", "list") as the administrator."""
    def run(*words, **more):
        return postern(*words, "--endpoint-url", secured.endpoint, "--region", REGION, environment=secured.admin.environment(), **more)
    return run


@pytest.fixture(scope="module")
def api(secured, lambdas):
    made = Api(secured)
    name = lambdas.function(lambda event: {"statusCode": 200, "body": json.dumps(event)})
    for verb in ("GET", "POST", "DELETE"):
        made.route(f"{verb} /pets", mock(), authorizationType="AWS_IAM")
    made.route("ANY /p/{proxy+}", aws_proxy(name), authorizationType="AWS_IAM")
    made.deploy()
    return made


@pytest.fixture(scope="module")
def ann(manage, api, tmp_path_factory):
    keys = Keys(manage("credentials", "issue", "ann", "--tag", "team=pets"))
    document = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "execute-api:Invoke",
         "Resource": [f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{api.id}/test/{what}" for what in ("GET/pets", "POST/pets", "*/p/*")],
         "Condition": {"StringEquals": {"aws:PrincipalTag/team": "pets"}}},
        {"Effect": "Allow", "Action": "apigateway:GET", "Resource": f"arn:aws:apigateway:{REGION}::/restapis"}]}
    file = tmp_path_factory.mktemp("policy") / "ann.json"
    file.write_text(json.dumps(document))
    manage("credentials", "policy", "attach", "ann", "calls", file)
    return keys


def signed(api, keys, path, method="GET", body=b"", headers=(), signer=botocore.auth.SigV4Auth, service="execute-api", region=REGION, **more):
    """What botocore signs, as (method, target, headers, body)."""
    host = api.product.host(api.id)
    request = AWSRequest(method=method, url=f"http://{host}/{api.stage}{path}", data=body, headers={**dict(headers), "Host": host})
    signer(keys.own, service, region, **more).add_auth(request)
    target = request.url.removeprefix(f"http://{host}")
    return method, target, list(request.headers.items()), body


def send(product, method, target, headers, body):
    return wire.exchange(product.address, method, target, headers, body or None)


def ask(api, keys, path, *arguments, **more):
    return send(api.product, *signed(api, keys, path, *arguments, **more))


ODD = ["/p/x", "/p/a%20b", "/p/caf%C3%A9/x", "/p/a%2Fb", "/p/a+b", "/p/~x-._", "/p//double///slash", "/p/end/", "/p/%7Etilde", "/p/a:b@c!$'()*,;=",
       "/p/x?b=2&a=1&a=0", "/p/x?empty=&flag&z", "/p/x?q=a%20b%2Bc", "/p/x?q=%C3%A9&%C3%A9=1", "/p/x?q=a:b/c@d", "/p/x?A=1&a=2&B=3"]


@pytest.mark.parametrize("path", ODD)
def test_what_botocore_signs_passes(api, ann, path):
    assert ask(api, ann, path).status == 200
    if "flag" not in path:  # Which botocore drops from a query that it signs in.
        assert ask(api, ann, path, signer=botocore.auth.SigV4QueryAuth, expires=60).status == 200


def test_a_body_passes_as_it_was_signed(api, ann):
    body = json.dumps({"name": "rex"}).encode()
    answer = ask(api, ann, "/p/x", "POST", body, [("Content-Type", "application/json")])
    assert answer.status == 200 and answer.json()["body"] == body.decode()


def test_an_integration_is_told_who_calls(api, ann):
    event = ask(api, ann, "/p/x").json()
    identity = event["requestContext"]["identity"]
    assert identity["accountId"] == ACCOUNT and identity["accessKey"] == ann.id
    assert identity["userArn"] == f"arn:aws:iam::{ACCOUNT}:user/ann"
    assert identity["caller"] == identity["user"] and identity["user"].startswith("AIDA")
    assert "Authorization" not in event["headers"]


def test_policies_say_what_is_allowed(api, ann):
    answer = ask(api, ann, "/pets", "DELETE")
    assert (answer.status, answer.header("x-amzn-ErrorType")) == (403, "AccessDeniedException")
    assert answer.json() == {"Message": f"User: arn:aws:iam::{ACCOUNT}:user/ann is not authorized to perform: execute-api:Invoke on "
                                        f"resource: arn:aws:execute-api:{REGION}:********{ACCOUNT[8:]}:{api.id}/test/DELETE/pets"}


def test_temporary_credentials_pass_with_their_token_alone(api, ann, manage):
    keys = Keys(manage("credentials", "process", "ann", "--seconds", "600"))
    assert keys.token
    assert ask(api, keys, "/pets").status == 200
    assert ask(api, keys, "/pets", signer=botocore.auth.SigV4QueryAuth, expires=60).status == 200
    keys.own = botocore.credentials.Credentials(keys.id, keys.secret)
    assert ask(api, keys, "/pets").json() == {"message": INVALID}


def test_whatever_is_changed_of_what_was_signed_it_is_refused(api, ann):
    chance = random.Random(7)
    with wire.Connection(api.product.address) as connection:
        for _ in range(150):
            body = bytes(chance.choices(b"abc", k=8))
            method, target, headers, body = signed(api, ann, "/p/abc?q=def&r=%41", "POST", body, [("X-Tag", "value")])
            lines = [f"{name}: {value}" for name, value in headers if name != "Authorization"]
            part = chance.choice(["target", "header", "body", "none"])
            if part == "target":
                at = chance.randrange(len(f"/{api.stage}/p/"), len(target))
                if target[at] in "/?%&=" or target[at - 1] == "%":
                    continue
                target = target[:at] + ("z" if target[at] != "z" else "y") + target[at + 1:]
            elif part == "header":
                number = next(i for i, line in enumerate(lines) if line.startswith("X-Tag"))
                lines[number] = "X-Tag: " + chance.choice(["valu", "value2", "Value", "va lue", ""])
            elif part == "body":
                at = chance.randrange(len(body))
                body = body[:at] + b"z" + body[at + 1:]
            lines.append("Authorization: " + dict(headers)["Authorization"])
            connection.send("\r\n".join([f"{method} {target} HTTP/1.1", *lines, f"Content-Length: {len(body)}", "", ""]).encode() + body)
            answer = connection.answer()
            assert answer.status == (200 if part == "none" else 403), (part, target, lines, answer)


def test_a_laptop_lets_any_credentials_in_and_verifies_its_own(postern, folder):
    api = Api(postern)
    api.route("GET /pets", mock(), authorizationType="AWS_IAM")
    api.deploy()
    anybody = Keys(json.dumps({"AccessKeyId": "AKIAIOSFODNN7EXAMPLE", "SecretAccessKey": "any"}))
    assert ask(api, anybody, "/pets").status == 200
    assert api.send("/pets").status == 403
    done = subprocess.run([PROGRAMS / "postern", "credentials", "issue", "bob", "--endpoint-url", postern.endpoint],
                          env=ENVIRONMENT, capture_output=True, text=True, timeout=60, check=True)
    bob = Keys(done.stdout)
    # Whom it knows may do what his policies say: nothing yet.
    assert ask(api, bob, "/pets").header("x-amzn-ErrorType") == "AccessDeniedException"
    bob.own = botocore.credentials.Credentials(bob.id, "guessed")
    assert ask(api, bob, "/pets").header("x-amzn-ErrorType") == "InvalidSignatureException"


def by(secured, keys, *arguments, **more):
    return subprocess.run(["aws", *arguments, "--endpoint-url", secured.endpoint],
                          env={**ENVIRONMENT, "PATH": f"{ROOT / '.tests/venv/bin'}:{ENVIRONMENT['PATH']}", **(keys.environment() if keys else {}), **more},
                          capture_output=True, text=True, timeout=60)


def test_aws_manages_as_whoever_its_keys_are_of(secured, api, ann):
    assert by(secured, secured.admin, "apigateway", "get-rest-apis").returncode == 0
    assert by(secured, ann, "apigateway", "get-rest-apis").returncode == 0
    denied = by(secured, ann, "apigateway", "delete-rest-api", "--rest-api-id", api.id).stderr
    assert (f"(AccessDeniedException) when calling the DeleteRestApi operation: User: arn:aws:iam::{ACCOUNT}:user/ann is not authorized to perform: "
            f"apigateway:DELETE on resource: arn:aws:apigateway:{REGION}::/restapis/{api.id} because no identity-based policy allows the "
            "apigateway:DELETE action") in denied
    unknown = by(secured, None, "apigateway", "get-rest-apis").stderr
    assert f"(UnrecognizedClientException) when calling the GetRestApis operation: {INVALID}" in unknown
    wrong = by(secured, ann, "apigateway", "get-rest-apis", AWS_SECRET_ACCESS_KEY="guessed").stderr
    assert f"(InvalidSignatureException) when calling the GetRestApis operation: {MISMATCH}" in wrong
    unsigned = wire.exchange(secured.address, "GET", "/restapis", [("Host", "localhost")])
    assert (unsigned.status, unsigned.json()) == (403, {"message": "Missing Authentication Token"})
    # Health is for everybody.
    assert wire.exchange(secured.address, "GET", "/_postern/health", [("Host", "localhost")]).status == 200
    assert wire.exchange(secured.address, "GET", "/_postern/credentials", [("Host", "localhost")]).status == 403


def test_an_access_key_is_listed_rotated_switched_off_and_revoked(api, manage):
    issued = Keys(manage("credentials", "issue", f"arn:aws:iam::{ACCOUNT}:user/carl", "--admin"))
    assert ask(api, issued, "/pets").status == 200
    assert issued.id in manage("credentials", "list") and issued.secret not in manage("credentials", "list")
    rotated = Keys(manage("credentials", "rotate", issued.id))
    assert ask(api, issued, "/pets").header("x-amzn-ErrorType") == "InvalidSignatureException"
    assert ask(api, rotated, "/pets").status == 200
    manage("credentials", "disable", issued.id)
    assert ask(api, rotated, "/pets").header("x-amzn-ErrorType") == "UnrecognizedClientException"
    manage("credentials", "enable", issued.id)
    assert ask(api, rotated, "/pets").status == 200
    manage("credentials", "policy", "detach", "carl", "Administrator")
    assert ask(api, rotated, "/pets").header("x-amzn-ErrorType") == "AccessDeniedException"
    manage("credentials", "revoke", issued.id)
    assert ask(api, rotated, "/pets").header("x-amzn-ErrorType") == "UnrecognizedClientException"
    assert "Nobody has the access key id" in manage("credentials", "revoke", issued.id, fails=True)
    assert "carl" in manage("credentials", "policy", "list")


def test_who_may_not_issue_does_not(secured, ann):
    told = postern("credentials", "issue", "me", "--admin", "--endpoint-url", secured.endpoint, environment=ann.environment(), fails=True)
    assert "is not authorized to perform: postern:POST on resource: arn:aws:postern:" in told


def test_what_holds_secrets_is_for_its_owner_alone(secured):
    assert (secured.folder / "data").stat().st_mode & 0o077 == 0


def test_a_store_that_is_in_use_is_said_to_be(secured):
    told = postern("credentials", "list", "--data", secured.folder / "data", fails=True)
    assert "--endpoint-url" in told


ROLE = "arn:aws:sts::210987654321:assumed-role/deployer/ci"


@pytest.fixture
def deployer(sts):
    sts.secrets["AKIASOMEBODYOFAWS001"] = ("aws's own secret", ROLE, "AROAEXAMPLE:ci")
    return {"AWS_ACCESS_KEY_ID": "AKIASOMEBODYOFAWS001", "AWS_SECRET_ACCESS_KEY": "aws's own secret"}


def test_somebody_whom_sts_knows_gets_credentials_once_the_operator_knows_them(secured, manage, sts, deployer, tmp_path):
    exchange = ["credentials", "process", "--exchange", "--endpoint-url", secured.endpoint, "--region", REGION]
    told = postern(*exchange, environment=deployer, fails=True)
    assert f"User: {ROLE} is not known to this Postern" in told
    policy = tmp_path / "policy.json"
    policy.write_text(json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "apigateway:GET", "Resource": "*"}}))
    manage("credentials", "policy", "attach", "arn:aws:iam::210987654321:role/deployer", "read", policy)
    printed = json.loads(postern(*exchange, "--seconds", "900", environment=deployer))
    assert set(printed) == {"Version", "AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"} and printed["Version"] == 1
    ends = datetime.datetime.fromisoformat(printed["Expiration"])
    assert 800 < (ends - datetime.datetime.now(datetime.UTC)).total_seconds() < 901
    # As a profile uses them.
    config = configparser.ConfigParser()
    config["profile postern"] = {"region": REGION, "credential_process": " ".join(map(str, [PROGRAMS / "postern", *exchange]))}
    with (tmp_path / "config").open("w") as file:
        config.write(file)
    done = subprocess.run(
        [ROOT / ".tests/venv/bin/aws", "--profile", "postern", "apigateway", "get-rest-apis", "--endpoint-url", secured.endpoint],
        env={**{name: value for name, value in ENVIRONMENT.items() if not name.startswith("AWS_")}, "AWS_CONFIG_FILE": str(tmp_path / "config"),
             **deployer, "AWS_EC2_METADATA_DISABLED": "true"},
        capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    # STS was sent what was signed, and nothing else.
    method, target, headers, body = sts.asked[-1]
    assert (method, target, body) == ("POST", "/", b"Action=GetCallerIdentity&Version=2011-06-15")
    assert {name.lower() for name, _ in headers} <= {"host", "authorization", "content-type", "content-length", "x-amz-date", "x-postern-audience"}


def test_a_proof_for_somebody_else_is_not_taken(secured, sts, deployer):
    exchange = ["credentials", "process", "--exchange", "--endpoint-url", secured.endpoint]
    asked = len(sts.asked)
    told = postern(*exchange, "--region", REGION, "--audience", "postern/elsewhere", environment=deployer, fails=True)
    assert "x-postern-audience must be" in told
    assert len(sts.asked) == asked
    told = postern(*exchange, "--region", REGION, environment={**deployer, "AWS_SECRET_ACCESS_KEY": "guessed"}, fails=True)
    assert "STS answers 403" in told and "it does not match" in told


class Iam(backends.Server):
    """IAM, as far as it simulates policies."""

    def __init__(self):
        super().__init__()
        self.decision, self.asked = "allowed", []

    def handle(self, received):
        form = dict(urllib.parse.parse_qsl(received.read().decode()))
        self.asked.append(form)
        members = "".join(f"<member><EvalDecision>{self.decision}</EvalDecision><EvalActionName>{form[name]}</EvalActionName></member>"
                          for name in ("ActionNames.member.1", "ActionNames.member.2"))
        text = f"<R><EvaluationResults>{members}</EvaluationResults></R>"
        received.answer(200, [("Content-Type", "text/xml")], text.encode())


def test_whom_a_function_url_has_proven_iam_is_asked_about(folder, dynamodb, lambdas):
    iam = Iam()
    functions = products.Functions(folder / "functions-iam", dynamodb, "iam-functions", lambdas, {"AWS_ENDPOINT_URL_IAM": iam.url})
    try:
        name = lambdas.function(lambda event: {"statusCode": 200, "body": json.dumps(event["requestContext"]["identity"])})
        api = Api(functions)
        api.route("GET /pets/{id}", aws_proxy(name), authorizationType="AWS_IAM")
        api.deploy()
        event = (ROOT / "events" / "gateway-function-url-iam.json").read_text().replace("petstore01", api.id)

        def invoke(event):
            return wire.exchange(functions.address, "POST", "/2015-03-31/functions/gateway/invocations", [("Host", "localhost")], event.encode())

        answer = products.eventually(lambda: (lambda one: one.status == 200 and one)(invoke(event)))
        assert answer.json()["userArn"] == f"arn:aws:iam::{ACCOUNT}:user/ann"
        assert iam.asked[0]["Action"] == "SimulatePrincipalPolicy"
        assert iam.asked[0]["ResourceArns.member.1"] == f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{api.id}/test/GET/pets/7"
        iam.decision = "implicitDeny"
        denied = invoke(event.replace("pets/7", "pets/8"))
        assert (denied.status, denied.header("x-amzn-errortype")) == (403, "AccessDeniedException"), denied
        # Nobody becomes somebody by headers, through the URL that is open.
        stranger = api.send("/pets/7", headers=[("x-amzn-iam-user-arn", f"arn:aws:iam::{ACCOUNT}:user/ann"), ("requestContext", json.dumps(json.loads(event)))])
        assert (stranger.status, stranger.header("x-amzn-errortype")) == (403, "MissingAuthenticationTokenException")
    finally:
        functions.stop()
        iam.close()
