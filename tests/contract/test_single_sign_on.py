"""A person and relying parties: from the button to signing out everywhere, and what is refused on the way."""

import pytest
import requests

from caller import FORM, HTML, JSON, SERVICE, Caller, code_sent_to, wrong
from relying_party import ACCESS_TOKEN, CALLBACK, EXCHANGE, RelyingParty, request_of, signed_in, told

REPRESENTATIONS = pytest.mark.parametrize("accept", [JSON, HTML])
CROSS_SITE = {"Sec-Fetch-Site": "cross-site"}


def is_error(answer, status, error):
    assert (answer.status_code, answer.json()["error"]) == (status, error), answer.text
    return answer


@REPRESENTATIONS
def test_from_the_button_to_tokens_in_a_new_browser(accept):
    person, client, browser = Caller().walk("done"), RelyingParty(), Caller(HTML)
    request = request_of(client.asked_by(browser))
    browser.accept = accept
    assert browser.get(f"/sign-in?request={request}").status_code == 200
    asked = browser.post(f"/sign-in?request={request}", person.credentials)
    if accept == JSON:
        assert asked.json()["step"] == "otp"
    assert browser.get(f"/sign-in/otp?request={request}").status_code == 200
    code = {"code": code_sent_to(person)}
    done = browser.post(f"/sign-in/otp?request={request}", code)
    assert (done.json()["next"] if accept == JSON else done.headers["Location"]) == f"/connect/resume?request={request}"
    assert request_of(browser.get(f"/connect/resume?request={request}")) == request
    assert browser.get(f"/consent?request={request}").status_code == 200
    browser.post(f"/consent?request={request}", {"decision": "allow"})
    back = told(browser.get(f"/connect/resume?request={request}"))
    assert (back["state"], back["iss"]) == ("af0", SERVICE)
    tokens = client.redeem(back["code"]).json()
    assert {"access_token", "id_token", "refresh_token"} <= tokens.keys()
    bearer = {"headers": {"Authorization": f"Bearer {tokens['access_token']}"}}
    program = Caller()
    claims = program.get("/connect/userinfo", **bearer).json()
    assert claims["citizen_id"] == person.citizen_id
    assert program.post("/connect/userinfo", {"access_token": tokens["access_token"]}, media_type=FORM).json() == claims
    assert client.call("/connect/introspect", token=tokens["access_token"]).json()["active"] is True
    again = client.call("/connect/token", grant_type="refresh_token", refresh_token=tokens["refresh_token"]).json()
    assert client.call("/connect/introspect", token=again["refresh_token"]).json()["active"] is True
    assert client.call("/connect/revocation", token=again["refresh_token"]).status_code == 200
    assert client.call("/connect/introspect", token=again["access_token"]).json() == {"active": False}
    services = browser.get("/account", headers={"Accept": JSON}).json()["session"]["services"]
    assert [service["client_id"] for service in services] == [client.client_id]
    ended = browser.get("/connect/endsession", params=hint(again | {"id_token": tokens["id_token"]}))
    if accept == JSON:
        assert ended.json() == {"step": "signed_out", "next": CALLBACK}
    else:
        assert ended.headers["Location"] == CALLBACK


def hint(tokens):
    return {"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": CALLBACK}


def test_a_pushed_request_and_its_form_post():
    client, (browser, _) = RelyingParty(), signed_in()
    client.code_for(browser)
    pushed = client.call("/connect/par", **client.query(response_mode="form_post"))
    assert pushed.status_code == 201
    again = {"client_id": client.client_id, "request_uri": pushed.json()["request_uri"]}
    page = browser.get("/connect/authorize", params=again)
    assert (page.status_code, f'action="{CALLBACK}"' in page.text) == (200, True)
    assert browser.post("/connect/authorize", client.query(response_mode="form_post")).status_code == 200
    led = browser.post("/connect/authorize", client.query(response_mode="form_post"), headers=CROSS_SITE)
    assert browser.get(led.headers["Location"]).status_code == 200


