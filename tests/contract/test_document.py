"""The document is OpenAPI 3.1, and lists the routes that the template has."""

import yaml
from openapi_spec_validator import OpenAPIV31SpecValidator

import document

# Served by the route for everything else.
BEHIND_THE_PROXY = {("GET", "/problems/{code}")}
# The front page's ANY: what is not refused by its method is one of these.
ANY = ("GET", "POST")


class TemplateLoader(yaml.SafeLoader):
    """CloudFormation's short functions are of no interest here."""


TemplateLoader.add_multi_constructor("!", lambda loader, suffix, node: None)


def routes_of_the_template():
    template = yaml.load((document.ROOT / "template.yaml").read_text(encoding="utf-8"), TemplateLoader)
    for resource in template["Resources"].values():
        for event in resource.get("Properties", {}).get("Events", {}).values():
            if event["Type"] == "Api" and event["Properties"]["Path"] != "/{proxy+}":
                method, path = event["Properties"]["Method"], event["Properties"]["Path"]
                yield from ((each, path) for each in (ANY if method == "ANY" else (method,)))


def test_the_document_is_openapi_3_1():
    errors = [f"{list(error.path)}: {error.message}" for error in OpenAPIV31SpecValidator(document.DOCUMENT).iter_errors()]
    assert not errors


def test_every_route_is_documented_and_nothing_else():
    listed = {(method.upper(), path) for path, method, _ in document.operations()}
    assert listed == set(routes_of_the_template()) | BEHIND_THE_PROXY


def test_the_examples_of_bodies_are_what_their_schema_wants():
    for name, schema in document.DOCUMENT["components"]["schemas"].items():
        for example in schema.get("examples", ()):
            document.validate(example, schema, name)


def test_every_problem_code_is_told_by_some_operation():
    answers = [answer for *_, operation in document.operations() for answer in document.documented(operation)]
    told = {code for _, _, media_type, code in answers if media_type == "application/problem+json"}
    assert told == set(document.DOCUMENT["components"]["schemas"]["ProblemCode"]["enum"])


def test_every_component_is_used():
    text = (document.ROOT / "infra/openapi.yaml").read_text(encoding="utf-8")
    components = document.DOCUMENT["components"]
    unused = [
        f"{kind}/{name}"
        for kind in components.keys() - {"securitySchemes"}
        for name in components[kind]
        if f'"#/components/{kind}/{name}"' not in text
    ]
    assert not unused
