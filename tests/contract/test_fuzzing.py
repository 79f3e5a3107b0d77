"""Whatever is sent, in whatever state, the answer is one that the document has, and never a fault of the service.

Requests are generated from the document by schemathesis, the same ones every time. Not to the endpoints of single
sign-on: without a client and its secret they say no to everything, which test_single_sign_on sees.
"""

import itertools

import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

import document
from caller import HTML, JSON, SERVICE, Caller, fresh_address

# How far somebody has come who sends anything.
STATES = ("nobody", "identity", "account", "mobile", "otp", "review", "signed_in")

CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
]

SCHEMA = schemathesis.openapi.from_dict(document.DOCUMENT, config=schemathesis.Config(seed=1))
SCHEMA.config.generation.update(
    max_examples=14, deterministic=True, no_shrink=True, with_security_parameters=False, database="none"
)
SCHEMA.config.phases.update(phases=["examples", "coverage", "fuzzing"])


class State:
    """Somebody who has come so far; from the beginning once more when a request has led on from there."""

    def __init__(self, step):
        self.step, self.caller = step, None
        self.accept = itertools.cycle((JSON, HTML))

    def send(self, case):
        """Turn by turn as a program and as a browser."""
        if self.caller is None:
            self.caller = Caller()
            if self.step != "nobody":
                self.caller.walk(self.step)
        session = self.caller.session
        session.headers["X-Forwarded-For"] = fresh_address()
        response = case.call_and_validate(
            base_url=SERVICE,
            session=session,
            headers={"Accept": next(self.accept)},
            allow_redirects=False,
            checks=CHECKS,
        )
        if case.method == "POST" and response.status_code < 400:
            self.caller = None


TURNS = {}
WALKED = {step: State(step) for step in STATES}


@SCHEMA.exclude(tag="Single sign-on").parametrize()
@settings(deadline=None, suppress_health_check=list(HealthCheck))
def test_anything_in_any_state(case):
    """Called once for each request; those of an operation take turns over the states."""
    step = next(TURNS.setdefault(case.operation.label, itertools.cycle(STATES)))
    WALKED[step].send(case)
