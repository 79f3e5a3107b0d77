"""What does not go well: every documented problem that can be provoked, in both representations."""

import re

import pytest
import requests

import document
from caller import FORM, HTML, JSON, SEEN, SERVICE, TERMS, Caller, code_sent_to, wrong
from person import Person, citizen_id

REPRESENTATIONS = pytest.mark.parametrize("accept", [JSON, HTML])

# Where a POST finds the registration or session it needs.
POSTS = {
    "/registration/terms": None,
    "/registration/identity": "identity",
    "/registration/account": "account",
    "/registration/mobile": "mobile",
    "/registration/otp": "otp",
    "/registration/review": "review",
    "/sign-in": None,
    "/account/sessions": "signed_in",
    "/account/password": "signed_in",
    "/account/sign-out": "signed_in",
}
# And those that need no field.
ALL_POSTS = POSTS | {"/registration/cancel": "identity", "/registration/extend": "identity"}
REACHED_LATER = ("account", "mobile", "otp", "review")

# What one running service cannot be brought to: a fault of its own or of AWS, and terms replaced while it runs.
NOT_PROVOKED = {
    "internal_error", "busy", "unavailable", "sms_not_sent", "server_error", "temporarily_unavailable"
}
NOT_PROVOKED_AT = {
    ("confirm", "terms_outdated"),
    ("answer-terms", "no_registration"),
    # A code is too old after minutes; one that was used has no sign-in waiting any more.
    ("enter-sign-in-code", "otp_expired"),
    # A GET has no form: what is left is two Authorization headers, which this client does not send.
    ("userinfo", "invalid_request"),
}


def at(accept, step):
    """A caller who has come as far as `step`."""
    caller = Caller(accept)
    if step:
        caller.walk(step)
    return caller


def is_problem(response, code, status):
    assert response.status_code == status, response.text[:500]
    if "json" in response.headers["Content-Type"]:
        assert response.json()["code"] == code
    return response


@REPRESENTATIONS
@pytest.mark.parametrize("path", ALL_POSTS)
def test_a_body_that_cannot_be_read(path, accept):
    caller = at(accept, ALL_POSTS[path])
    media_type = JSON if accept == JSON else FORM
    broken = {"data": b"[" if accept == JSON else b"a=%ff", "headers": {"Content-Type": media_type}}
    is_problem(caller.send("POST", path, **broken), "malformed_request", 400)
    text = {"data": b'{"confirm":"yes"}', "headers": {"Content-Type": "text/plain"}}
    is_problem(caller.send("POST", path, **text), "unsupported_media_type", 415)
    long = {"data": b'{"x":"' + b"x" * 20_000 + b'"}', "headers": {"Content-Type": media_type}}
    is_problem(caller.send("POST", path, **long), "too_large", 413)


@REPRESENTATIONS
@pytest.mark.parametrize("path", POSTS)
def test_every_field_is_asked_for_at_once(path, accept):
    response = is_problem(at(accept, POSTS[path]).post(path, {}), "invalid_input", 422)
    if accept == HTML:
        return
    reference = document.operation_of("POST", path)["requestBody"]
    schema = document.resolved(reference)["content"][JSON]["schema"]
    required = set(document.resolved(schema).get("required", ["mobile_number"]))
    assert required <= {error["field"] for error in response.json()["errors"]}


@REPRESENTATIONS
@pytest.mark.parametrize("path", [*ALL_POSTS, "/"])
def test_a_post_from_another_site(path, accept):
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}):
        is_problem(Caller(accept).post(path, {}, headers=headers), "cross_site_request", 403)


@pytest.mark.parametrize("step", ["identity", *REACHED_LATER])
def test_without_a_registration(step):
    for accept in (JSON, HTML):
        caller = Caller(accept)
        caller.session.cookies["registration"] = "0" * 32 + "." + "0" * 64
        is_problem(caller.get(f"/registration/{step}"), "no_registration", 401)
        is_problem(caller.post(f"/registration/{step}", Person().identity), "no_registration", 401)


@REPRESENTATIONS
def test_nothing_to_resume_to_extend_or_to_give_up(accept):
    is_problem(Caller().get("/registration"), "no_registration", 401)
    is_problem(Caller(accept).post("/registration/extend"), "no_registration", 401)
    is_problem(Caller(accept).post("/registration/cancel"), "no_registration", 401)


