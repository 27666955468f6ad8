"""What belongs to the account, through an unmodified boto3: keys, plans, domain names, links and certificates, from creation to end."""

import datetime
import ssl
import subprocess
import uuid

import botocore.exceptions

from apis import Api, mock

ACM = "arn:aws:acm:us-east-1:123456789012:certificate/" + "1" * 8


def replace(**values):
    return [{"op": "replace", "path": f"/{path}", "value": value} for path, value in values.items()]


def pages(client, operation, **arguments):
    return [item for page in client.get_paginator(operation).paginate(**arguments) for item in page["items"]]


class Refused:
    """The operation is refused with this exception, and with a message that has this in it."""

    def __init__(self, name, text=""):
        self.name, self.text = name, text

    def __enter__(self):
        return self

    def __exit__(self, _, error, __):
        assert isinstance(error, botocore.exceptions.ClientError), f"was not refused with {self.name}: {error!r}"
        assert error.response["Error"]["Code"] == self.name and self.text in error.response["Error"]["Message"], error
        return True


def deployed(product, stage="test"):
    made = Api(product, {"GET /": mock()})
    made.deploy(stage)
    return made


def unique(name):
    return f"{name}-{uuid.uuid4().hex[:10]}"


def test_the_life_of_an_api_key(product):
    client = product.client()
    name, value = unique("key"), uuid.uuid4().hex
    made = client.create_api_key(name=name, value=value, enabled=True, customerId=name, tags={"a": "1"})
    assert made["value"] == value and made["enabled"] and made["stageKeys"] == [] and made["tags"] == {"a": "1"}
    assert abs((datetime.datetime.now(datetime.UTC) - made["createdDate"]).total_seconds()) < 120
    with Refused("ConflictException", "API Key already exists"):
        client.create_api_key(name="other", value=value)
    assert "value" not in client.get_api_key(apiKey=made["id"])
    assert client.get_api_key(apiKey=made["id"], includeValue=True)["value"] == value
    assert [one["id"] for one in pages(client, "get_api_keys", nameQuery=name[:9], customerId=name)] == [made["id"]]
    changed = client.update_api_key(apiKey=made["id"], patchOperations=replace(name=name + "x", enabled="false"))
    assert (changed["name"], changed["enabled"]) == (name + "x", False) and "value" not in changed
    arn = f"arn:aws:apigateway:{client.meta.region_name}::/apikeys/{made['id']}"
    client.tag_resource(resourceArn=arn, tags={"b": "2"})
    client.untag_resource(resourceArn=arn, tagKeys=["a"])
    assert client.get_tags(resourceArn=arn)["tags"] == {"b": "2"}
    client.delete_api_key(apiKey=made["id"])
    with Refused("NotFoundException", "Invalid API Key identifier specified"):
        client.get_api_key(apiKey=made["id"])


def test_the_newest_keys_come_first_and_pages_hold_each_once(product):
    client = product.client()
    customer = unique("customer")
    ids = [client.create_api_key(name=f"k{n}", customerId=customer)["id"] for n in range(11)]
    found = pages(client, "get_api_keys", customerId=customer, PaginationConfig={"PageSize": 3})
    assert [one["id"] for one in found] == ids[::-1]
    assert all(len(client.get_api_key(apiKey=one, includeValue=True)["value"]) == 40 for one in ids[:2])


def test_keys_are_imported_with_their_plans(product):
    client = product.client()
    plan = client.create_usage_plan(name=unique("plan"))["id"]
    values = [uuid.uuid4().hex for _ in range(3)]
    file = "Key,Name,UsagePlanIds,Enabled\n" + "".join(f"{value},{value[:6]},'{plan}',true\n" for value in values)
    answer = client.import_api_keys(body=file.encode(), format="csv", failOnWarnings=True)
    assert len(answer["ids"]) == 3 and answer["warnings"] == []
    keys = pages(client, "get_usage_plan_keys", usagePlanId=plan)
    assert {key["value"] for key in keys} == set(values) and {key["id"] for key in keys} == set(answer["ids"])
    with Refused("BadRequestException", "Line 2"):
        client.import_api_keys(body=b"name,key\nx,short\n", format="csv", failOnWarnings=True)
    assert len(client.import_api_keys(body=b"name,key\nx,short\n", format="csv")["warnings"]) == 1


