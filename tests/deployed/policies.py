"""The functions' inline policies as deployed, and the same with one permission less."""

import json
from dataclasses import dataclass

from template import listed


@dataclass(frozen=True, order=True)
class Permission:
    function: str
    action: str
    resource: str


class Policies:
    def __init__(self, stack):
        self.stack = stack
        self.iam = stack.client("iam")
        self.roles = {function: self.role_of(function) for function in stack.template.functions.values()}
        self.documents = {function: self.read(role) for function, role in self.roles.items()}

    def role_of(self, function):
        name = self.stack.physical(self.stack.logical(function))
        return self.stack.client("lambda").get_function_configuration(FunctionName=name)["Role"].rsplit("/", 1)[1]

    def read(self, role):
        names = self.iam.list_role_policies(RoleName=role)["PolicyNames"]
        return {name: self.iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"] for name in names}

    def of(self, function):
        """Every permission of a function, statement by statement as the template has them."""
        return [
            Permission(function, action, resource)
            for document in self.documents[function].values()
            for statement in document["Statement"] if statement["Effect"] == "Allow"
            for action in listed(statement["Action"]) for resource in listed(statement["Resource"])
        ]

    def put(self, function, without=None):
        """The policy as it is, or without one permission."""
        for name, document in self.documents[function].items():
            statements = [as_asked(part) for statement in document["Statement"] for part in lessened(statement, without)]
            self.iam.put_role_policy(
                RoleName=self.roles[function], PolicyName=name,
                PolicyDocument=json.dumps(document | {"Statement": statements}),
            )


def as_asked(statement):
    """AWS judges a batch of messages by `sqs:SendMessage`; MiniStack asks for an action that does not exist there."""
    actions = listed(statement["Action"])
    return statement | {"Action": actions + ["sqs:SendMessageBatch"] if "sqs:SendMessage" in actions else actions}


def lessened(statement, without):
    """A statement, in as many as it takes to leave out one action on one resource."""
    actions, resources = listed(statement["Action"]), listed(statement["Resource"])
    hit = without and statement["Effect"] == "Allow" and without.action in actions and without.resource in resources
    if not hit:
        return [statement]
    parts = [
        ([action for action in actions if action != without.action], resources),
        ([without.action], [resource for resource in resources if resource != without.resource]),
    ]
    return [statement | {"Action": some, "Resource": where} for some, where in parts if some and where]
