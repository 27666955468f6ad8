"""infra/template.yaml: what its functions may do, who may call them, and that it makes the tables the programs expect.

That it is a valid template is cfn-lint's and SAM's to say (`tests/run template`).
"""

import re
import subprocess
import uuid

import boto3
import pytest
import yaml

import products
from products import ENVIRONMENT, REGION, ROOT


class Loader(yaml.SafeLoader):
    """Keeps CloudFormation's short forms as {"Ref": ...} and the like."""


def short_form(loader, suffix, node):
    name = suffix if suffix == "Ref" else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        return {name: loader.construct_scalar(node)}
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    return {name: loader.construct_mapping(node, deep=True)}


Loader.add_multi_constructor("!", short_form)

TEMPLATE = yaml.load((ROOT / "infra" / "template.yaml").read_text(), Loader)
RESOURCES = TEMPLATE["Resources"]


def of_type(kind):
    return {name: one for name, one in RESOURCES.items() if one["Type"] == kind}


def as_list(one):
    return one if isinstance(one, list) else [one]


def statements():
    """(where, statement) of every policy, with what stands behind a condition."""
    for name, one in RESOURCES.items():
        properties = one["Properties"]
        documents = [policy["PolicyDocument"] for policy in properties.get("Policies", [])]
        documents += [properties["PolicyDocument"]] if "PolicyDocument" in properties else []
        for document in documents:
            for statement in document["Statement"]:
                statement = statement.get("Fn::If", [None, statement])[1]
                yield f"{name}/{statement['Sid']}", statement


def test_no_statement_allows_every_action_or_every_resource():
    seen = 0
    for where, statement in statements():
        seen += 1
        for action in as_list(statement["Action"]):
            assert "*" not in action, where
        for resource in as_list(statement["Resource"]):
            # Network interfaces that do not exist yet, and descriptions, have no narrower name.
            assert resource != "*" or where.endswith("/WorkInItsNetwork"), where
            text = str(resource)
            # Functions are named by a prefix, or narrowed by their tag; who is asked about is anybody of the account.
            if "*" in text and not where.endswith(("/AskWhatCallersMay", "/WorkInItsNetwork")):
                assert "BackendPrefix" in text or "aws:ResourceTag/postern" in statement["Condition"]["StringEquals"], where
    assert seen > 8


def actions(role, table):
    return {action for where, statement in statements() if where.startswith(role)
            and statement["Resource"] == {"Fn::GetAtt": f"{table}.Arn"} for action in as_list(statement["Action"])}


def test_the_gateway_reads_definitions_and_cannot_write_them():
    assert actions("GatewayRole", "Definitions") == {"dynamodb:GetItem", "dynamodb:Query"}


def test_what_is_for_websockets_is_there_only_with_holders():
    for name in ("Sockets", "PostConnections", "SocketsRole", "SocketsUrl", "ConnectionsUrl", "ConnectionsSignedUrl", "SendersPolicy"):
        assert RESOURCES[name]["Condition"] == "HasSockets", name
    assert actions("SocketsRole", "Definitions") == {"dynamodb:GetItem", "dynamodb:Query"}
    assert "dynamodb:Query" not in actions("SocketsRole", "Connections")
    for name in ("SocketsKey", "FanoutToken"):
        assert TEMPLATE["Parameters"][name]["NoEcho"] is True, name


def test_only_functions_reach_what_holders_take_to_publish():
    holders = yaml.load((ROOT / "infra" / "sockets.yaml").read_text(), Loader)["Resources"]
    ports = {rule["FromPort"]: rule for rule in holders["HoldersGroup"]["Properties"]["SecurityGroupIngress"]}
    assert ports[4711]["SourceSecurityGroupId"] == {"Ref": "FunctionsSecurityGroup"}
    assert ports[4710]["SourceSecurityGroupId"] == {"Ref": "BalancerGroup"}
    assert all("CidrIp" not in rule for rule in ports.values())


def test_management_touches_no_table_but_the_definitions_and_what_plans_have_used():
    assert "dynamodb:PutItem" in actions("ManagementRole", "Definitions")
    assert actions("ManagementRole", "Usage") == {"dynamodb:GetItem", "dynamodb:Query", "dynamodb:UpdateItem"}
    for table in ("Cache", "Connections"):
        assert actions("ManagementRole", table) == set()


def test_every_caller_of_a_url_gets_both_actions():
    """Since October 2025 a Function URL asks for lambda:InvokeFunction too."""
    granted = {}
    for one in of_type("AWS::Lambda::Permission").values():
        properties = one["Properties"]
        to = (str(properties["FunctionName"]), str(properties["Principal"]))
        granted.setdefault(to, {})[properties["Action"]] = properties
    assert len(granted) == 6
    for properties in granted.values():
        assert set(properties) == {"lambda:InvokeFunctionUrl", "lambda:InvokeFunction"}
        assert properties["lambda:InvokeFunctionUrl"]["FunctionUrlAuthType"] in ("NONE", "AWS_IAM")
        assert properties["lambda:InvokeFunction"]["InvokedViaFunctionUrl"] is True
    for policy in of_type("AWS::IAM::ManagedPolicy").values():
        assert {one["Action"] for one in policy["Properties"]["PolicyDocument"]["Statement"]} == {
            "lambda:InvokeFunctionUrl", "lambda:InvokeFunction"}