def test_the_life_of_a_usage_plan(product):
    client = product.client()
    api = deployed(product)
    plan = client.create_usage_plan(
        name=unique("gold"),
        apiStages=[{"apiId": api.id, "stage": "test", "throttle": {"//GET": {"rateLimit": 1.5, "burstLimit": 3}}}],
        throttle={"rateLimit": 10.0, "burstLimit": 20},
        quota={"limit": 1000, "period": "MONTH"},
    )
    assert plan["quota"] == {"limit": 1000, "offset": 0, "period": "MONTH"}
    assert plan["apiStages"][0]["throttle"] == {"//GET": {"rateLimit": 1.5, "burstLimit": 3}}
    key = client.create_api_key(name=unique("k"), enabled=True)
    joined = client.create_usage_plan_key(usagePlanId=plan["id"], keyId=key["id"], keyType="API_KEY")
    assert (joined["id"], joined["type"], joined["value"]) == (key["id"], "API_KEY", key["value"])
    assert [one["id"] for one in pages(client, "get_usage_plans", keyId=key["id"])] == [plan["id"]]
    other = client.create_usage_plan(name="other", apiStages=[{"apiId": api.id, "stage": "test"}])
    with Refused("ConflictException", "cannot reference multiple Usage Plans with the same API stage"):
        client.create_usage_plan_key(usagePlanId=other["id"], keyId=key["id"], keyType="API_KEY")
    changed = client.update_usage_plan(usagePlanId=plan["id"], patchOperations=[
        {"op": "replace", "path": "/quota/limit", "value": "50"},
        {"op": "remove", "path": f"/apiStages/{api.id}:test/throttle/~1/GET"},
        {"op": "remove", "path": "/throttle"},
    ])
    assert changed["quota"]["limit"] == 50 and "throttle" not in changed and "throttle" not in changed["apiStages"][0]
    assert client.get_usage_plan(usagePlanId=plan["id"])["tags"] == {}
    with Refused("BadRequestException", f"there are API Stages associated with it, including {api.id}:test"):
        client.delete_usage_plan(usagePlanId=plan["id"])
    remove = [{"op": "remove", "path": "/apiStages", "value": f"{api.id}:test"}]
    client.update_usage_plan(usagePlanId=plan["id"], patchOperations=remove)
    client.delete_usage_plan_key(usagePlanId=plan["id"], keyId=key["id"])
    client.delete_usage_plan(usagePlanId=plan["id"])
    with Refused("NotFoundException", "Invalid Usage Plan ID specified"):
        client.get_usage_plan(usagePlanId=plan["id"])


def test_what_a_key_has_left_can_be_changed(product):
    client = product.client()
    plan = client.create_usage_plan(name="quota", quota={"limit": 100, "period": "DAY"})["id"]
    key = client.create_api_key(name="k")["id"]
    client.create_usage_plan_key(usagePlanId=plan, keyId=key, keyType="API_KEY")
    today = datetime.datetime.now(datetime.UTC).date()
    days = {"startDate": str(today - datetime.timedelta(days=2)), "endDate": str(today)}
    assert client.get_usage(usagePlanId=plan, **days)["items"] == {key: [[0, 100]] * 3}
    for left in ("10", "250"):
        client.update_usage(usagePlanId=plan, keyId=key, patchOperations=replace(remaining=left))
        now = client.get_usage(usagePlanId=plan, keyId=key, **days)["items"][key]
        assert now == [[0, 100], [0, 100], [0, int(left)]]
    with Refused("BadRequestException"):
        client.get_usage(usagePlanId=plan, startDate="x", endDate="y")


def test_the_life_of_a_domain_name(product):
    client = product.client()
    api = deployed(product)
    name = f"{unique('api')}.example.com"
    made = client.create_domain_name(
        domainName=name, regionalCertificateArn=ACM, endpointConfiguration={"types": ["REGIONAL"]}, securityPolicy="TLS_1_2",
        mutualTlsAuthentication={"truststoreUri": "s3://bucket/key"},
    )
    assert made["domainNameStatus"] == "AVAILABLE" and made["regionalDomainName"].startswith("d-")
    assert made["routingMode"] == "BASE_PATH_MAPPING_ONLY" and made["mutualTlsAuthentication"]["truststoreUri"] == "s3://bucket/key"
    with Refused("BadRequestException", "The domain name you provided already exists."):
        client.create_domain_name(domainName=name, certificateArn=ACM)
    client.create_base_path_mapping(domainName=name, restApiId=api.id, basePath="v1", stage="test")
    client.create_base_path_mapping(domainName=name, restApiId=api.id)
    with Refused("ConflictException", "Base path already exists for this domain name"):
        client.create_base_path_mapping(domainName=name, restApiId=api.id, basePath="v1")
    moved = client.update_base_path_mapping(domainName=name, basePath="(none)", patchOperations=replace(basePath="v2"))
    assert moved == {"ResponseMetadata": moved["ResponseMetadata"], "basePath": "v2", "restApiId": api.id}
    found = pages(client, "get_base_path_mappings", domainName=name)
    assert [(one["basePath"], one.get("stage")) for one in found] == [("v1", "test"), ("v2", None)]
    with Refused("BadRequestException", "Please remove all base path mappings"):
        client.delete_rest_api(restApiId=api.id)
    changed = client.update_domain_name(domainName=name, patchOperations=[
        {"op": "replace", "path": "/mutualTlsAuthentication/truststoreUri", "value": ""},
        {"op": "replace", "path": "/endpointConfiguration/ipAddressType", "value": "dualstack"},
    ])
    assert "mutualTlsAuthentication" not in changed and changed["endpointConfiguration"]["ipAddressType"] == "dualstack"
    assert name in [one["domainName"] for one in pages(client, "get_domain_names")]
    client.delete_domain_name(domainName=name)
    with Refused("NotFoundException", "Invalid domain name identifier specified"):
        client.get_base_path_mappings(domainName=name)
    client.delete_rest_api(restApiId=api.id)


