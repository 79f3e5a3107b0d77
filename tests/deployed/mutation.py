"""Least privilege, by mutation: whatever a function may do is taken away once, and has to be missed."""

import datetime
import sys
import tempfile
import time
import traceback
from pathlib import Path

import rules
from caller import Service
from card_registry import SECRET, USER, CardRegistry
from ministack import MiniStack
from provider_journeys import ProviderJourneys
from stack import Stack, build
from trial import Trial

TABLE = Path(__file__).with_name("least-privilege.md")


def main():
    if "--built" not in sys.argv:
        build()
    wrong = rules.violations()
    with tempfile.TemporaryDirectory(prefix="digital-id-registry-") as folder, CardRegistry(folder) as registry:
        with MiniStack(registry.trusted) as ministack:
            stack = Stack(ministack, registry)
            # The whole pass comes from one address.
            stack.deploy(SendsPerAddress=600000, RefusalsPerAddress=600000)
            # With a secret at the registry, which start-up decrypts.
            secret = stack.encrypted(SECRET, "CARD_REGISTRY_SECRET")
            stack.configure("registration-identity", CARD_REGISTRY_USER=USER, CARD_REGISTRY_SECRET=secret)
            trial = Trial(stack)
            broken = drive(ProviderJourneys(Service(stack), Service(stack, trial)))
            permissions = [p for function in trial.policies.documents for p in trial.policies.of(function)]
            rows = [(p, named(stack, p.resource), outcome(p, trial)) for p in permissions]
            rows.sort(key=lambda row: (row[0].function, row[0].action, row[1]))
    wrong += trial.wrong
    survivors = [f"{p.function}: {p.action} on {resource}" for p, resource, how in rows if how is None]
    print(f"{trial.requests} requests, {trial.trials} trials")
    for found in [*wrong, *(f"survives: {survivor}" for survivor in survivors)]:
        print(found)
    if "--write" in sys.argv:
        TABLE.write_text(written(rows, trial))
    failed = len(wrong) + len(survivors) + len(broken)
    print(f"{len(rows) - len(survivors)} passed, {failed} failed{': ' + ', '.join(broken) if broken else ''}")
    sys.exit(bool(failed))


def drive(journeys):
    broken = []
    wanted = [name for name in sys.argv[1:] if not name.startswith("--")]
    for journey in journeys.all():
        if wanted and journey.__name__ not in wanted:
            continue
        began = time.monotonic()
        try:
            journey()
        except Exception:
            traceback.print_exc()
            broken.append(journey.__name__)
        print(f"    {journey.__name__}: {time.monotonic() - began:.0f} s", flush=True)
    return broken


def outcome(permission, trial):
    """What noticed a permission's absence; `None` where nothing did."""
    if rules.judged_by_rule(permission):
        return "by rule"
    noticed = list(dict.fromkeys(trial.noticed.get(permission, [])))
    return None if not noticed else noticed[0] + (f" and {len(noticed) - 1} more" if len(noticed) > 1 else "")


def named(stack, resource):
    """A resource as the template calls it."""
    for known in stack.resources:
        if known["PhysicalResourceId"].rsplit("/", 1)[-1] in (resource.rsplit("/", 1)[-1], resource.rsplit(":", 1)[-1]):
            return known["LogicalResourceId"]
    groups = {stack.physical(name): name for name, _ in stack.template.of_type("AWS::Logs::LogGroup")}
    return next((name for group, name in groups.items() if group in resource), resource)


def written(rows, trial):
    lines = [
        "# Least privilege, by mutation",
        "",
        f"Made by `tests/deployed/least-privilege --write` on {datetime.date.today()}: {trial.requests} requests, {trial.trials} trials.",
        "Each permission was taken away before each request of its function; the request named beside it was the first to",
        "be denied, with the action in the function's log, and was answered as usual once the permission was back.",
        "\"By rule\": MiniStack does not judge it as AWS does, `rules.py` does over the template.",
        "",
        "| function | action | resource | missed by |",
        "|---|---|---|---|",
    ]
    return "\n".join(lines + [f"| {p.function} | {p.action} | {resource} | {how or '**nothing**'} |" for p, resource, how in rows]) + "\n"


if __name__ == "__main__":
    main()
