"""What people, relying parties and operators do, so that every permission is needed by something: ordinary ways first,
then refusals, second thoughts and what had to be undone. `tried` is under trial, `plain` prepares."""

from contextlib import contextmanager

from caller import Caller
from card_registry import BROKEN, REFUSED
from person import Person, at_step, code_to, problem, walk, wrong
from tables import Tables
from verifiers import Verifiers


class Journeys:
    def __init__(self, plain, tried):
        self.plain, self.tried = plain, tried
        self.tables, self.verifiers = Tables(plain.stack), Verifiers(plain.stack)

    @contextmanager
    def trying(self, caller):
        """This caller's requests are under trial."""
        caller.service = self.tried
        try:
            yield caller
        finally:
            caller.service = self.plain

    def reached(self, step, person=None, **more):
        """Somebody whose registration has come to `step`, and their program."""
        person = person or Person(**more)
        return walk(Caller(self.plain), person, step), person

    # ------------------------------------------------------------ registering

    def terms(self):
        with self.trying(Caller(self.plain)) as program:
            program.get("/registration/terms")
            walk(program, Person(), "identity")
            program.get("/registration")
            program.post("/registration/extend", {})
            program.post("/registration/cancel", {}, accept=at_step("cancelled"))

    def identity(self):
        program, person = self.reached("identity")
        with self.trying(program):
            program.get("/registration/identity")
            walk(program, person, "account", first="account")
            walk(program, person, "account", first="account")
        for citizen_id, status, code in (
            (REFUSED, 422, "identity_not_confirmed"), (BROKEN, 503, "identity_check_unavailable"),
        ):
            program, person = self.reached("identity", citizen_id=citizen_id)
            with self.trying(program):
                program.post("/registration/identity", person.identity, expect=(status,), accept=problem(code))
        _, owner = self.reached("done")
        program, again = self.reached("identity", citizen_id=owner.citizen_id)
        with self.trying(program):
            program.post("/registration/identity", again.identity, expect=(409,), accept=problem("already_registered"))

    def account(self):
        program, person = self.reached("account")
        with self.trying(program):
            program.get("/registration/account")
            walk(program, person, "mobile", first="mobile")
        _, owner = self.reached("done")
        program, _ = self.reached("account")
        with self.trying(program):
            program.post("/registration/account", owner.account, expect=(409,), accept=problem("username_taken"))

    def mobile(self):
        program, person = self.reached("mobile")
        with self.trying(program):
            program.get("/registration/mobile")
            walk(program, person, "otp", first="otp")

    def otp(self):
        program, person = self.reached("otp")
        with self.trying(program):
            program.get("/registration/otp")
            code = code_to(self.plain, person)
            program.post("/registration/otp", {"code": wrong(code)}, expect=(422,), accept=problem("otp_incorrect"))
            walk(program, person, "review", first="review")

    def review(self):
        program, person = self.reached("review")
        with self.trying(program):
            program.get("/registration/review")
            walk(program, person, first="done")
        # Two chose one name; the second learns it here and chooses again.
        program, late = self.reached("review")
        early = Person()
        early.username = late.username
        self.reached("done", early)
        with self.trying(program):
            program.post("/registration/review", {"confirm": "yes"}, expect=(409,), accept=problem("username_taken"))
        # On their own word, of an ID that has an account.
        program, claiming = self.reached("review", Person(method="self_asserted", citizen_id=person.citizen_id))
        with self.trying(program):
            program.post("/registration/review", {"confirm": "yes"}, expect=(409,), accept=problem("already_registered"))
        # Proven, of an ID that somebody had claimed on their own word.
        program, claiming = self.reached("review", method="self_asserted")
        with self.trying(program):
            walk(program, claiming, first="done")
        program, proven = self.reached("review", citizen_id=claiming.citizen_id)
        with self.trying(program):
            walk(program, proven, first="done")

    # ------------------------------------------------------------ signing in

    def sign_in(self):
        registered, person = self.reached("done")
        with self.trying(registered):
            registered.get("/sign-in")
            registered.post("/sign-in", person.credentials | {"password": "not this one, at all"}, expect=(401,))
            registered.post("/sign-in", person.credentials, accept=at_step("done"))
            # Again: another session in place of the one there was.
            registered.post("/sign-in", person.credentials, accept=at_step("done"))
        unknown = Caller(self.plain)
        with self.trying(unknown):
            unknown.post("/sign-in", person.credentials | {"password": "not this one, at all"}, expect=(401,))
            unknown.post("/sign-in", person.credentials, accept=at_step("otp"))
            unknown.get("/sign-in/otp")
            code = code_to(self.plain, person)
            unknown.post("/sign-in/otp", {"code": wrong(code)}, expect=(422,), accept=problem("otp_incorrect"))
            unknown.post("/sign-in/otp", {"code": code}, accept=at_step("done"))
        # Somebody else, in a browser where somebody is signed in.
        other = self.reached("done")[1]
        unknown.post("/sign-in", other.credentials, accept=at_step("otp"))
        with self.trying(unknown):
            unknown.post("/sign-in/otp", {"code": code_to(self.plain, other)}, accept=at_step("done"))

        self.tables.age("Sessions", "Limits", seconds=61)
        unknown = Caller(self.plain)
        unknown.post("/sign-in", person.credentials, accept=at_step("otp"))
        # A minute later another code may be asked for.
        self.tables.age("Sessions", "Limits", seconds=61)
        with self.trying(unknown):
            unknown.post("/sign-in/otp", {"resend": "yes"}, accept=at_step("otp"))

    def old_verifier(self):
        """A password kept when guessing cost less is kept anew, once it was typed."""
        program, person = self.reached("done")
        program.post("/sign-in", person.credentials)
        self.verifiers.weaken(person)
        with self.trying(program):
            program.post("/sign-in", person.credentials, accept=at_step("done"))

    def not_sent(self):
        """No text leaves: what it was counted by is given back."""
        _, person = self.reached("done")
        unknown = Caller(self.plain)
        with self.tried.way.policies.withholding("sign-in", "sns:Publish"), self.trying(unknown):
            unknown.post("/sign-in", person.credentials, expect=(503,), accept=problem("sms_not_sent"))

    def account_page(self):
        program, person = self.reached("done")
        program.post("/sign-in", person.credentials)
        self.tables.age("Sessions", seconds=300)
        with self.trying(program):
            program.get("/account")