def test_a_private_domain_name_is_reached_by_association(product):
    client = product.client()
    name = f"{unique('in')}.example.com"
    made = client.create_domain_name(domainName=name, certificateArn=ACM, endpointConfiguration={"types": ["PRIVATE"]})
    where = {"domainName": name, "domainNameId": made["domainNameId"]}
    assert client.get_domain_name(**where)["domainNameArn"].endswith(f":/domainnames/{name}+{made['domainNameId']}")
    arn = client.create_domain_name_access_association(
        domainNameArn=made["domainNameArn"], accessAssociationSourceType="VPCE", accessAssociationSource="vpce-0123456789abcdef0",
    )["domainNameAccessAssociationArn"]
    assert arn in [one["domainNameAccessAssociationArn"] for one in client.get_domain_name_access_associations()["items"]]
    client.tag_resource(resourceArn=arn, tags={"a": "b"})
    assert client.get_tags(resourceArn=arn)["tags"] == {"a": "b"}
    with Refused("BadRequestException"):
        client.delete_domain_name(**where)
    client.reject_domain_name_access_association(domainNameAccessAssociationArn=arn, domainNameArn=made["domainNameArn"])
    client.delete_domain_name(**where)
    client.delete_domain_name_access_association(domainNameAccessAssociationArn=arn)
    with Refused("NotFoundException"):
        client.delete_domain_name_access_association(domainNameAccessAssociationArn=arn)


def test_the_life_of_a_vpc_link(product):
    client = product.client()
    balancer = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/net/n/0123456789abcdef"
    made = client.create_vpc_link(name="link", targetArns=[balancer])
    assert made["status"] == "PENDING"
    try:
        found = client.get_vpc_link(vpcLinkId=made["id"])
        assert (found["status"], found["targetArns"], found["tags"]) == ("AVAILABLE", [balancer], {})
        assert client.update_vpc_link(vpcLinkId=made["id"], patchOperations=replace(name="other"))["name"] == "other"
        assert made["id"] in [one["id"] for one in pages(client, "get_vpc_links")]
        with Refused("BadRequestException", "Invalid ARN. ARN is not well formed x"):
            client.create_vpc_link(name="link", targetArns=["x"])
    finally:
        client.delete_vpc_link(vpcLinkId=made["id"])
    with Refused("NotFoundException", "Invalid Vpc Link identifier specified"):
        client.get_vpc_link(vpcLinkId=made["id"])


def test_the_life_of_a_client_certificate(product, tmp_path):
    client = product.client()
    api = deployed(product)
    made = client.generate_client_certificate(description="d")
    identifier = {"clientCertificateId": made["clientCertificateId"]}
    pem = tmp_path / "certificate.pem"
    pem.write_text(made["pemEncodedCertificate"])
    # The dates of the certificate are those of the answer, and it verifies as its own issuer.
    told = ssl._ssl._test_decode_cert(str(pem))
    assert ssl.cert_time_to_seconds(told["notBefore"]) == made["createdDate"].timestamp()
    assert ssl.cert_time_to_seconds(told["notAfter"]) == made["expirationDate"].timestamp()
    assert (made["expirationDate"] - made["createdDate"]).days == 365
    verified = subprocess.run(["openssl", "verify", "-CAfile", pem, pem], capture_output=True, text=True)
    assert verified.returncode == 0, verified
    api.patch_stage(("replace", "/clientCertificateId", made["clientCertificateId"]))
    with Refused("BadRequestException", f"{api.id}:test"):
        client.delete_client_certificate(**identifier)
    api.patch_stage(("replace", "/clientCertificateId", ""))
    assert client.update_client_certificate(**identifier, patchOperations=replace(description="x"))["description"] == "x"
    client.delete_client_certificate(**identifier)
    with Refused("NotFoundException"):
        client.get_client_certificate(**identifier)
