"""People with well-formed papers, none of them anybody, and what they do at the service."""

import itertools
import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

NUMBERS = itertools.count(1)
PASSWORD = "ข้าวเหนียวมะม่วง กับคนแปลกหน้า"
TERMS = "2026-11-01"


def citizen_id(number):
    """Thirteen digits with a good check digit."""
    digits = f"17{number:010}"
    total = sum(int(digit) * weight for digit, weight in zip(digits, range(13, 1, -1)))
    return f"{digits}{(11 - total % 11) % 10}"


@dataclass
class Person:
    """Their papers, their number, and what they will call themselves."""

    number: int = field(default_factory=lambda: next(NUMBERS))
    method: str = "id_card"
    citizen_id: str = ""

    def __post_init__(self):
        self.citizen_id = self.citizen_id or citizen_id(self.number)
        self.mobile_number = f"081{self.number:07}"
        self.username = f"person-{self.number}"

    @property
    def identity(self):
        fields = {
            "method": self.method, "citizen_id": self.citizen_id,
            "first_name": "สมหญิง", "last_name": "รักไทยแท้", "birth_date": "1995-03-05",
        }
        return fields | ({"laser_code": "JT1-2345678-90"} if self.method == "id_card" else {})

    @property
    def typed_identity(self):
        """As the page asks: a date of three parts, in the Buddhist era."""
        date = {"birth_day": "5", "birth_month": "3", "birth_year": "2538", "middle_name": ""}
        return {name: value for name, value in self.identity.items() if name != "birth_date"} | date

    @property
    def account(self):
        return {
            "first_name": "สมหญิง", "last_name": "รักไทยแท้", "username": self.username,
            "password": PASSWORD, "password_confirmation": PASSWORD,
        }

    @property
    def credentials(self):
        return {"username": self.username, "password": PASSWORD}


def code_to(service, person):
    """The code of the last text to this person: a function, since a request that is sent again may have a new one."""
    def last():
        text = service.stack.texts("+66" + person.mobile_number[1:])[-1]
        return re.search(r"#(\d{6})$", text)[1]
    return last


def wrong(code):
    return lambda: f"{(int(code()) + 1) % 1_000_000:06}"


def at_step(step):
    return lambda answer: answer.json()["step"] == step


def problem(code):
    return lambda answer: answer.json()["code"] == code


# ---------------------------------------------------------------- the wizard, by JSON

STEPS = ("identity", "account", "mobile", "otp", "review", "done")


def walk(program, person, last="done", first="identity"):
    """The wizard's steps from one to another, named by where each leads; "done" has made the account."""
    service = program.service
    steps = {
        "identity": ("/registration/terms", {"terms_version": TERMS, "consent": "accept"}),
        "account": ("/registration/identity", person.identity),
        "mobile": ("/registration/account", person.account),
        "otp": ("/registration/mobile", {"mobile_number": person.mobile_number}),
        "review": ("/registration/otp", {"code": code_to(service, person)}),
        "done": ("/registration/review", {"confirm": "yes"}),
    }
    for step in STEPS[STEPS.index(first):STEPS.index(last) + 1]:
        path, fields = steps[step]
        program.post(path, fields, accept=at_step(step))
    return program


# ---------------------------------------------------------------- the wizard, by its pages

def walk_by_forms(browser, person):
    """From the front page to the account, by nothing but links and forms."""
    service = browser.service
    browser.get("/")
    page = browser.get("/registration/terms")
    filled = [
        {"consent": "accept"}, person.typed_identity, person.account,
        {"mobile_number": person.mobile_number}, {"code": code_to(service, person)}, {"confirm": "yes"},
    ]
    for fields in filled:
        page = browser.get(browser.submit(page, fields).location)
    return page


# ---------------------------------------------------------------- signing in, by the pages

def go_on(browser, person, answer):
    """Wherever the service leads, signing in and consenting on the way, until it leads elsewhere: that address."""
    service = browser.service
    for _ in range(12):
        if urlsplit(answer.location).netloc:
            return answer.location
        page = browser.get(answer.location, expect=(200, 303))
        if page.status == 303:
            answer = page
            continue
        path = urlsplit(answer.location).path
        filled = {
            "/sign-in": person.credentials,
            "/sign-in/otp": {"code": code_to(service, person)},
            "/consent": {"decision": "allow"},
        }
        if path not in filled:
            return page
        answer = browser.submit(page, filled[path])
    raise AssertionError(f"twelve pages, and still at {answer.location}")
