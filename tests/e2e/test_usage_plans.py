"""How much: API keys, usage plans, throttles and quotas, made through an unmodified boto3 and met by callers.

Buckets that are tested for being empty fill by one in a hundred seconds, so that no machine is too slow for them.
"""

import datetime
import uuid

import pytest

import products
from apis import Api, aws_proxy, invoke_uri, mock
from products import eventually

SLOW = 0.01


def today():
    return datetime.datetime.now(datetime.UTC).date().isoformat()


class Keyed:
    """An API whose methods want a key, a plan of its stage, and a key on the plan."""

    def __init__(self, product, routes=None, plan=None, api=None):
        self.api = Api(product, name="keyed", **(api or {}))
        for route, integration in (routes or {"GET /": mock()}).items():
            self.api.route(route, integration, apiKeyRequired=True)
        self.api.deploy()
        self.client = self.api.client
        stage = {"apiId": self.api.id, "stage": self.api.stage}
        plan = dict(plan or {})
        stage.update(plan.pop("stage", {}))
        self.plan = self.client.create_usage_plan(name="plan", apiStages=[stage], **plan)["id"]
        self.key, self.value = self.new_key(self.plan)

    def new_key(self, plan=None, **more):
        made = self.client.create_api_key(**{"name": "key", "enabled": True, "value": uuid.uuid4().hex, **more})
        if plan:
            self.client.create_usage_plan_key(usagePlanId=plan, keyId=made["id"], keyType="API_KEY")
        return made["id"], made["value"]

    def send(self, path="/", value=None, **more):
        headers = [("x-api-key", self.value if value is None else value)] if value != "" else []
        return self.api.send(path, headers=headers, **more)

    def passed(self, times, path="/", value=None):
        """How many of so many requests, one after the other, were let in; all others must be a throttle's or quota's."""
        statuses = [self.send(path, value).status for _ in range(times)]
        assert set(statuses) <= {200, 429}, statuses
        return statuses.count(200)

    def patch_key(self, **values):
        self.client.update_api_key(apiKey=self.key, patchOperations=[
            {"op": "replace", "path": f"/{name}", "value": value} for name, value in values.items()])

    def usage(self, day):
        found = self.client.get_usage(usagePlanId=self.plan, keyId=self.key, startDate=day, endDate=day)
        return found["items"][self.key][0]


def refusal(answer):
    return answer.status, answer.header("x-amzn-errortype"), answer.body


FORBIDDEN = (403, "ForbiddenException", b'{"message":"Forbidden"}')
THROTTLED = (429, "TooManyRequestsException", b'{"message":"Too Many Requests"}')
EXCEEDED = (429, "LimitExceededException", b'{"message":"Limit Exceeded"}')


def test_a_key_opens_what_its_plan_covers(product):
    keyed = Keyed(product)
    _, planless = keyed.new_key()
    _, disabled = keyed.new_key(keyed.plan, enabled=False)
    for value in ("", "unknown-" + uuid.uuid4().hex, planless, disabled):
        assert refusal(keyed.send(value=value)) == FORBIDDEN, value
    assert keyed.send().status == 200
    keyed.patch_key(enabled="false")
    keyed.api.settled(lambda: refusal(keyed.send()) == FORBIDDEN)
    keyed.patch_key(enabled="true")
    keyed.api.settled(lambda: keyed.send().status == 200)
    keyed.client.delete_usage_plan_key(usagePlanId=keyed.plan, keyId=keyed.key)
    keyed.api.settled(lambda: refusal(keyed.send()) == FORBIDDEN)


def test_a_rate_is_exceeded_by_one_key_and_not_by_another(product):
    keyed = Keyed(product, plan={"throttle": {"rateLimit": SLOW, "burstLimit": 8}})
    passed = keyed.passed(20)
    # Of a burst that meets a bucket that several processes use an eighth may be lost.
    assert (8 if product.name == "embedded" else 6) <= passed <= 8
    assert refusal(keyed.send()) == THROTTLED
    assert keyed.send().header("retry-after") is None
    _, other = keyed.new_key(keyed.plan)
    assert keyed.send(value=other).status == 200


def test_a_quota_is_spent_and_usage_tells(product):
    keyed = Keyed(product, plan={"quota": {"limit": 10, "period": "DAY"}})
    day = today()
    assert keyed.passed(14) == 10
    assert refusal(keyed.send()) == EXCEEDED
    assert keyed.usage(day) == [10, 0]
    more = [{"op": "replace", "path": "/remaining", "value": "3"}]
    answered = keyed.client.update_usage(usagePlanId=keyed.plan, keyId=keyed.key, patchOperations=more)
    assert answered["items"][keyed.key] == [[10, 3]]
    # For a second a spent quota is believed spent.
    eventually(lambda: keyed.send().status == 200, 5)
    eventually(lambda: (keyed.passed(4), keyed.usage(day))[1] == [13, 0], 5)
    assert day == today(), "midnight came: run it again"


def test_what_is_refused_is_not_used_and_without_a_quota_use_is_counted_too(product):
    keyed = Keyed(product, plan={"throttle": {"rateLimit": SLOW, "burstLimit": 1}})
    day = today()
    assert keyed.passed(5) == 1
    assert keyed.usage(day) == [1, -1]


def test_a_methods_throttle_stands_in_for_the_plans(product):
    slow = lambda burst: {"rateLimit": SLOW, "burstLimit": burst}
    keyed = Keyed(product, {"GET /": mock(), "GET /a/{b}": mock()}, plan={
        "throttle": slow(1000), "stage": {"throttle": {"/a/{b}/GET": slow(1)}}})
    assert keyed.passed(5, "/a/7") == 1
    assert refusal(keyed.send("/a/8")) == THROTTLED
    assert keyed.passed(5) == 5