@pytest.mark.parametrize("step", REACHED_LATER)
def test_a_step_that_is_not_reached(step):
    person, caller = Person(), Caller()
    caller.walk("identity")
    fields = {
        "account": person.account,
        "mobile": {"mobile_number": person.mobile_number},
        "otp": {"code": "123456"},
        "review": {"confirm": "yes"},
    }[step]
    for response in (caller.get(f"/registration/{step}"), caller.post(f"/registration/{step}", fields)):
        assert is_problem(response, "wrong_step", 409).json()["step"] == "identity"
    browser = caller.as_browser()
    for response in (browser.get(f"/registration/{step}"), browser.post(f"/registration/{step}", fields)):
        assert response.headers["Location"] == "/registration/identity"


@REPRESENTATIONS
def test_terms_that_are_not_in_force(accept):
    outdated = TERMS | {"terms_version": "2020-01-01"}
    is_problem(Caller(accept).post("/registration/terms", outdated), "terms_outdated", 409)


@REPRESENTATIONS
def test_the_registry_says_no_until_a_limit_and_may_not_answer(accept):
    caller = at(accept, "identity")
    # The local registry's personas: see the README.
    unknown, failing = ({**Person().identity, "citizen_id": each} for each in ("1000000000246", "1000000000505"))
    is_problem(caller.post("/registration/identity", failing), "identity_check_unavailable", 503)
    for _ in range(5):
        is_problem(caller.post("/registration/identity", unknown), "identity_not_confirmed", 422)
    is_problem(caller.post("/registration/identity", unknown), "too_many_requests", 429)


@REPRESENTATIONS
def test_one_account_for_a_citizen_id(accept):
    registered = Caller().walk("done")
    caller = at(accept, "identity")
    is_problem(caller.post("/registration/identity", registered.identity), "already_registered", 409)
    assert "registration" not in caller.session.cookies


@REPRESENTATIONS
def test_a_username_is_told_to_be_taken_ten_times(accept):
    registered = Caller().walk("done")
    caller = at(accept, "account")
    for _ in range(10):
        is_problem(caller.post("/registration/account", registered.account), "username_taken", 409)
    is_problem(caller.post("/registration/account", registered.account), "too_many_requests", 429)


def test_a_username_taken_between_choice_and_review():
    quick, slow = Person(), Person()
    slow.username = quick.username
    caller = Caller()
    caller.walk("review", slow)
    browser = Caller(HTML)
    other = Person()
    other.username = quick.username
    browser.walk("review", other)
    Caller().walk("done", quick)
    response = is_problem(caller.post("/registration/review", {"confirm": "yes"}), "username_taken", 409)
    assert response.json()["step"] == "account"
    led = browser.post("/registration/review", {"confirm": "yes"}).headers["Location"]
    assert led == "/registration/account?taken=yes"
    assert "<title>ผิดพลาด" in browser.get(led).text


@REPRESENTATIONS
def test_a_second_text_at_once(accept):
    person, caller = Person(), Caller(accept)
    caller.walk("otp", person)
    response = caller.post("/registration/mobile", {"mobile_number": person.mobile_number})
    if accept == JSON:
        is_problem(response, "too_many_requests", 429)
    else:
        led = response.headers["Location"]
        assert re.fullmatch(r"/registration/otp\?wait=[1-9]\d*", led)
        assert caller.get(led).status_code == 200


@REPRESENTATIONS
def test_texts_to_three_numbers_and_no_more(accept):
    caller = at(accept, "otp")
    for _ in range(2):
        response = caller.post("/registration/mobile", {"mobile_number": Person().mobile_number})
        assert response.status_code in (200, 303)
    is_problem(caller.post("/registration/mobile", {"mobile_number": Person().mobile_number}), "too_many_requests", 429)


