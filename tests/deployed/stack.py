"""The stack: built, deployed, updated and deleted as an operator does it, and looked into as an operator may."""

import base64
import json
import os
import platform
import shutil
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from urllib.parse import urlencode

import boto3
from botocore.config import Config

from ministack import REGION, ROOT as CREDENTIALS
from template import ROOT, Template

NAME = "digital-id"
ISSUER = "https://id.example.go.th"
# What a stack that is thrown away has otherwise than one that is kept, where the template has a parameter for it.
THROWN_AWAY = {"Alarms": "off", "ApiGatewayAccount": "made-elsewhere", "DeletionPolicy": "Delete", "OperatorTrail": "off"}
ARCHITECTURE = {"x86_64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}[platform.machine()]
BUILT = ROOT / ".aws-sam/build/template.yaml"
TOOLS = ROOT / "tests/deployed/.venv/tools/bin"
# Whoever runs this has no part in it: no profile, no credentials.
NOBODY = {
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "SAM_CLI_TELEMETRY": "0",
}


class Stack:
    def __init__(self, ministack, registry):
        self.ministack = ministack
        self.template = Template()
        known = self.template.content["Parameters"]
        self.parameters = {name: value for name, value in THROWN_AWAY.items() if name in known} | {
            "Architecture": ARCHITECTURE,
            "CardRegistryUrl": registry.url,
            "Issuer": ISSUER,
        }

    # ------------------------------------------------------------ what an operator types

    def deploy(self, template=BUILT, **parameters):
        """`sam deploy`: makes the stack, or changes it in place."""
        self.parameters |= parameters
        # In quotes, without which SAM takes none that is empty.
        overrides = [f'{name}="{value}"' for name, value in self.parameters.items()]
        sam(
            "deploy", "--template-file", str(template), "--stack-name", NAME, "--region", REGION, "--resolve-s3",
            "--capabilities", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND",
            "--no-confirm-changeset", "--no-progressbar", "--parameter-overrides", *overrides,
            environment=self.operator,
        )
        self.resources = self.resources_of_stack()
        self.connect_domain()

    def delete(self):
        """As `aws cloudformation delete-stack` does. (`sam delete` looks for nested templates at AWS's own addresses only.)"""
        cloudformation = self.client("cloudformation")
        cloudformation.delete_stack(StackName=NAME)
        cloudformation.get_waiter("stack_delete_complete").wait(StackName=NAME, WaiterConfig={"Delay": 1, "MaxAttempts": 300})

    def roll_back(self):
        return self.run("roll-back", NAME)

    def restore_table(self, table, moment, *wanted):
        return self.run("restore-table", NAME, table, moment.isoformat(), *wanted)

    def run(self, command, *arguments):
        """A command of infra/, as an operator runs it."""
        done = subprocess.run(
            [sys.executable, ROOT / "infra" / command, *arguments], env=os.environ | NOBODY | self.operator,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        )
        if done.returncode != 0:
            raise RuntimeError(f"{command} failed:\n{done.stdout[-4000:]}")
        return done.stdout

    @property
    def operator(self):
        """What an operator's shell knows."""
        return CREDENTIALS | {"AWS_DEFAULT_REGION": REGION, "AWS_ENDPOINT_URL": self.ministack.address}

    def connect_domain(self):
        """The service's own domain, at whose root the stage is: production is reached by it alone."""
        if self.resources_of_type("AWS::ApiGateway::DomainName"):
            return
        gateway, domain = self.client("apigateway"), ISSUER.removeprefix("https://")
        api = self.resources_of_type("AWS::ApiGateway::RestApi")[0]
        if domain in {known["domainName"] for known in gateway.get_domain_names()["items"]}:
            if gateway.get_base_path_mappings(domainName=domain)["items"][0]["restApiId"] == api:
                return
            # MiniStack replaces an API whose routes change; AWS changes it in place.
            gateway.delete_base_path_mapping(domainName=domain, basePath="(none)")
        else:
            gateway.create_domain_name(domainName=domain, endpointConfiguration={"types": ["REGIONAL"]})
        stage = gateway.get_stages(restApiId=api)["item"][0]["stageName"]
        gateway.create_base_path_mapping(domainName=domain, restApiId=api, stage=stage)

    # ------------------------------------------------------------ what is there

    def client(self, service):
        config = Config(retries={"total_max_attempts": 1}, read_timeout=90)
        return boto3.client(
            service, region_name=REGION, endpoint_url=self.ministack.address, config=config,
            aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"], aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        )

    def resources_of_stack(self):
        pages = self.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=NAME)
        return [resource for page in pages for resource in page["StackResourceSummaries"]]

    def resources_of_type(self, wanted):
        return [resource["PhysicalResourceId"] for resource in self.resources if resource["ResourceType"] == wanted]

    def physical(self, logical):
        return next(r["PhysicalResourceId"] for r in self.resources if r["LogicalResourceId"] == logical)

    def logical(self, function):
        return next(key for key, name in self.template.functions.items() if name == function)

    def invoke(self, function, event):
        """An operator's order to a function without a route."""
        answer = self.client("lambda").invoke(FunctionName=self.physical(self.logical(function)), Payload=json.dumps(event))
        return json.loads(answer["Payload"].read())

    def configure(self, function, **variables):
        """A function's environment, with these variables otherwise: quicker than another deployment."""
        functions, name = self.client("lambda"), self.physical(self.logical(function))
        known = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
        functions.update_function_configuration(FunctionName=name, Environment={"Variables": known | variables})
        functions.get_waiter("function_updated_v2").wait(FunctionName=name)
        version = functions.publish_version(FunctionName=name)["Version"]
        functions.update_alias(FunctionName=name, Name="live", FunctionVersion=version)

    def forget(self, function):
        """What a function remembers is gone, as on AWS when its instances are."""
        self.ministack.forget(self.physical(self.logical(function)))

    def encrypted(self, secret, variable):
        """Another system's secret as a parameter takes it."""
        answer = self.client("kms").encrypt(
            KeyId=self.physical("ConfigurationKey"), Plaintext=secret.encode(), EncryptionContext={"variable": variable},
        )
        return base64.b64encode(answer["CiphertextBlob"]).decode()

    def texts(self, number):
        """The text messages to a number, newest last."""
        address = f"{self.ministack.address}/_ministack/sns/sms-messages?{urlencode({'phoneNumber': number})}"
        with urllib.request.urlopen(address, timeout=30) as answer:
            return [message["Message"] for message in json.load(answer)["sms_messages"].get(number, [])]

    def log_lines(self, function, since):
        """What a function has logged since a moment, in milliseconds."""
        logs = self.client("logs")
        group = self.log_group(function)
        pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group, startTime=since)
        return [event["message"] for page in pages for event in page["events"]]

    def log_group(self, function):
        name = self.physical(self.logical(function))
        configuration = self.client("lambda").get_function_configuration(FunctionName=name)
        return configuration["LoggingConfig"]["LogGroup"]