def test_a_stages_throttle_is_everybodys(product):
    made = Api(product, {"GET /": mock(), "GET /a": mock()})
    made.patch_stage(("replace", "/*/*/throttling/rateLimit", str(SLOW)), ("replace", "/*/*/throttling/burstLimit", "8"),
                     ("replace", "/~1a/GET/throttling/rateLimit", str(SLOW)), ("replace", "/~1a/GET/throttling/burstLimit", "1"))
    answers = [made.send("/") for _ in range(16)]
    passed = [answer.status for answer in answers].count(200)
    assert (8 if product.name == "embedded" else 6) <= passed <= 8
    assert refusal(answers[-1]) == THROTTLED
    assert [made.send("/a").status for _ in range(3)] == [200, 429, 429]


def test_an_authorizer_may_say_whose_key_counts(product, lambdas):
    made = Api(product, name="by-authorizer", apiKeySource="AUTHORIZER")
    known = uuid.uuid4().hex

    def verdict(event):
        allow = {"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": "*"}
        said = {"principalId": "me", "policyDocument": {"Version": "2012-10-17", "Statement": [allow]}}
        return {**said, "usageIdentifierKey": known} if event["authorizationToken"] == "member" else said

    authorizer = made.client.create_authorizer(
        restApiId=made.id, name="z", type="TOKEN", authorizerUri=invoke_uri(lambdas.function(verdict)),
        identitySource="method.request.header.Authorization", authorizerResultTtlInSeconds=0)
    made.route("GET /", mock(), apiKeyRequired=True, authorizationType="CUSTOM", authorizerId=authorizer["id"])
    made.deploy()
    plan = made.client.create_usage_plan(name="p", apiStages=[{"apiId": made.id, "stage": made.stage}],
                                         quota={"limit": 2, "period": "DAY"})["id"]
    key = made.client.create_api_key(name="k", enabled=True, value=known)["id"]
    made.client.create_usage_plan_key(usagePlanId=plan, keyId=key, keyType="API_KEY")
    send = lambda token, *more: made.send("/", headers=[("Authorization", token), *more])
    assert refusal(send("stranger")) == FORBIDDEN
    assert refusal(send("stranger", ("x-api-key", known))) == FORBIDDEN
    assert [send("member").status for _ in range(3)] == [200, 200, 429]


def test_a_function_is_told_the_key(product, lambdas):
    name = lambdas.function({"statusCode": 200})
    keyed = Keyed(product, {"GET /f": aws_proxy(name)})
    assert keyed.send("/f").status == 200
    event = lambdas.last(name).event
    identity = event["requestContext"]["identity"]
    assert (identity["apiKey"], identity["apiKeyId"]) == (keyed.value, keyed.key)
    assert event["headers"]["x-api-key"] == keyed.value


def test_the_answers_are_the_owners_to_word(postern):
    keyed = Keyed(postern, plan={"throttle": {"rateLimit": SLOW, "burstLimit": 2}, "quota": {"limit": 1, "period": "MONTH"}})
    for kind, status in (("INVALID_API_KEY", "401"), ("THROTTLED", "418"), ("QUOTA_EXCEEDED", "402")):
        template = '{"type":"$context.error.responseType","key":"$context.identity.apiKeyId"}'
        keyed.client.put_gateway_response(
            restApiId=keyed.api.id, responseType=kind, statusCode=status, responseTemplates={"application/json": template},
            responseParameters={"gatewayresponse.header.Retry-After": "'60'"})
    keyed.api.deploy()
    answer = keyed.send(value="")
    assert (answer.status, answer.json()["type"]) == (401, "INVALID_API_KEY")
    assert keyed.send().status == 200
    answer = keyed.send()
    assert (answer.status, answer.json()) == (402, {"type": "QUOTA_EXCEEDED", "key": keyed.key})
    assert answer.header("retry-after") == "60"
    lifted = [{"op": "remove", "path": "/quota"}]
    keyed.client.update_usage_plan(usagePlanId=keyed.plan, patchOperations=lifted)
    assert keyed.send().status == 200
    assert keyed.send().status == 418


@pytest.fixture(scope="module")
def telling(folder):
    """A product that tells clients what is left, and lets in no more than eight requests to all APIs together."""
    product = products.embedded(folder / "telling", None, "--rate-limit-headers", "--account-throttle", f"{SLOW}/8")
    yield product
    product.stop()


def test_clients_are_told_what_is_left_where_the_operator_says_so(telling):
    keyed = Keyed(telling, plan={"throttle": {"rateLimit": SLOW, "burstLimit": 2}})
    answer = keyed.send()
    assert answer.header("ratelimit-policy") == '"plan";q=2;w=200'
    assert answer.header("ratelimit") in ('"plan";r=1;t=100', '"plan";r=1;t=99')
    keyed.send()
    answer = keyed.send()
    assert (answer.status, answer.header("ratelimit").partition(";t=")[0]) == (429, '"plan";r=0')
    assert 90 <= int(answer.header("retry-after")) <= 100
    # Six more are the account's, whoever asks for what.
    made = Api(telling, {"GET /": mock()})
    answers = [made.send("/") for _ in range(8)]
    assert [one.status for one in answers] == [200] * 6 + [429] * 2
    assert answers[0].header("ratelimit-policy") == '"account";q=8;w=800'
    assert refusal(answers[-1]) == THROTTLED