@REPRESENTATIONS
def test_codes_that_are_wrong_until_no_more_can_be_tried(accept):
    caller, last = Caller(accept), None
    caller.walk("mobile")
    for _ in range(3):
        person = Person()
        assert caller.post("/registration/mobile", {"mobile_number": person.mobile_number}).status_code in (200, 303)
        last = {"code": wrong(code_sent_to(person))}
        for left in range(4, -1, -1):
            response = is_problem(caller.post("/registration/otp", last), "otp_incorrect", 422)
            assert accept == HTML or response.json()["attempts_left"] == left
        if "Retry-After" not in (response := caller.post("/registration/otp", last)).headers:
            is_problem(response, "otp_exhausted", 429)
    is_problem(response, "too_many_requests", 429)


@REPRESENTATIONS
def test_a_code_that_was_used(accept):
    person, caller = Person(), Caller(accept)
    caller.walk("review", person)
    is_problem(caller.post("/registration/otp", {"code": code_sent_to(person)}), "otp_expired", 410)


def at_review_with(number_of, **changes):
    """A registration on one's own word, with somebody else's number, ready to be confirmed."""
    person, caller = Person(method="self_asserted"), Caller()
    person.mobile_number = number_of.mobile_number
    for name, value in changes.items():
        setattr(person, name, value)
    caller.walk("review", person)
    return caller


def test_a_number_for_three_unproven_accounts():
    holder = Person(method="self_asserted")
    for _ in range(3):
        assert at_review_with(holder).post("/registration/review", {"confirm": "yes"}).status_code == 201
    caller = at_review_with(holder)
    for each in (caller, caller.as_browser()):
        is_problem(each.post("/registration/review", {"confirm": "yes"}), "number_in_use", 409)


def test_a_number_is_told_three_times_that_an_id_is_taken():
    registered, guesser = Caller().walk("done"), Person()
    for accept in (JSON, HTML, JSON):
        caller = at_review_with(guesser, citizen_id=registered.citizen_id)
        caller.accept = accept
        is_problem(caller.post("/registration/review", {"confirm": "yes"}), "already_registered", 409)
    caller = at_review_with(guesser, citizen_id=registered.citizen_id)
    for each in (caller, caller.as_browser()):
        is_problem(each.post("/registration/review", {"confirm": "yes"}), "too_many_requests", 429)


def test_confirming_twice():
    caller = Caller()
    caller.walk("review")
    old = caller.session.cookies["registration"]
    caller.post("/registration/review", {"confirm": "yes"})
    caller.session.cookies["registration"] = old
    is_problem(caller.post("/registration/review", {"confirm": "yes"}), "no_registration", 401)
    browser = caller.as_browser()
    assert browser.post("/registration/review", {"confirm": "yes"}).headers["Location"] == "/registration/done"


@REPRESENTATIONS
def test_signing_in_fails_alike_until_a_limit(accept):
    person = Caller().walk("done")
    caller = Caller(accept)
    is_problem(caller.post("/sign-in", person.credentials | {"password": "wrong"}), "sign_in_failed", 401)
    # A name each: the address is what is counted.
    for number in range(59):
        is_problem(caller.post("/sign-in", {"username": f"nobody-{number}", "password": "x"}), "sign_in_failed", 401)
    is_problem(caller.post("/sign-in", person.credentials), "too_many_requests", 429)


@REPRESENTATIONS
def test_the_accounts_pages_are_for_whom_is_signed_in(accept):
    for path, fields in (("/account/sessions", {"end": "all"}), ("/account/password", Person().changing)):
        for response in (Caller(accept).get(path), Caller(accept).post(path, fields)):
            if accept == JSON:
                is_problem(response, "not_signed_in", 401)
            else:
                assert (response.status_code, response.headers["Location"]) == (303, "/sign-in")


@REPRESENTATIONS
def test_a_wrong_current_password_is_told_until_a_limit(accept):
    caller = Caller()
    person = caller.walk("signed_in")
    caller = caller if accept == JSON else caller.as_browser()
    wrong_one = person.changing | {"current_password": "wrong"}
    # Ten make the browser a stranger, five more are a stranger's.
    for _ in range(15):
        response = is_problem(caller.post("/account/password", wrong_one), "invalid_input", 422)
        if accept == JSON:
            assert [error["code"] for error in response.json()["errors"]] == ["incorrect"]
    is_problem(caller.post("/account/password", person.changing), "too_many_requests", 429)


