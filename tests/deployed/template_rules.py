"""What no linter knows of the template: least privilege as far as a rule can say it, and that nothing is forgotten.

The template is read as CloudFormation would after SAM's transform, canaries on. What the local stand-in for IAM does not
judge as AWS does is judged here: the polling of queues, logs, tracing, and the key policies beside the roles.
"""

import copy
import json
import logging
import os
import re
import subprocess
import sys
from pathlib import Path

from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

ROOT = Path(__file__).resolve().parents[2]
os.environ.setdefault("AWS_DEFAULT_REGION", "ap-southeast-1")
logging.disable(logging.WARNING)

# CloudFormation takes 500; room is left for what comes.
MOST_RESOURCES = 400
# IAM's limit for all inline policies of a role, KMS's for a key policy, CloudFormation's for a template from S3.
LONGEST_ROLE, LONGEST_KEY_POLICY, LONGEST_TEMPLATE = 10_240, 32_768, 1_000_000
SIGNERS = {"SsoToken", "LogoutNotifier"}
USES = {"kms:Sign", "kms:GenerateMac", "kms:VerifyMac", "kms:Encrypt", "kms:Decrypt"}
POLLING = {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}
# Neither knows a resource: a text to a phone, a trace.
WITHOUT_RESOURCE = {"sns:Publish", "xray:PutTraceSegments", "xray:PutTelemetryRecords"}

failures = []


def check(holds, what):
    if not holds:
        failures.append(what)


def many(value):
    return value if isinstance(value, list) else [value]


def kebab(name):
    return re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower()


def attribute_of(value):
    """The resource that a !Ref, a !GetAtt or a !Sub of one names."""
    if not isinstance(value, dict):
        return None
    target = value.get("Ref") or value.get("Fn::GetAtt") or value.get("Fn::Sub")
    if isinstance(target, list):
        return target[0]
    return re.sub(r"[${}]|\..*", "", target) if isinstance(target, str) else None


def size(value):
    return len(json.dumps(value, separators=(",", ":")))


def of_type(resources, kind):
    return {name: body for name, body in resources.items() if body["Type"] == kind}


class NoManagedPolicies:
    def load(self):
        return {}


text = (ROOT / "template.yaml").read_text()
source = yaml_parse(text)
check(many(source["Transform"])[0] == "AWS::LanguageExtensions", "LanguageExtensions must come first")
given = copy.deepcopy(source)
given["Transform"] = "AWS::Serverless-2016-10-31"
for body in given["Resources"].values():
    if body["Type"] == "AWS::Serverless::Function":
        body["Properties"]["CodeUri"] = "s3://bucket/key"
template = transform(given, {"Canary": "true"}, NoManagedPolicies())
resources = template["Resources"]
functions = of_type(source["Resources"], "AWS::Serverless::Function")


def statements(role):
    return [s for p in resources[role]["Properties"]["Policies"] for s in many(p["PolicyDocument"]["Statement"])]


def limits():
    check(len(resources) <= MOST_RESOURCES, f"{len(resources)} resources")
    check(size(template) < LONGEST_TEMPLATE, f"the template has {size(template)} bytes")
    for name, role in of_type(resources, "AWS::IAM::Role").items():
        length = sum(size(policy["PolicyDocument"]) for policy in role["Properties"].get("Policies", []))
        check(length <= LONGEST_ROLE, f"{name}: inline policies of {length} characters")
    for name, key in of_type(resources, "AWS::KMS::Key").items():
        check(size(key["Properties"]["KeyPolicy"]) <= LONGEST_KEY_POLICY, f"{name}: the key policy is too long")


def everything_a_function_has():
    for name, function in functions.items():
        properties, package = function["Properties"], kebab(name)
        made = resources[name]["Properties"]
        check(properties["CodeUri"] == f"functions/{package}", f"{name}: CodeUri")
        check(made["LoggingConfig"] == {"LogFormat": "JSON", "LogGroup": {"Ref": f"{name}Logs"}}, f"{name}: LoggingConfig")
        check(made["TracingConfig"] == {"Mode": "Active"}, f"{name}: tracing")
        check(properties.get("AutoPublishAliasAllProperties") is True, f"{name}: AutoPublishAliasAllProperties")
        check(attribute_of(made["Role"]) == f"{name}Role", f"{name}: Role")
        role = resources[f"{name}Role"]["Properties"]
        check(role["RoleName"] == {"Fn::Sub": f"${{AWS::StackName}}-{package}"}, f"{name}: the role's name")
        check("ManagedPolicyArns" not in role, f"{name}: a managed policy")
        retention = resources[f"{name}Logs"]["Properties"]["RetentionInDays"]
        check(retention == {"Ref": "LogRetentionInDays"}, f"{name}: how long the log is kept")
        order = [text.index(f"\n  {part}:\n") for part in (f"{name}Logs", f"{name}Role", name)]
        check(order == sorted(order), f"{name}: log group, role and function are not in this order")
        group = resources[f"{name}DeploymentGroup"]["Properties"]
        alarms = {attribute_of(alarm["Name"]) for alarm in group["AlarmConfiguration"]["Alarms"]}
        check(alarms == {f"{name}Failing", "ApiFailing"}, f"{name}: the alarms that roll it back are {alarms}")
        alias = resources[f"{name}Aliaslive"]
        check("CodeDeployLambdaAliasUpdate" in alias["UpdatePolicy"], f"{name}: no canary")


