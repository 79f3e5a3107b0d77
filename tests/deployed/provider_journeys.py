"""What relying parties and operators do, so that every permission is needed by something. See journeys.py."""

import json
from contextlib import contextmanager
from urllib.parse import urlencode

from caller import Caller
from journeys import Journeys
from person import PASSWORD, Person, at_step, code_to, go_on, walk
from relying_party import ACCESS_TOKEN, EXCHANGE, Key, RelyingParty, claims_of

OPERATOR = {"operator": "somchai.r", "second_operator": "malee.s", "reason": "permissions are tried"}
NOWHERE = "https://rp.invalid/keys"
ALGORITHMS = ("ES256", "RS256")


class ProviderJourneys(Journeys):
    @contextmanager
    def trying_by_itself(self, relying_party):
        with self.trying(relying_party.program):
            yield relying_party

    def person_at(self, relying_party):
        """Somebody who has used the service once, their browser, and what it got."""
        _, person = self.reached("done")
        browser = Caller(self.plain, html=True)
        return person, browser, relying_party.tokens(browser, person)

    # ------------------------------------------------------------ by way of the browser

    def authorize(self):
        relying_party, other = RelyingParty(self.plain), RelyingParty(self.plain)
        _, person = self.reached("done")
        browser = Caller(self.plain, html=True)
        other.tokens(browser, person)
        self.tables.age("Sessions", seconds=300)
        with self.trying(browser):
            waiting = relying_party.asked_by(browser).location
        browser.submit(browser.get(waiting), {"decision": "allow"})
        resumed = waiting.replace("/consent?", "/connect/resume?")
        self.tables.age("Sessions", seconds=300)
        with self.trying(browser):
            relying_party.told(browser.get(resumed, expect=(303,)).location)
            code = relying_party.told(relying_party.asked_by(browser).location)["code"]
        hint = relying_party.redeem(code)["id_token"]
        pushed = relying_party.call("/connect/par", **relying_party.request()).json()
        with self.trying(browser):
            relying_party.told(relying_party.asked_by(browser, relying_party.request(id_token_hint=hint)).location)
            handle = {"client_id": relying_party.client_id, "request_uri": pushed["request_uri"]}
            relying_party.told(relying_party.asked_by(browser, handle).location)
        # A form from the agency's own site: it waits for a GET, since no cookie comes with it.
        stranger = Caller(self.plain, html=True)
        with self.trying(stranger):
            answer = stranger.post("/connect/authorize", relying_party.request(), headers={"Sec-Fetch-Site": "cross-site"})
        browser.cookies.pop("__Host-browser", None)
        with self.trying(browser):
            relying_party.told(browser.get(answer.location, expect=(303,)).location)

    def consent(self):
        for decision in ("allow", "deny"):
            relying_party = RelyingParty(self.plain)
            _, browser, _ = self.person_at(RelyingParty(self.plain))
            waiting = relying_party.asked_by(browser).location
            self.tables.age("Sessions", seconds=300)
            with self.trying(browser):
                page = browser.get(waiting)
                browser.submit(page, {"decision": decision})

    def signing_in_for_a_service(self):
        relying_party = RelyingParty(self.plain)
        _, person = self.reached("done")
        browser = Caller(self.plain, html=True)
        waiting = relying_party.asked_by(browser).location
        with self.trying(browser):
            relying_party.told(go_on(browser, person, browser.get(waiting) and relying_party.asked_by(browser)))

    def instead_of_another(self):
        """Somebody signs in where somebody else is, whose services are told that it is over."""
        for is_known in (True, False):
            relying_party = RelyingParty(self.plain, backchannel_logout_uri=NOWHERE)
            program, first = self.reached("done")
            program.post("/sign-in", first.credentials, accept=at_step("done"))
            browser = Caller(self.plain, html=True, cookies=program.cookies)
            relying_party.tokens(browser, first)
            if is_known:
                second = Person()
                walk(program, second)
                with self.trying(program):
                    program.post("/sign-in", second.credentials, accept=at_step("done"))
            else:
                _, second = self.reached("done")
                program.post("/sign-in", second.credentials, accept=at_step("otp"))
                with self.trying(program):
                    program.post("/sign-in/otp", {"code": code_to(self.plain, second)}, accept=at_step("done"))

    # ------------------------------------------------------------ by itself

    def pushed_requests(self):
        with self.trying_by_itself(RelyingParty(self.plain)) as relying_party:
            relying_party.call("/connect/par", **relying_party.request())

    def tokens(self):
        target = RelyingParty(self.plain)
        relying_party = RelyingParty(self.plain, exchange_audiences=[target.client_id])
        person, browser, _ = self.person_at(target)
        code = relying_party.signed_in(browser, person)["code"]
        with self.trying_by_itself(relying_party):
            tokens = relying_party.redeem(code)
            refreshed = relying_party.call(
                "/connect/token", grant_type="refresh_token", refresh_token=tokens["refresh_token"],
            ).json()
            relying_party.call(
                "/connect/token", grant_type=EXCHANGE, subject_token=refreshed["access_token"],
                subject_token_type=ACCESS_TOKEN, audience=target.client_id,
            )
            relying_party.call("/connect/token", grant_type="client_credentials")

    def tokens_of_the_session(self):
        """Without offline_access they end with it, so that the session is looked at."""
        relying_party = RelyingParty(self.plain, scope="openid profile", access_token_format="jwt")
        opaque = RelyingParty(self.plain, scope="openid profile")
        person, browser, _ = self.person_at(RelyingParty(self.plain))
        for party in (relying_party, opaque):
            request = party.request(scope="openid profile")
            code = party.signed_in(browser, person, request)["code"]
            with self.trying_by_itself(party):
                token = party.redeem(code)["access_token"]
                party.userinfo(token)
                assert party.introspect(token)["active"]
                party.call("/connect/revocation", token=token)

    def exchanged(self):
        """To a service that the person has never been at, of a token that ends with its session."""
        target = RelyingParty(self.plain)
        relying_party = RelyingParty(self.plain, exchange_audiences=[target.client_id])
        person, browser, _ = self.person_at(RelyingParty(self.plain))
        code = relying_party.signed_in(browser, person, relying_party.request(scope="openid profile"))["code"]
        token = relying_party.redeem(code)["access_token"]
        with self.trying_by_itself(relying_party):
            relying_party.call(
                "/connect/token", grant_type=EXCHANGE, subject_token=token, subject_token_type=ACCESS_TOKEN,
                audience=target.client_id,
            )

    def disclosed(self):
        relying_party = RelyingParty(self.plain)
        _, _, tokens = self.person_at(relying_party)
        with self.trying_by_itself(relying_party):
            assert relying_party.userinfo(tokens["access_token"])["citizen_id"]
            assert relying_party.introspect(tokens["access_token"])["active"]
            relying_party.call("/connect/revocation", token=tokens["refresh_token"])

    def keys_of_clients(self):
        """Assertions, whose `jti` is kept; DPoP, whose is too; keys that are to be fetched, once a minute at most."""
        key = Key()
        asserting = self.keyed(key, jwks={"keys": [key.jwk]})
        person, browser, _ = self.person_at(RelyingParty(self.plain))
        tokens = asserting.redeem(asserting.signed_in(browser, person)["code"])
        with self.trying_by_itself(asserting):
            asserting.call("/connect/par", **asserting.request())
            asserting.introspect(tokens["access_token"])
            asserting.call("/connect/revocation", token=tokens["access_token"])
            asserting.call("/connect/token", grant_type="client_credentials")
        bound = RelyingParty(self.plain, dpop_bound_access_tokens=True)
        code = bound.signed_in(browser, person)["code"]
        token = bound.redeem(code, headers={"DPoP": key.proof("POST", "/connect/token")})["access_token"]
        with self.trying(bound.program):
            self.proven(bound, key, token)
        for path in ("/connect/par", "/connect/introspect", "/connect/revocation", "/connect/token"):
            fetching = self.keyed(Key(), jwks_uri=NOWHERE)
            with self.trying_by_itself(fetching):
                fetching.call(path, expect=(401,), token="x", grant_type="client_credentials")

    def keyed(self, key, **metadata):
        relying_party = RelyingParty(self.plain, token_endpoint_auth_method="private_key_jwt", **metadata)
        relying_party.key = key
        return relying_party

    def proven(self, relying_party, key, token):
        relying_party.program.get(
            "/connect/userinfo",
            headers={"Authorization": f"DPoP {token}", "DPoP": lambda: key.proof("GET", "/connect/userinfo", token)},
        )

    # ------------------------------------------------------------ signing out

    def sign_out(self):
        for leave in (self.by_the_account_page, self.by_the_relying_party):
            relying_party = RelyingParty(self.plain, backchannel_logout_uri=NOWHERE)
            _, browser, tokens = self.person_at(relying_party)
            with self.trying(browser):
                leave(browser, relying_party, tokens)

    def by_the_account_page(self, browser, *_):
        browser.post("/account/sign-out", {"confirm": "yes"})

    def by_the_relying_party(self, browser, relying_party, tokens):
        leaving = {"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": relying_party.bye}
        browser.get(f"/connect/endsession?{urlencode(leaving)}", expect=(303,))

    # ------------------------------------------------------------ the account's own pages

    def elsewhere(self):
        """Somebody signed in at a service in one browser, and their program, signed in in another."""
        person, _, _ = self.person_at(RelyingParty(self.plain, backchannel_logout_uri=NOWHERE))
        self.tables.age("Sessions", "Limits", seconds=61)
        program = Caller(self.plain)
        program.post("/sign-in", person.credentials, accept=at_step("otp"))
        program.post("/sign-in/otp", {"code": code_to(self.plain, person)}, accept=at_step("done"))
        self.tables.age("Sessions", seconds=300)
        return person, program

    def account_sessions(self):
        for which in ("others", "all"):
            _, program = self.elsewhere()
            with self.trying(program):
                program.get("/account/sessions")
                program.post("/account/sessions", {"end": which})

    def account_password(self):
        _, program = self.elsewhere()
        another = "เต่าทอง เดินข้ามสะพาน ตอนฝนตก"
        fields = {"current_password": PASSWORD, "password": another, "password_confirmation": another, "end_others": "yes"}
        with self.trying(program):
            program.get("/account/password")
            program.post("/account/password", fields | {"current_password": another}, expect=(422,))
            program.post("/account/password", fields)

    # ------------------------------------------------------------ keys

    def notices(self, algorithm):
        body = {
            "client_id": "revenue", "backchannel_logout_uri": NOWHERE, "sub": "5f2d6a0b9c4e4d31",
            "sid": "08a5019c17e64d2b", "algorithm": algorithm,
        }
        record = {
            "messageId": "059f36b4-87a3-44ab-83d2-661975830a7d", "receiptHandle": "AQEB", "body": json.dumps(body),
            "attributes": {"ApproximateReceiveCount": "1"}, "messageAttributes": {}, "eventSource": "aws:sqs",
        }
        # Nobody listens there, so the message comes back whatever happens; what happened is in the log.
        self.tried.order("logout-notifier", {"Records": [record]}, lambda answer: len(answer.json()["batchItemFailures"]) == 1)

    def keys_begun(self):
        """Whoever comes first writes the rows of the keys."""
        relying_party = RelyingParty(self.plain)
        _, _, tokens = self.person_at(relying_party)
        self.tables.clear("SigningKeys")
        with self.trying(Caller(self.plain)) as program:
            program.get("/.well-known/openid-configuration")
            program.get("/.well-known/openid-configuration/jwks")
        self.tables.clear("SigningKeys")
        self.refreshed(relying_party, tokens)
        self.tables.clear("SigningKeys")
        for algorithm in ALGORITHMS:
            self.notices(algorithm)
        self.tables.clear("SigningKeys")
        self.tried.order("ops-keys", {"action": "status"} | OPERATOR)
        for algorithm in ALGORITHMS:
            self.tried.order("ops-keys", {"action": "adopt", "algorithm": algorithm} | OPERATOR)

    def keys_rotated(self):
        """Each of the three keys of each algorithm has its turn to sign."""
        parties = {algorithm: RelyingParty(self.plain, id_token_signed_response_alg=algorithm) for algorithm in ALGORITHMS}
        person, browser, _ = self.person_at(RelyingParty(self.plain))
        tokens = {algorithm: party.tokens(browser, person) for algorithm, party in parties.items()}
        for _ in range(3):
            for algorithm, party in parties.items():
                tokens[algorithm] = self.refreshed(party, tokens[algorithm])
                self.notices(algorithm)
            # Two days later, when the next key is published long enough.
            self.tables.age("SigningKeys", seconds=2 * 86400)
            for algorithm in ALGORITHMS:
                self.tried.order("ops-keys", {"action": "rotate", "algorithm": algorithm} | OPERATOR)

    def refreshed(self, relying_party, tokens):
        with self.trying_by_itself(relying_party):
            return relying_party.call(
                "/connect/token", grant_type="refresh_token", refresh_token=tokens["refresh_token"],
            ).json()

    # ------------------------------------------------------------ operators

    def clients(self):
        relying_party = RelyingParty(self.tried)
        self.tried.order("ops-clients", {"action": "update", "client_id": relying_party.client_id, "client_name": "Another"} | OPERATOR)
        self.tried.order("ops-clients", {"action": "list"} | OPERATOR)

    # ------------------------------------------------------------ everything

    def all(self):
        return [
            self.terms, self.identity, self.account, self.mobile, self.otp, self.review, self.sign_in, self.old_verifier,
            self.not_sent, self.account_page, self.clients, self.authorize, self.consent, self.signing_in_for_a_service,
            self.instead_of_another, self.pushed_requests, self.tokens, self.tokens_of_the_session, self.exchanged,
            self.disclosed, self.keys_of_clients, self.sign_out, self.account_sessions, self.account_password,
            self.keys_begun, self.keys_rotated,
        ]