@REPRESENTATIONS
def test_addresses_that_lead_nowhere(accept):
    caller = Caller(accept)
    is_problem(caller.get("/assets/0123456789abcdef/site.css"), "not_found", 404)
    is_problem(caller.get("/problems/nothing"), "not_found", 404)
    is_problem(caller.post("/", {}), "method_not_allowed", 405)


@REPRESENTATIONS
@pytest.mark.parametrize(
    ("method", "path", "response"),
    [
        ("GET", "/nowhere", "NotFound"),
        ("POST", "/nowhere", "NotFound"),
        ("GET", "/registration/terms/", "NotFound"),
        ("POST", "/sign-in/", "NotFound"),
        ("GET", "/problems/not_found/", "NotFound"),
        ("PATCH", "/", "MethodNotAllowed"),
        ("PUT", "/nowhere", "MethodNotAllowed"),
        ("DELETE", "/problems/not_found", "MethodNotAllowed"),
    ],
)
def test_what_is_not_listed_is_answered_in_our_own_words(method, path, response, accept):
    answer = requests.request(method, SERVICE + path, headers={"Accept": accept}, timeout=30)
    assert answer.status_code == {"NotFound": 404, "MethodNotAllowed": 405}[response]
    document.check_against(document.DOCUMENT["components"]["responses"][response], answer, f"{method} {path}")


@pytest.mark.parametrize("path", sorted(document.DOCUMENT["paths"].keys() - {"/", "/problems/{code}"}))
def test_a_method_that_is_not_listed_is_answered_in_api_gateways_words(path):
    address = SERVICE + path.replace("{hash}", "0" * 16).replace("{name}", "site.css")
    for method in sorted(document.METHODS - {"trace"} - document.DOCUMENT["paths"][path].keys()):
        answer = requests.request(method, address, timeout=30)
        assert (answer.status_code, answer.headers["Content-Type"]) == (403, "application/json"), method
        assert "X-Request-Id" not in answer.headers
        words = "" if method == "head" else '{"message":"Missing Authentication Token"}'
        assert answer.text == words
    assert f"403 `{words}`" in document.DOCUMENT["info"]["description"]


@REPRESENTATIONS
@pytest.mark.parametrize("code", document.DOCUMENT["components"]["schemas"]["ProblemCode"]["enum"])
def test_every_problem_type_can_be_looked_up(code, accept):
    response = Caller(accept).get(f"/problems/{code}")
    if accept == JSON:
        problem = response.json()
        table = document.DOCUMENT["components"]["schemas"]["ProblemCode"]["description"]
        assert problem["code"] == code
        assert f"| `{code}` | {problem['status']} |" in table


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("citizen_id", "1234567890123", "check_digit"),
        ("citizen_id", 1234567890121, "wrong_type"),
        ("citizen_id", citizen_id(1)[:12], "length"),
        ("first_name", "นางสาว สมหญิง", "title"),
        ("last_name", "x" * 3000, "too_long"),
        ("birth_date", "2999-01-01", "in_future"),
        ("laser_code", "12", "form"),
        ("method", "thaid", "unknown_method"),
    ],
)
def test_a_bad_field_is_named_with_its_reason(field, value, code):
    response = at(JSON, "identity").post("/registration/identity", Person().identity | {field: value})
    errors = is_problem(response, "invalid_input", 422).json()["errors"]
    assert [(error["field"], error["code"]) for error in errors] == [(field, code)]


def test_everything_documented_was_seen():
    """The last test: what the two files before and this one have met, against the document. Run all whole."""
    missing, unexpected = set(), set()
    for _, _, operation in document.operations():
        name = operation["operationId"]
        answers = {answer for answer in document.documented(operation)}
        pages = {(status, media_type) for _, status, media_type, _ in answers if media_type == HTML}
        for answer in answers:
            _, status, media_type, code = answer
            codes = {code} if code else codes_beside(answers, status) if (status, media_type) in pages else set()
            excused = bool(codes) and all(
                each in NOT_PROVOKED or (name, each) in NOT_PROVOKED_AT for each in codes
            )
            if excused and answer in SEEN:
                unexpected.add(answer)
            if not excused and answer not in SEEN:
                missing.add(answer)
    assert not missing
    assert not unexpected


def codes_beside(answers, status):
    """The problem codes that a page with this status can tell."""
    return {code for _, other, _, code in answers if other == status and code}