def test_every_variable_that_a_function_reads_is_set():
    shared = (ROOT / "shared" / "lambda" / "src" / "settings.rs").read_text()
    of_gateways = set(re.findall(r'"(POSTERN_\w+)"', shared[shared.index("pub fn gateway("):shared.index("pub fn all_of")]))
    of_fronts = set(re.findall(r'"(POSTERN_\w+)"', shared[shared.index("pub fn trust("):shared.index("pub fn gateway(")]))
    of_sockets = set(re.findall(r'"(POSTERN_\w+)"', (ROOT / "shared/lambda/src/sockets.rs").read_text().split("#[cfg(test)]")[0]))
    assert len(of_gateways) > 8 and len(of_fronts) > 3 and len(of_sockets) > 4
    everywhere = set(TEMPLATE["Globals"]["Function"]["Environment"]["Variables"])
    for function, folder in {"Gateway": "gateway", "Sockets": "sockets", "PostConnections": "connections", "Management": "management"}.items():
        source = (ROOT / "functions" / folder / "src" / "env.rs").read_text().split("#[cfg(test)]")[0]
        read = set(re.findall(r'"(POSTERN_\w+)"', source))
        read |= of_gateways if "variables.gateway(" in source else set()
        read |= of_fronts if "variables.trust(" in source else set()
        read |= of_sockets if "variables.sockets(" in source else set()
        assert read - everywhere <= set(RESOURCES[function]["Properties"]["Environment"]["Variables"]), function


def test_only_the_gateway_has_an_open_url_unless_told_otherwise():
    urls = {name: (one["Properties"]["AuthType"], one["Properties"]["InvokeMode"]) for name, one in of_type("AWS::Lambda::Url").items()}
    assert urls == {"GatewayUrl": ("NONE", "RESPONSE_STREAM"), "GatewaySignedUrl": ("AWS_IAM", "RESPONSE_STREAM"),
                    "ManagementUrl": ("AWS_IAM", "BUFFERED"), "OpenManagement": ("NONE", "BUFFERED"),
                    # Holders sign with their key, senders for `execute-api`: Postern proves who they are.
                    "SocketsUrl": ("NONE", "BUFFERED"), "ConnectionsUrl": ("NONE", "BUFFERED"),
                    "ConnectionsSignedUrl": ("AWS_IAM", "BUFFERED")}
    assert RESOURCES["OpenManagement"]["Condition"] == "HasOpenManagement"
    assert TEMPLATE["Parameters"]["OpenManagementUrl"]["Default"] == "false"
    # Then Postern itself must prove who manages.
    assert RESOURCES["Management"]["Properties"]["Environment"]["Variables"]["POSTERN_REQUIRE_AUTH"] == "true"


def test_every_function_writes_to_a_log_that_ends():
    for name, one in of_type("AWS::Serverless::Function").items():
        group = RESOURCES[one["Properties"]["LoggingConfig"]["LogGroup"]["Ref"]]
        assert group["Properties"]["RetentionInDays"] == {"Ref": "LogRetentionDays"}, name


def test_definitions_outlive_the_stack_and_mistakes():
    table = RESOURCES["Definitions"]
    assert (table["DeletionPolicy"], table["UpdateReplacePolicy"]) == ("Retain", "Retain")
    assert table["Properties"]["DeletionProtectionEnabled"] is True
    assert table["Properties"]["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}


def test_a_key_of_ones_own_encrypts_every_table_and_every_role_may_use_it():
    own = {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": {"Ref": "TableKey"}}
    for table in of_type("AWS::DynamoDB::Table").values():
        assert table["Properties"]["SSESpecification"] == {"Fn::If": ["HasTableKey", own, {"Ref": "AWS::NoValue"}]}
    policy = RESOURCES["TableKeyPolicy"]["Properties"]
    roles = [one["Fn::If"][1] if "Fn::If" in one else one for one in policy["Roles"]]
    assert {one["Ref"] for one in roles} == set(of_type("AWS::IAM::Role"))
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert statement["Resource"] == {"Ref": "TableKey"} and "kms:ViaService" in statement["Condition"]["StringEquals"]


@pytest.fixture
def dynamodb_client(dynamodb):
    return boto3.client("dynamodb", endpoint_url=dynamodb, region_name=REGION, aws_access_key_id=ENVIRONMENT["AWS_ACCESS_KEY_ID"],
                        aws_secret_access_key=ENVIRONMENT["AWS_SECRET_ACCESS_KEY"])


def test_the_template_makes_the_tables_that_the_command_makes(dynamodb, dynamodb_client):
    prefix = f"same-{uuid.uuid4().hex[:8]}"
    products.create_tables(dynamodb, prefix)
    for one in of_type("AWS::DynamoDB::Table").values():
        expected = one["Properties"]
        name = expected["TableName"]["Fn::Sub"].replace("${Tables}", prefix)
        table = dynamodb_client.describe_table(TableName=name)["Table"]
        assert table["KeySchema"] == expected["KeySchema"]
        assert table["BillingModeSummary"]["BillingMode"] == expected["BillingMode"]
        assert sorted(map(str, table["AttributeDefinitions"])) == sorted(map(str, expected["AttributeDefinitions"]))
        ttl = dynamodb_client.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
        assert (ttl["AttributeName"], ttl["TimeToLiveStatus"]) == ("ttl", "ENABLED"), name


def test_the_command_creates_again_without_harm_and_deletes(dynamodb, dynamodb_client):
    prefix = f"again-{uuid.uuid4().hex[:8]}"
    products.create_tables(dynamodb, prefix)
    products.create_tables(dynamodb, prefix)
    done = subprocess.run([products.PROGRAMS / "postern", "tables", "delete", "--endpoint-url", dynamodb, "--tables", prefix],
                          env=ENVIRONMENT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    left = [name for page in dynamodb_client.get_paginator("list_tables").paginate() for name in page["TableNames"]]
    assert not [name for name in left if name.startswith(prefix)]
