"""The deployed stack from its first `sam deploy` to its deletion, driven as people and relying parties drive it."""

import sys
import tempfile
import time
import traceback

from caller import Caller, Service
from card_registry import REFUSED, CardRegistry
from ministack import MiniStack
from operating import deleted, deployed, restored, rolled_back, updated, wait_for
from person import PASSWORD, Person, at_step, code_to, problem, walk, walk_by_forms, wrong
from relying_party import ACCESS_TOKEN, EXCHANGE, RelyingParty, claims_of
from stack import Stack, build


class Run:
    """Counts what passed, and goes on after what failed."""

    def __init__(self):
        self.passed, self.failed = 0, []

    def case(self, name, act):
        began = time.monotonic()
        try:
            act()
        except Exception:
            traceback.print_exc()
            self.failed.append(name)
            print(f"FAILED  {name}", flush=True)
        else:
            self.passed += 1
            print(f"passed  {name} ({time.monotonic() - began:.1f} s)", flush=True)


def main():
    run = Run()
    if "--built" not in sys.argv:
        build()
    with tempfile.TemporaryDirectory(prefix="digital-id-registry-") as folder, CardRegistry(folder) as registry:
        with MiniStack(registry.trusted) as ministack:
            stack = Stack(ministack, registry)
            run.case("the template deploys", lambda: deployed(stack))
            if not run.failed:
                drive(run, Service(stack), registry)
            run.case("it is deleted", lambda: deleted(stack))
            if run.failed:
                print(ministack.log.read_text()[-6000:])
    print(f"{run.passed} passed, {len(run.failed)} failed{': ' if run.failed else ''}{', '.join(run.failed)}")
    sys.exit(bool(run.failed))


def drive(run, service, registry):
    run.case("the pages and files around a registration", lambda: around(service))
    run.case("a registration by JSON", lambda: registration(service))
    run.case("a registration by forms, without a line of JavaScript", lambda: registration_by_forms(service))
    run.case("what a registration may end with instead", lambda: other_ends(service))
    run.case("operators look at the keys and the clients", lambda: operators(service))
    run.case("a sign-in of a relying party, from authorize to the end of the session", lambda: signed_on(service))
    run.case("a pushed request, an exchanged token, a token of the client's own", lambda: other_grants(service))
    run.case("where one is signed in, and another password", lambda: own_account(service))
    run.case("the stack is updated while a client keeps signing in", lambda: updated(service, registry))
    run.case("every function is rolled back while a client keeps signing in", lambda: rolled_back(service))
    run.case("a table is restored to a point in time", lambda: restored(service))
    run.case("every function was invoked", lambda: every_function(service))


# ---------------------------------------------------------------- registering

def around(service):
    browser = Caller(service, html=True)
    page = browser.get("/")
    for asset in {part.split('"')[0] for part in page.body.split('href="')[1:] if part.startswith("/assets/")}:
        browser.get(asset)
    browser.get("/no/such/page", expect=(404,))
    for path in ("/sign-in", "/registration/terms", "/account/signed-out"):
        browser.get(path)


def registration(service):
    person = Person()
    program = walk(Caller(service), person, "otp")
    program.post("/registration/otp", {"code": wrong(code_to(service, person))}, expect=(422,), accept=problem("otp_incorrect"))
    walk(program, person, first="review")
    program.post("/sign-in", person.credentials, accept=at_step("done"))
    assert person.username in program.get("/account").body
    program.post("/account/sign-out", {"confirm": "yes"})
    program.get("/account", expect=(401,))


def registration_by_forms(service):
    person = Person()
    browser = Caller(service, html=True)
    page = walk_by_forms(browser, person)
    assert person.username in page.body
    signed_in = browser.submit(browser.get("/sign-in"), person.credentials)
    assert "/account" in signed_in.location, signed_in
    assert "สมหญิง" in browser.get("/account").body


def other_ends(service):
    declining = Caller(service)
    declining.post("/registration/terms", {"terms_version": "2026-11-01", "consent": "decline"}, accept=at_step("declined"))
    refused = Person(citizen_id=REFUSED)
    program = walk(Caller(service), refused, "identity")
    program.post("/registration/identity", refused.identity, expect=(422,), accept=problem("identity_not_confirmed"))
    program.post("/registration/cancel", {}, accept=at_step("cancelled"))
    program.get("/registration", expect=(401,))


# ---------------------------------------------------------------- operators

