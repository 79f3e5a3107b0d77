"""`infra/openapi.yaml`, and whether an answer is one that it describes."""

import re
from pathlib import Path

import yaml
from jsonschema import Draft202012Validator, FormatChecker

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = yaml.safe_load((ROOT / "infra/openapi.yaml").read_text(encoding="utf-8"))

METHODS = {"get", "post", "put", "patch", "delete", "head", "options", "trace"}
# What HTTP itself adds.
TRANSPORT = {"content-type", "content-length", "date", "connection"}


def resolved(part):
    """What a reference leads to."""
    while "$ref" in part:
        keys = part["$ref"].removeprefix("#/").split("/")
        part = DOCUMENT
        for key in keys:
            part = part[key.replace("~1", "/").replace("~0", "~")]
    return part


def operations():
    """Every operation: its path, method and definition."""
    for path, item in DOCUMENT["paths"].items():
        for method, operation in item.items():
            if method in METHODS:
                yield path, method, operation


def operation_of(method, path):
    """The operation of a request. A path without parameters comes before one with."""
    for template in sorted(DOCUMENT["paths"], key=lambda template: "{" in template):
        pattern = re.sub(r"\{[^}]+\}", "[^/]+", template)
        if re.fullmatch(pattern, path) and method.lower() in DOCUMENT["paths"][template]:
            return DOCUMENT["paths"][template][method.lower()]
    raise AssertionError(f"{method} {path} is not in the document")


def validate(instance, schema, what):
    """Fails with all that is wrong."""
    # Beside its own keywords, so that references from the document's root lead somewhere.
    rooted = {"components": DOCUMENT["components"], "allOf": [schema]}
    errors = list(Draft202012Validator(rooted, format_checker=FormatChecker()).iter_errors(instance))
    assert not errors, f"{what}: " + "; ".join(f"{error.json_path} {error.message}" for error in errors)


def codes_of(schema):
    """The problem codes, or OAuth errors, that a response's schema allows."""
    if "oneOf" in schema:
        return {code for option in schema["oneOf"] for code in codes_of(option)}
    properties = schema.get("properties", {})
    code = properties.get("code") or properties.get("error") or {}
    return {code["const"]} if "const" in code else set(code.get("enum", []))


def documented(operation):
    """Every answer of an operation, as (operationId, status, media type, problem code or OAuth error or "")."""
    for status, response in operation["responses"].items():
        for media_type, content in resolved(response).get("content", {"": {}}).items():
            for code in codes_of(content.get("schema", {})) or {""}:
                yield operation["operationId"], int(status), media_type, code


def check(operation, response):
    """Fails unless the operation's definition has this very answer; returns it as in `documented`."""
    name = operation["operationId"]
    definition = operation["responses"].get(str(response.status_code))
    assert definition, f"{name}: status {response.status_code} is not documented: {response.text[:300]}"
    code = check_against(resolved(definition), response, f"{name} {response.status_code}")
    return name, response.status_code, media_type_of(response), code


def check_against(definition, response, what):
    """Fails unless the response is as the definition has it; returns the problem's code, if it tells one."""
    media_type = media_type_of(response)
    check_headers(definition["headers"], response, what)
    if "content" not in definition:
        assert not response.content, f"{what}: a body is not documented"
        return ""
    assert media_type in definition["content"], f"{what}: {media_type} is not documented"
    schema = definition["content"][media_type].get("schema")
    if media_type not in ("application/json", "application/problem+json"):
        if schema:
            validate(response.text, schema, what)
        return ""
    body = response.json()
    validate(body, schema, what)
    if media_type == "application/json":
        return body["error"] if "error" in body and codes_of(schema) else ""
    assert body["status"] == response.status_code, what
    assert body["type"].endswith(f"/problems/{body['code']}"), what
    assert body["request_id"] == response.headers["X-Request-Id"], what
    return body["code"]


def check_headers(definitions, response, what):
    known = {name.lower() for name in definitions} | TRANSPORT
    unknown = {name.lower() for name in response.headers} - known
    assert not unknown, f"{what}: headers {unknown} are not documented"
    for name, definition in definitions.items():
        definition = resolved(definition)
        values = response.raw.headers.getlist(name)
        assert values or not definition.get("required"), f"{what}: {name} is missing"
        schema = definition["schema"]
        for value in values:
            is_number = isinstance(schema, dict) and schema.get("type") == "integer"
            validate(int(value) if is_number else value, schema, f"{what}: {name}")


def media_type_of(response):
    return response.headers.get("Content-Type", "").split(";")[0]