def test_a_client_for_itself_and_an_exchange():
    records = RelyingParty()
    client, (browser, _) = RelyingParty(exchange_audiences=[records.client_id]), signed_in()
    own = client.call("/connect/token", grant_type="client_credentials").json()
    bearer = {"headers": {"Authorization": f"Bearer {own['access_token']}"}}
    for ask in (Caller().get, Caller().post):
        is_error(ask("/connect/userinfo", **bearer), 403, "insufficient_scope")
    form = {
        "grant_type": EXCHANGE,
        "subject_token": client.tokens_for(browser)["access_token"],
        "subject_token_type": ACCESS_TOKEN,
    }
    exchanged = client.call("/connect/token", **form, audience=records.client_id).json()
    assert records.call("/connect/introspect", token=exchanged["access_token"]).json()["act"]
    is_error(client.call("/connect/token", **form, audience="nobody"), 400, "invalid_target")


def test_what_clients_configure_themselves_by():
    program = Caller()
    assert program.get("/.well-known/openid-configuration").json()["issuer"] == SERVICE
    assert program.get("/.well-known/openid-configuration/jwks").status_code == 200
    for path in ("/connect/token", "/connect/userinfo"):
        assert program.send("OPTIONS", path).status_code == 204


@REPRESENTATIONS
def test_signing_out_is_asked_about_and_refused(accept):
    browser, _ = signed_in()
    browser.accept = accept
    assert browser.get("/connect/endsession").status_code == 200
    assert browser.post("/connect/endsession", {}, media_type=FORM).status_code == 200
    path = "/connect/endsession"
    assert browser.post(path, {"confirm": "yes"}, media_type=FORM, headers=CROSS_SITE).status_code == 403
    led = browser.post(path, {"state": "x"}, media_type=FORM, headers=CROSS_SITE)
    assert led.headers["Location"] == "/connect/endsession?state=x"
    assert browser.get(path + "?id_token_hint=x").status_code == 400
    assert browser.post(path, {"id_token_hint": "x"}, media_type=FORM).status_code == 400
    assert browser.post(path, {"confirm": "yes"}, media_type=FORM).status_code == 200
    assert browser.get("/account").status_code in (303, 401)


@REPRESENTATIONS
def test_a_request_that_cannot_be_trusted_or_has_gone(accept):
    caller, (browser, person) = Caller(accept), signed_in()
    browser.accept = accept
    assert caller.get("/connect/authorize?client_id=nobody").status_code == 400
    assert caller.post("/connect/authorize", {}, media_type=FORM).status_code == 400
    for path in ("/connect/resume", "/consent", "/sign-in", "/sign-in/otp"):
        assert browser.get(f"{path}?request=unknown").status_code == 410
    for path, fields in (("/consent", {"decision": "allow"}), ("/sign-in", person.credentials), ("/sign-in/otp", {})):
        assert browser.post(f"{path}?request=unknown", fields).status_code == 410


@REPRESENTATIONS
def test_saying_no_and_saying_nothing(accept):
    client, (browser, _) = RelyingParty(), signed_in()
    path = f"/consent?request={request_of(client.asked_by(browser))}"
    browser.accept = accept
    assert browser.post(path, {}).status_code == 422
    assert browser.post(path, {}, headers=CROSS_SITE).status_code == 403
    cannot_be_read(browser, path)
    denied = browser.post(path, {"decision": "deny"})
    led = denied.json()["next"] if accept == JSON else denied.headers["Location"]
    assert told(browser.get(led))["error"] == "access_denied"
    stranger = Caller(HTML)
    waiting = f"/consent?request={request_of(client.asked_by(stranger))}"
    stranger.accept = accept
    assert stranger.get(waiting).status_code == stranger.post(waiting, {}).status_code


@REPRESENTATIONS
def test_a_level_that_the_person_does_not_have(accept):
    client, (browser, _) = RelyingParty(minimum_ial="2.3"), signed_in()
    browser.accept = accept
    assert client.asked_by(browser).status_code == 403
    assert browser.post("/connect/authorize", client.query(), media_type=FORM).status_code == 403
    led = browser.post("/connect/authorize", client.query(), media_type=FORM, headers=CROSS_SITE)
    assert browser.get(led.headers["Location"]).status_code == 403