def operators(service):
    status = service.order("ops-keys", {"action": "status", "operator": "somchai.r", "reason": "a test of the stack"})
    assert "ES256" in str(status) and "RS256" in str(status), status
    relying_party = RelyingParty(service)
    listed = service.order("ops-clients", {"action": "list", "operator": "somchai.r", "reason": "a test of the stack"})
    assert relying_party.client_id in [client["client_id"] for client in listed["clients"]], listed


# ---------------------------------------------------------------- signing in

def signed_on(service):
    person = Person()
    walk(Caller(service), person)
    metadata = Caller(service).get("/.well-known/openid-configuration").json()
    keys = Caller(service).get("/.well-known/openid-configuration/jwks").json()["keys"]
    assert metadata["issuer"] == claims_issuer(service) and len(keys) == 6, (metadata, keys)
    # Nobody listens there; that the notice was signed and given up is in the notifier's log.
    relying_party = RelyingParty(service, backchannel_logout_uri="https://rp.invalid/logout")
    browser = Caller(service, html=True)
    tokens = relying_party.tokens(browser, person)
    told = claims_of(tokens["id_token"])
    assert (told["aud"], told["nonce"], told["acr"]) == (relying_party.client_id, "a nonce", "aal2"), told
    info = relying_party.userinfo(tokens["access_token"])
    assert info["sub"] == told["sub"] and info["citizen_id"] == person.citizen_id, info
    refreshed = relying_party.call("/connect/token", grant_type="refresh_token", refresh_token=tokens["refresh_token"]).json()
    assert relying_party.introspect(refreshed["access_token"])["active"]
    relying_party.call("/connect/revocation", token=refreshed["access_token"])
    assert not relying_party.introspect(refreshed["access_token"])["active"]
    before = int(time.time() * 1000)
    # A second time nothing is asked.
    assert "code" in relying_party.told(relying_party.asked_by(browser).location)
    leaving = f"/connect/endsession?id_token_hint={tokens['id_token']}&post_logout_redirect_uri={relying_party.bye}"
    assert browser.get(leaving, expect=(303,)).location == relying_party.bye
    browser.get("/account", expect=(303,))
    wait_for(lambda: [line for line in service.stack.log_lines("logout-notifier", before) if "to be delivered again" in line])


def claims_issuer(service):
    return service.stack.parameters["Issuer"]


def other_grants(service):
    person = Person()
    walk(Caller(service), person)
    target = RelyingParty(service)
    relying_party = RelyingParty(service, require_pushed_authorization_requests=True, exchange_audiences=[target.client_id])
    browser = Caller(service, html=True)
    target.tokens(browser, person)
    pushed = relying_party.call("/connect/par", **relying_party.request()).json()
    request = {"client_id": relying_party.client_id, "request_uri": pushed["request_uri"]}
    tokens = relying_party.redeem(relying_party.signed_in(browser, person, request)["code"])
    exchanged = relying_party.call(
        "/connect/token", grant_type=EXCHANGE, subject_token=tokens["access_token"], subject_token_type=ACCESS_TOKEN,
        audience=target.client_id,
    ).json()
    assert target.introspect(exchanged["access_token"])["active"]
    own = relying_party.call("/connect/token", grant_type="client_credentials").json()
    assert relying_party.introspect(own["access_token"])["active"]


# ---------------------------------------------------------------- the account's own pages

def own_account(service):
    """In one browser they see the other, and end it; with another password."""
    person = Person()
    here = walk(Caller(service), person)
    here.post("/sign-in", person.credentials, accept=at_step("done"))
    there = Caller(service)
    there.post("/sign-in", person.credentials, accept=at_step("otp"))
    there.post("/sign-in/otp", {"code": code_to(service, person)}, accept=at_step("done"))
    assert len(here.get("/account/sessions").json()["sessions"]) == 2
    here.post("/account/sessions", {"end": "others"})
    there.get("/account", expect=(401,))
    another = "เต่าทอง เดินข้ามสะพาน ตอนฝนตก"
    here.post("/account/password", {"current_password": PASSWORD, "password": another, "password_confirmation": another})
    there.post("/sign-in", person.credentials, expect=(401,))
    here.post("/account/sign-out", {"confirm": "yes"})
    here.post("/sign-in", person.credentials | {"password": another}, accept=at_step("done"))


# ---------------------------------------------------------------- afterwards

def every_function(service):
    invoked = {}
    for function in service.stack.template.functions.values():
        invoked[function] = sum("REPORT RequestId" in line for line in service.stack.log_lines(function, 0))
    for function, times in sorted(invoked.items()):
        print(f"    {function}: {times}")
    assert all(invoked.values()), sorted(name for name, times in invoked.items() if not times)


if __name__ == "__main__":
    main()
