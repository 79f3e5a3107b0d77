"""What operators do to the stack, by the commands that are documented for it, while people go on using it."""

import tempfile
import threading
import time
from contextlib import contextmanager
from datetime import datetime, timezone

from caller import Caller
from card_registry import SECRET, USER
from person import Person, at_step, walk
from policies import Policies
from relying_party import RelyingParty
from stack import NAME, built_later
from tables import Tables

# What the update brings newer code of: where somebody signing in passes, and who asks the card registry.
NEWER = ("sign-in", "sso-authorize", "sso-token", "sso-userinfo", "account", "registration-identity")


def deployed(stack):
    stack.deploy()
    policies = Policies(stack)
    for function in policies.documents:
        policies.put(function)


def updated(service, registry):
    """Newer code on the way of a sign-in, the card registry's secret, encrypted as an operator would, another ceiling."""
    stack = service.stack
    with somebody_signing_in(service), tempfile.TemporaryDirectory(prefix="digital-id-built-") as folder:
        secret = stack.encrypted(SECRET, "CARD_REGISTRY_SECRET")
        newer = built_later(folder, NEWER)
        stack.deploy(newer, CardRegistryUser=USER, CardRegistrySecret=secret, SendsPerAddress=5999)
        assert setting(stack, "sign-in", "SENDS_PER_ADDRESS") == "5999"
    walk(Caller(service), Person(), "account")
    assert USER in registry.asked_by, registry.asked_by


def rolled_back(service):
    stack = service.stack
    before = stack.template.content["Parameters"]["SendsPerAddress"]["Default"]
    with somebody_signing_in(service):
        told = stack.roll_back()
        assert setting(stack, "sign-in", "SENDS_PER_ADDRESS") == str(before), told
        assert f"{len(NEWER)} functions are as they were" in told, told
    walk(Caller(service), Person(), "account")
    # Then the stack is deployed as it was, and says the same as the functions.
    with somebody_signing_in(service):
        stack.deploy(CardRegistryUser="", CardRegistrySecret="", SendsPerAddress=before)
        assert setting(stack, "sign-in", "SENDS_PER_ADDRESS") == str(before)


def restored(service):
    """An account is lost, and comes back from the table as it was. MiniStack restores what the table is when it is asked."""
    stack, tables, person = service.stack, Tables(service.stack), Person()
    program = walk(Caller(service), person)
    moment = datetime.now(timezone.utc)
    seen = stack.restore_table("Accounts", moment)
    assert "0 missing, 0 changed, 0 new" in seen, seen
    lost = [item for item in tables.items("Accounts") if person.username in str(item)]
    for item in lost:
        tables.delete("Accounts", item)
    walk(Caller(service), Person())
    program.post("/sign-in", person.credentials, expect=(401,))
    assert f"{len(lost)} missing" in stack.restore_table("Accounts", moment)
    back = stack.restore_table("Accounts", moment, "--missing")
    assert f"{len(lost)} put back, 0 removed" in back, back
    program.post("/sign-in", person.credentials, accept=at_step("done"))


def deleted(stack):
    stack.delete()
    left = stack.client("lambda").list_functions()["Functions"]
    assert not left, [function["FunctionName"] for function in left]
    roles = {f"{NAME}-{function}" for function in stack.template.functions.values()}
    left = roles & {role["RoleName"] for role in stack.client("iam").list_roles(MaxItems=1000)["Roles"]}
    assert not left, left


@contextmanager
def somebody_signing_in(service):
    """A person and a relying party, over and over: nothing of it may fail, and one whole round follows what was done."""
    person = Person()
    walk(Caller(service), person)
    relying_party = RelyingParty(service)
    browser = Caller(service, html=True)
    relying_party.tokens(browser, person)
    done, counted, failures, began = threading.Event(), [], [], int(time.time() * 1000)

    def keep_signing_in():
        while not done.is_set():
            try:
                tokens = relying_party.tokens(browser, person)
                relying_party.userinfo(tokens["access_token"])
                browser.post("/account/sign-out", {"confirm": "yes"})
                counted.append(time.monotonic())
            except Exception as error:
                failures.append(error)

    client = threading.Thread(target=keep_signing_in)
    client.start()
    try:
        wait_for(lambda: counted or failures)
        yield
        at = len(counted)
        wait_for(lambda: len(counted) > at + 1 or failures)
    finally:
        done.set()
        client.join()
    if failures:
        logged = [line for function in NEWER for line in service.stack.log_lines(function, began) if "ERROR" in line]
        raise AssertionError(f"{len(failures)} of {len(counted) + len(failures)}: {failures[0]!r}, and logged: {logged[:5]}")
    print(f"    {len(counted)} sign-ins meanwhile")


def setting(stack, function, variable):
    """What a function that is asked now has in its environment."""
    name = stack.physical(stack.logical(function))
    known = stack.client("lambda").get_function_configuration(FunctionName=name, Qualifier="live")
    return known["Environment"]["Variables"][variable]


def wait_for(condition, seconds=60):
    """Asks until it is so: what is waited for happens in another process."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.2)
    raise AssertionError("it did not happen")