def cannot_be_read(caller, path, media_type=None):
    media_type = media_type or (JSON if caller.accept == JSON else FORM)
    broken = b"[" if media_type == JSON else b"a=%ff"
    for body, declared, status in ((broken, media_type, 400), (b"a", "text/plain", 415), (b"a" * 20_000, media_type, 413)):
        answer = caller.send("POST", path, data=body, headers={"Content-Type": declared})
        assert answer.status_code == status, answer.text


@REPRESENTATIONS
@pytest.mark.parametrize("path", ["/connect/authorize", "/connect/endsession"])
def test_a_form_that_cannot_be_read(path, accept):
    cannot_be_read(Caller(accept), path, FORM)


@REPRESENTATIONS
def test_codes_of_a_sign_in(accept):
    person, browser = Caller().walk("done"), Caller(accept)
    assert browser.get("/sign-in/otp").status_code == browser.post("/sign-in/otp", {}).status_code
    assert browser.post("/sign-in/otp", {}, headers=CROSS_SITE).status_code == 403
    assert browser.post("/sign-in", person.credentials).status_code in (200, 303)
    cannot_be_read(browser, "/sign-in/otp")
    assert browser.post("/sign-in/otp", {}).status_code == 422
    assert browser.post("/sign-in/otp", {"resend": "yes"}).status_code == 429
    bad = {"code": wrong(code_sent_to(person))}
    for _ in range(5):
        assert browser.post("/sign-in/otp", bad).status_code == 422
    assert browser.post("/sign-in/otp", bad).status_code == 429


@pytest.mark.parametrize("path", ["/connect/par", "/connect/token", "/connect/introspect", "/connect/revocation"])
def test_a_client_that_is_unknown_or_says_nothing(path):
    form = {"token": "x", "grant_type": "client_credentials"}
    is_error(Caller().post(path, form, media_type=FORM, auth=("nobody", "x")), 401, "invalid_client")
    is_error(Caller().post(path, form, media_type=JSON), 400, "invalid_request")


def test_a_token_that_is_not_good():
    for ask in (Caller().get, Caller().post):
        assert ask("/connect/userinfo").status_code == 401
        is_error(ask("/connect/userinfo", headers={"Authorization": "Bearer x"}), 401, "invalid_token")
    both = {"headers": {"Authorization": "Bearer x"}, "media_type": FORM}
    is_error(Caller().post("/connect/userinfo", {"access_token": "x"}, **both), 400, "invalid_request")


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"grant_type": "authorization_code", "code": "x", "redirect_uri": CALLBACK}, "invalid_grant"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": "client_credentials", "scope": "unknown"}, "invalid_scope"),
    ],
)
def test_a_grant_that_is_not_given(form, error):
    is_error(RelyingParty().call("/connect/token", **form), 400, error)


def test_a_grant_that_is_not_the_clients_and_a_proof_that_is_none():
    client = RelyingParty(grant_types=["authorization_code"], scope="openid")
    is_error(client.call("/connect/token", grant_type="client_credentials"), 400, "unauthorized_client")
    client = RelyingParty(grant_types=["client_credentials"])
    is_error(client.call("/connect/par", **client.query()), 400, "unauthorized_client")
    client = RelyingParty()
    token = client.call("/connect/token", grant_type="client_credentials").json()["access_token"]
    for ask in (Caller().get, Caller().post):
        bound = {"Authorization": f"DPoP {token}", "DPoP": "x"}
        is_error(ask("/connect/userinfo", headers=bound), 401, "invalid_dpop_proof")
    for path, form in (("/connect/token", {"grant_type": "client_credentials"}), ("/connect/par", client.query())):
        client.session.headers["DPoP"] = "x"
        is_error(client.call(path, **form), 400, "invalid_dpop_proof")


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": "openid phone"}, "invalid_scope"),
        ({"resource": "https://elsewhere.example"}, "invalid_target"),
        ({"request": "x"}, "request_not_supported"),
        ({"registration": "x"}, "registration_not_supported"),
        ({"claims": '{"id_token":{"acr":{"essential":true,"values":["x"]}}}'}, "unmet_authentication_requirements"),
    ],
)
def test_a_request_that_is_refused_is_told_to_the_client(changes, error):
    client = RelyingParty()
    is_error(client.call("/connect/par", **client.query(**changes)), 400, error)
    assert told(client.asked_by(Caller(HTML), **changes))["error"] == error
