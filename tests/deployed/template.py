"""template.yaml as it is written: its functions, routes and policies."""

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]


class Tagged(str):
    """`!Ref X` and the like, as "Ref X": where a thing is named, not what it will be called."""


class Loader(yaml.SafeLoader):
    pass


def tag(loader, suffix, node):
    if isinstance(node, yaml.ScalarNode):
        return Tagged(f"{suffix} {node.value}")
    if isinstance(node, yaml.SequenceNode):
        return {suffix: loader.construct_sequence(node, deep=True)}
    return {suffix: loader.construct_mapping(node, deep=True)}


Loader.add_multi_constructor("!", tag)


class Template:
    def __init__(self, path=ROOT / "template.yaml"):
        self.content = yaml.load(path.read_text(), Loader)
        self.resources = self.content["Resources"]
        self.functions = {
            name: resource["Properties"]["CodeUri"].removeprefix("functions/")
            for name, resource in self.of_type("AWS::Serverless::Function")
        }
        self.routes = list(self._routes())

    def of_type(self, wanted):
        return [(name, resource) for name, resource in self.resources.items() if resource["Type"] == wanted]

    def _routes(self):
        for function, name in self.functions.items():
            for event in self.resources[function]["Properties"].get("Events", {}).values():
                if event["Type"] == "Api":
                    path = event["Properties"]["Path"]
                    pattern = re.sub(r"\{[^}]*\+\}", ".+", path)
                    pattern = re.sub(r"\{[^}]*\}", "[^/]+", pattern)
                    yield name, event["Properties"]["Method"].upper(), re.compile(pattern)

    def function_at(self, method, path):
        """Which function API Gateway hands a request to; a greedy route only takes what no other does."""
        path = path.split("?")[0]
        found = [
            (".+" in pattern.pattern, asked == "ANY", name)
            for name, asked, pattern in self.routes
            if asked in (method, "ANY") and pattern.fullmatch(path)
        ]
        return min(found)[2]

    def statements(self, function):
        """The inline policy of a function's role, by the function's name."""
        logical = next(key for key, name in self.functions.items() if name == function)
        role = self.resources[str(self.resources[logical]["Properties"]["Role"]).removeprefix("GetAtt ").split(".")[0]]
        return [
            statement
            for policy in role["Properties"].get("Policies", [])
            for statement in policy["PolicyDocument"]["Statement"]
        ]


def listed(value):
    return value if isinstance(value, list) else [value]