def built_later(folder, functions):
    """What was built, as if some functions had been built of something newer: other bytes behind their code, where nobody
    looks. AWS makes a new version of a function for other parameters alone, MiniStack does not."""
    later = shutil.copytree(BUILT.parent, Path(folder, "later"))
    for logical, name in Template().functions.items():
        if name in functions:
            with Path(later, logical, "bootstrap").open("ab") as file:
                file.write(b"later")
    return later / BUILT.name


def build():
    """`sam build`, lightened: links take most of its time, and what is fast on AWS is not what is tested here."""
    lightened = {
        "CARGO_PROFILE_RELEASE_LTO": "off",
        "CARGO_PROFILE_RELEASE_CODEGEN_UNITS": "16",
        "CARGO_PROFILE_RELEASE_OPT_LEVEL": "1",
        # The machine's own linker: nothing is built for another.
        "CARGO_LAMBDA_COMPILER": "cargo",
    }
    # All functions at once, on every core. SAM goes from one to the next, and then finds them built.
    packages = [f"--package={function}" for function in Template().functions.values()]
    arm64 = ["--arm64"] if ARCHITECTURE == "arm64" else []
    tool("cargo-lambda", "lambda", "build", "--release", *arm64, *packages, environment=lightened)
    sam("build", "--parameter-overrides", f"Architecture={ARCHITECTURE}", environment=lightened)


def sam(*arguments, environment):
    tool("sam", *arguments, environment=environment)


def tool(name, *arguments, environment):
    """Quiet unless it fails."""
    began = time.monotonic()
    told = f"{name} {next(word for word in arguments if word != 'lambda')}"
    path = f"{TOOLS}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [TOOLS / name, *arguments], cwd=ROOT, env=os.environ | NOBODY | environment | {"PATH": path},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )
    print(f"    {told}: {time.monotonic() - began:.0f} s", flush=True)
    if done.returncode != 0:
        raise RuntimeError(f"{told} failed:\n{done.stdout[-8000:]}")
