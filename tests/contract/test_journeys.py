"""What goes well: a registration, and the account that it makes, as JSON, as forms, and as forms answered in JSON."""

import re

import pytest
import requests

from caller import FORM, HTML, JSON, SERVICE, TERMS, Caller, code_sent_to
from person import Person

# What a program is told where a browser gets a page that is the same for everybody.
TOLD = {
    "/": {
        "registration_url": f"{SERVICE}/registration",
        "sign_in_url": f"{SERVICE}/sign-in",
        "account_url": f"{SERVICE}/account",
    },
    "/registration/declined": {"step": "declined"},
    "/registration/cancelled": {"step": "cancelled"},
    "/registration/done": {"step": "done", "account_url": f"{SERVICE}/account"},
    "/account/signed-out": {"step": "signed_out"},
}


@pytest.mark.parametrize("media_type", [JSON, FORM])
def test_a_program_registers_and_signs_in(media_type):
    person, caller = Person(), Caller()

    def post(path, fields):
        return caller.post(path, fields, media_type=media_type)

    assert post("/registration/terms", TERMS).status_code == 201
    assert caller.get("/registration").json()["step"] == "identity"
    assert caller.get("/registration/identity").json()["step"] == "identity"
    assert post("/registration/identity", person.identity).json()["step"] == "account"
    assert caller.get("/registration/account").json()["identity"]["method"] == "id_card"
    assert post("/registration/account", person.account).json()["step"] == "mobile"
    assert caller.get("/registration/mobile").json()["account"]["username"] == person.username
    asked = post("/registration/mobile", {"mobile_number": person.mobile_number}).json()
    assert (asked["step"], asked["mobile"]["verified"], asked["otp"]["attempts_left"]) == ("otp", False, 5)
    assert caller.get("/registration/otp").json() == asked
    assert post("/registration/otp", {"code": code_sent_to(person)}).json()["mobile"]["verified"] is True
    assert "otp" not in caller.get("/registration/review").json()
    assert post("/registration/extend", {}).json()["step"] == "review"
    done = post("/registration/review", {"confirm": "yes"}).json()
    assert done == {"step": "done", "username": person.username, "account_url": f"{SERVICE}/account"}
    assert "registration" not in caller.session.cookies

    assert caller.get("/sign-in").json() == {"step": "sign_in"}
    assert post("/sign-in", person.credentials).json()["next"] == "/account"
    assert caller.get("/account").json()["username"] == person.username
    the_accounts_own_pages(caller, person)
    assert post("/account/sign-out", {"confirm": "yes"}).json() == {"step": "signed_out"}
    assert caller.get("/account").status_code == 401


def the_accounts_own_pages(caller, person):
    """Where a program is signed in, and another password, as JSON."""
    [session] = caller.get("/account/sessions").json()["sessions"]
    assert session["current"] is True
    ended = caller.post("/account/sessions", {"end": "0" * 32}).json()
    assert ended == {"ended": 0, "signed_out": False}
    assert caller.post("/account/sessions", {"end": "others"}).json() == ended
    assert caller.get("/account/password").json() == {"minimum": 12}
    changed = caller.post("/account/password", person.changing).json()
    assert changed == {"changed": True, "others": "ended"}
    assert caller.post("/account/sessions", {"end": session["session_id"]}).json() == {"ended": 1, "signed_out": True}
    person.password = person.changing["password"]
    assert caller.post("/sign-in", person.credentials).json()["next"] == "/account"