def no_role_may_more_than_it_names():
    for name in functions:
        logs = tracing = False
        for statement in statements(f"{name}Role"):
            actions, targets = set(many(statement["Action"])), many(statement["Resource"])
            check(not any("*" in action for action in actions), f"{name}: a wildcard in {sorted(actions)}")
            if statement["Effect"] == "Deny":
                continue
            if any(target == "*" for target in targets):
                check(actions <= WITHOUT_RESOURCE, f"{name}: {sorted(actions)} on everything")
            else:
                named = all(isinstance(target, dict) and "*" not in json.dumps(target) for target in targets)
                check(named, f"{name}: {sorted(actions)} on {targets}")
            logs |= actions == {"logs:CreateLogStream", "logs:PutLogEvents"} and attribute_of(targets[0]) == f"{name}Logs"
            tracing |= actions == {"xray:PutTraceSegments", "xray:PutTelemetryRecords"}
            if "sns:Publish" in actions:
                denied = [s for s in statements(f"{name}Role") if s["Effect"] == "Deny"]
                check(any(s["Resource"] == "arn:aws:sns:*:*:*" for s in denied), f"{name}: topics are not denied")
        check(logs and tracing, f"{name}: it cannot write its log, or its traces")


def roles_and_keys_say_the_same():
    packages = {kebab(name): name for name in functions}
    by_role, by_key = set(), set()
    for name in functions:
        for statement in statements(f"{name}Role"):
            for action in set(many(statement["Action"])) & USES:
                by_role |= {(name, action, attribute_of(key)) for key in many(statement["Resource"])}
    for key, body in of_type(resources, "AWS::KMS::Key").items():
        for statement in body["Properties"]["KeyPolicy"]["Statement"]:
            named = json.dumps(statement.get("Condition", {}).get("ArnLike", {}))
            roles = set(re.findall(r":role/\$\{AWS::StackName\}-([a-z-]+)\"", named))
            sessions = set(re.findall(r":assumed-role/\$\{AWS::StackName\}-([a-z-]+)/\*", named))
            check(roles == sessions, f"{key}: {roles ^ sessions} by role or by session only")
            for action in set(many(statement.get("Action", []))) & USES:
                by_key |= {(packages[role], action, key) for role in roles}
    check(by_role == by_key, f"roles and key policies differ: {sorted(by_role ^ by_key)}")
    signing = {name for name, action, _ in by_role if action == "kms:Sign"}
    check(signing == SIGNERS, f"{signing} sign")


def what_is_kept_is_protected():
    kept = {"Ref": "DeletionPolicy"}
    tables, keys = of_type(resources, "AWS::DynamoDB::Table"), of_type(resources, "AWS::KMS::Key")
    groups = of_type(resources, "AWS::Logs::LogGroup")
    for name, body in {**tables, **keys, **groups}.items():
        expected = {"Fn::If": ["Kept", "RetainExceptOnCreate", "Delete"]} if name in groups else kept
        check(body["DeletionPolicy"] == expected and body["UpdateReplacePolicy"] == kept, f"{name}: it is not kept")
    for name, body in tables.items():
        table = body["Properties"]
        check(table["BillingMode"] == "PAY_PER_REQUEST", f"{name}: billing")
        check(table["DeletionProtectionEnabled"] == {"Fn::If": ["Kept", True, False]}, f"{name}: deletion protection")
        check(table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True, f"{name}: recovery")
        check(attribute_of(table["SSESpecification"]["KMSMasterKeyId"]) == "TablesKey", f"{name}: encryption")
    for name, body in keys.items():
        policy = body["Properties"]["KeyPolicy"]["Statement"]
        check(body["Properties"].get("MultiRegion") is True, f"{name}: of one region only")
        denied = [s["Fn::If"][1] for s in policy if "Fn::If" in s]
        check(denied and denied[0]["Effect"] == "Deny", f"{name}: anybody ends it")
        check(any("kms:Put*" in many(s.get("Action", [])) for s in policy), f"{name}: nobody may put its policy")
    through = json.dumps(keys["TablesKey"]["Properties"]["KeyPolicy"])
    check("kms:ViaService" in through, "TablesKey: not for DynamoDB alone")


