"""The functions' inline policies as deployed, and the same with one permission less."""

import json
from contextlib import contextmanager
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
        self.withheld = set()

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

    @contextmanager
    def withholding(self, function, action):
        """A call of the function's fails, so that what undoes the rest is needed."""
        self.withheld = {permission for permission in self.of(function) if permission.action == action}
        self.put(function)
        try:
            yield
        finally:
            self.withheld = set()
            self.put(function)

    def put(self, function, without=None):
        """The policy as it is, or without one permission; always without what is withheld."""
        for name, document in self.documents[function].items():
            statements = document["Statement"]
            for permission in {without, *self.withheld} - {None}:
                statements = [part for statement in statements for part in lessened(statement, permission)]
            statements = [as_asked(statement) for statement in statements]
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
    hit = statement["Effect"] == "Allow" and without.action in actions and without.resource in resources
    if not hit:
        return [statement]
    parts = [
        ([action for action in actions if action != without.action], resources),
        ([without.action], [resource for resource in resources if resource != without.resource]),
    ]
    return [statement | {"Action": some, "Resource": where} for some, where in parts if some and where]