def test_a_browser_registers_and_signs_in():
    person, browser = Person(method="self_asserted"), Caller(HTML)

    def post(path, fields):
        response = browser.post(path, fields)
        assert response.status_code == 303, response.text
        return browser.get(response.headers["Location"]) and response.headers["Location"]

    assert browser.get("/registration").headers["Location"] == "/registration/terms"
    assert 'name="consent"' in browser.get("/registration/terms").text
    assert post("/registration/terms", TERMS) == "/registration/identity"
    birth = {"birth_day": "", "birth_month": "มีนาคม", "birth_year": "2538"}
    identity = {name: value for name, value in person.identity.items() if name != "birth_date"} | birth
    assert post("/registration/identity", identity) == "/registration/account"
    assert post("/registration/account", person.account) == "/registration/mobile"
    assert post("/registration/mobile", {"mobile_number": person.mobile_number}) == "/registration/otp"
    assert browser.get("/registration").headers["Location"] == "/registration/otp"
    assert post("/registration/otp", {"code": code_sent_to(person)}) == "/registration/review"
    assert browser.get("/registration/otp").headers["Location"] == "/registration/review"
    assert post("/registration/extend", {}) == "/registration/review"
    assert post("/registration/review", {"confirm": "yes"}) == "/registration/done"
    told = browser.get("/registration/done", headers={"Accept": JSON}).json()
    assert told == {"step": "done", "username": person.username, "account_url": f"{SERVICE}/account"}
    assert person.username in browser.get("/sign-in").text
    assert post("/sign-in", person.credentials) == "/account"
    assert person.username in browser.get("/account").text
    assert browser.get("/account/sessions").status_code == 200
    assert post("/account/sessions", {"end": "others"}) == "/account/sessions?done=ended"
    assert browser.get("/account/password").status_code == 200
    assert post("/account/password", person.changing) == "/account/sessions?done=password-others"
    assert post("/account/sign-out", {"confirm": "yes"}) == "/account/signed-out"
    assert browser.get("/account").headers["Location"] == "/sign-in"


@pytest.mark.parametrize("caller", [Caller(), Caller(HTML)], ids=["JSON", "HTML"])
def test_declining_and_giving_up(caller):
    caller.walk("identity")
    begun = caller.session.cookies["registration"]
    declined = caller.post("/registration/terms", TERMS | {"consent": "decline"})
    assert not caller.session.cookies
    thief = Caller()
    thief.session.cookies["registration"] = begun
    assert thief.get("/registration").status_code == 401
    caller.walk("identity")
    cancelled = caller.post("/registration/cancel")
    assert not caller.session.cookies
    if caller.accept == JSON:
        assert [declined.json()["step"], cancelled.json()["step"]] == ["declined", "cancelled"]


def test_the_terms_are_told_in_both_languages():
    thai, english = (Caller().get("/registration/terms", headers={"Accept-Language": each}).json() for each in ("th", "en"))
    assert (thai["language"], english["language"]) == ("th", "en")
    assert thai["version"] == english["version"] == TERMS["terms_version"]
    assert thai["sha256"] != english["sha256"]


def test_a_chosen_language_is_remembered():
    browser = Caller(HTML)
    assert browser.get("/?lang=en").headers["Content-Language"] == "en"
    assert browser.get("/").headers["Content-Language"] == "en"


@pytest.mark.parametrize("path", TOLD)
def test_addresses_without_data_answer_everybody(path):
    assert Caller().get(path).json() == TOLD[path]
    assert 'lang="th"' in Caller(HTML).get(path).text


def test_every_file_that_a_page_names_is_there():
    browser = Caller(HTML)
    pages = browser.get("/").text + browser.get("/registration/account").text
    browser.walk("otp")
    pages += "".join(browser.get(f"/registration/{step}").text for step in ("account", "otp"))
    files = set(re.findall(r'"(/assets/[^"]+)"', pages))
    assert {path.rsplit(".", 1)[1] for path in files} == {"css", "js", "svg", "woff2"}
    for path in files:
        browser.get(path)


def test_renewed_cookies_leave_the_old_ones_dead():
    for step, path, fields in [
        ("identity", "/registration/identity", lambda person: person.identity),
        ("otp", "/registration/otp", lambda person: {"code": code_sent_to(person)}),
    ]:
        caller = Caller()
        person = caller.walk(step)
        old = caller.session.cookies["registration"]
        caller.post(path, fields(person))
        assert caller.session.cookies["registration"] != old
        thief = Caller()
        thief.session.cookies["registration"] = old
        assert thief.get("/registration").status_code == 401


@pytest.mark.parametrize("path", ["/", "/problems/not_found", "/nowhere"])
def test_head_is_answered_as_get_where_every_method_is(path):
    head = requests.head(SERVICE + path, timeout=30)
    get = requests.get(SERVICE + path, timeout=30)
    names = set(get.headers) - {"transfer-encoding"}
    assert (head.status_code, head.text, names - set(head.headers)) == (get.status_code, "", set())