def queues_are_polled_and_end_somewhere():
    queues = of_type(resources, "AWS::SQS::Queue")
    ends = {attribute_of(q["Properties"]["RedrivePolicy"]["deadLetterTargetArn"])
            for q in queues.values() if "RedrivePolicy" in q["Properties"]}
    for name, queue in queues.items():
        check(queue["Properties"].get("SqsManagedSseEnabled") is True, f"{name}: not encrypted")
        check("RedrivePolicy" in queue["Properties"] or name in ends, f"{name}: no dead letters")
    for mapping, body in of_type(resources, "AWS::Lambda::EventSourceMapping").items():
        alias = attribute_of(body["Properties"]["FunctionName"])
        check(alias.endswith("Aliaslive"), f"{mapping}: it asks {alias}, not the alias")
        function = alias.removesuffix("Aliaslive")
        queue = attribute_of(body["Properties"]["EventSourceArn"])
        may = {a for s in statements(f"{function}Role") for a in many(s["Action"])
               if queue in map(attribute_of, many(s["Resource"]))}
        check(POLLING <= may, f"{function}: it cannot poll {queue}")


def the_api_asks_aliases():
    methods = 0
    for path, path_item in resources["Api"]["Properties"]["Body"]["paths"].items():
        for method, operation in path_item.items():
            uri = json.dumps(operation["x-amazon-apigateway-integration"]["uri"])
            check(re.search(r"\$\{\w+Aliaslive\}|\.Alias", uri) is not None, f"{method} {path}: {uri}")
            methods += 1
    check(methods >= 40, f"the API has {methods} methods")
    for name, function in functions.items():
        if name.startswith("Ops"):
            check("Events" not in function["Properties"], f"{name}: an operators' function has an event")
            check(name in json.dumps(source["Resources"]["OperatorsTrail"]), f"{name}: CloudTrail does not record it")


def every_alarm_is_in_the_runbook():
    runbook = (ROOT / "infra/runbook.md").read_text()
    headings = set(re.findall(r"^## (.+)$", runbook, re.MULTILINE))
    watch = yaml_parse((ROOT / "infra/alarms.yaml").read_text())["Resources"]
    used, metrics = set(), set()
    for name, body in {**of_type(resources, "AWS::CloudWatch::Alarm"), **of_type(watch, "AWS::CloudWatch::Alarm")}.items():
        description = body["Properties"]["AlarmDescription"]
        section = description.partition("infra/runbook.md: ")[2]
        check(section in headings, f"{name}: the runbook has no section {section!r}")
        used.add(section)
    metrics |= set(re.findall(r'"DigitalID", "(\w+)"|Namespace: DigitalID[,\n]\s*MetricName: (\w+)',
                              (ROOT / "infra/alarms.yaml").read_text()))
    for metric in {a or b for a, b in metrics}:
        check(f"`{metric}`" in runbook, f"the runbook does not say what {metric} is")
    sections = set(re.findall(r"^## (.+)\n\n\*\*Symptom\*\*", runbook, re.MULTILINE))
    check(sections == used, f"sections without alarm, or without symptom: {sections ^ used}")


def run_by_node(code, call):
    ran = subprocess.run(["node", "-e", f"{code}\n{call}"], capture_output=True, text=True, check=False)
    return json.loads(ran.stdout) if ran.returncode == 0 else ran.stderr


def the_edge_writes_what_it_should():
    headers = yaml_parse((ROOT / "infra/edge-headers.yaml").read_text())["Resources"]["Headers"]["Properties"]["InlineCode"]
    challenge = {"key": "x-amzn-Remapped-WWW-Authenticate", "value": 'Bearer error="invalid_token"'}
    for given, expected in (
        ({challenge["key"].lower(): [challenge], "vary": []},
         {"vary": [], "www-authenticate": [{"key": "WWW-Authenticate", "value": challenge["value"]}]}),
        ({"vary": []}, {"vary": []}),
    ):
        event = json.dumps({"Records": [{"cf": {"response": {"status": "401", "headers": given}}}]})
        call = f"exports.handler({event}).then((answer) => console.log(JSON.stringify(answer.headers)))"
        answered = run_by_node(headers, call)
        check(answered == expected, f"edge-headers: {answered}")
    address = yaml_parse((ROOT / "infra/edge.yaml").read_text())["Resources"]["ViewerAddress"]["Properties"]["FunctionCode"]
    event = json.dumps({"viewer": {"ip": "2001:db8::7"}, "request": {"headers": {"x-viewer-address": {"value": "::1"}}}})
    answered = run_by_node(address, f"console.log(JSON.stringify(handler({event}).headers))")
    check(answered == {"x-viewer-address": {"value": "2001:db8::7"}}, f"edge: {answered}")


rules = [limits, everything_a_function_has, no_role_may_more_than_it_names, roles_and_keys_say_the_same,
         what_is_kept_is_protected, queues_are_polled_and_end_somewhere, the_api_asks_aliases,
         every_alarm_is_in_the_runbook, the_edge_writes_what_it_should]
for rule in rules:
    rule()
for failure in failures:
    print(f"template.yaml: {failure}")
print(f"template rules: {len(rules)} rules, {len(failures)} failures; {len(functions)} functions, "
      f"{len(resources)} resources of 500, {size(template)} bytes of {LONGEST_TEMPLATE}")
sys.exit(1 if failures else 0)
