"""What MiniStack does not judge as AWS does, judged by rule over template.yaml instead. The list is fixed:

- the platform's own writing of logs and traces, and its polling of queues, need permissions that nothing here checks;
- a text message has no resource, so that its permission is a wildcard beside a denial of everything with an ARN;
- a table encrypted with our key, or a key used by its alias, is judged otherwise than on AWS.
"""

from template import Template, listed

DELIVERY = {"logs:CreateLogStream", "logs:PutLogEvents"}
TRACING = {"xray:PutTraceSegments", "xray:PutTelemetryRecords"}
POLLING = {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}
# No resource of theirs can be named (Service Authorization Reference: SNS text messages, X-Ray).
UNNAMEABLE = TRACING | {"sns:Publish"}


def judged_by_rule(permission):
    return permission.action in DELIVERY | TRACING | POLLING


def violations(template=None):
    template = template or Template()
    return [
        f"{function}: {found}"
        for function in template.functions.values()
        for found in [*wildcards(template, function), *platform(template, function), *texts(template, function)]
    ] + roles(template) + keys(template)


def wildcards(template, function):
    for statement in template.statements(function):
        if statement["Effect"] != "Allow":
            continue
        for action in listed(statement["Action"]):
            if "*" in action:
                yield f"the action {action} is not one"
            for resource in listed(statement["Resource"]):
                if "*" in str(resource) and action not in UNNAMEABLE:
                    yield f"{action} on {resource} could name its resource"


def platform(template, function):
    """Exactly what the platform needs in the function's name: its own log group, and the queues that feed it."""
    logical = next(key for key, name in template.functions.items() if name == function)
    properties = template.resources[logical]["Properties"]
    group = str(properties["LoggingConfig"]["LogGroup"]).removeprefix("Ref ")
    queues = {
        str(event["Properties"]["Queue"])
        for event in properties.get("Events", {}).values() if event["Type"] == "SQS"
    }
    wanted = {(action, f"GetAtt {group}.Arn") for action in DELIVERY}
    wanted |= {(action, queue) for action in POLLING for queue in queues}
    has = {
        (action, str(resource))
        for statement in template.statements(function)
        for action in listed(statement["Action"]) for resource in listed(statement["Resource"])
        if action in DELIVERY | POLLING
    }
    for action, resource in wanted ^ has:
        yield f"{action} on {resource} is {'missing' if (action, resource) in wanted else 'not its own'}"


def texts(template, function):
    """Whoever may send a text may publish to nothing that has a name."""
    statements = template.statements(function)
    may = any(s["Effect"] == "Allow" and "sns:Publish" in listed(s["Action"]) for s in statements)
    denied = {"Effect": "Deny", "Action": "sns:Publish", "Resource": "arn:aws:sns:*:*:*"} in statements
    if may and not denied:
        yield "sns:Publish without the denial of topics"


def roles(template):
    """One role a function, of a fixed name, with nothing beside its inline policy."""
    used = [str(template.resources[name]["Properties"].get("Role")) for name in template.functions]
    found = [f"{role} is two functions' role" for role in sorted(set(used)) if used.count(role) > 1]
    for name, resource in template.of_type("AWS::IAM::Role"):
        properties = resource["Properties"]
        if f"GetAtt {name}.Arn" in used and ("RoleName" not in properties or properties.get("ManagedPolicyArns")):
            found.append(f"{name} has no fixed name, or more than its inline policy")
    return found


def keys(template):
    """Tables are encrypted by a key that DynamoDB alone may use; no function is given an alias."""
    found = []
    for name, table in template.of_type("AWS::DynamoDB::Table"):
        key = str(table["Properties"]["SSESpecification"]["KMSMasterKeyId"]).removeprefix("GetAtt ").split(".")[0]
        policy = template.resources[key]["Properties"]["KeyPolicy"]["Statement"]
        by_service = [s for s in policy if "kms:ViaService" in str(s.get("Condition"))]
        if not any("kms:GenerateDataKey" in str(s["Action"]) for s in by_service):
            found.append(f"{name}: {key} is not opened to DynamoDB by kms:ViaService")
    for function in template.functions.values():
        for statement in template.statements(function):
            found += [f"{function}: {where} is an alias" for where in listed(statement["Resource"]) if "alias/" in str(where)]
    return found
