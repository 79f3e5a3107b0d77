// Every page and state of the service that a person can meet, one after the other. `at` is called with the name of each.

import { acceptTerms, askForCode, atSessions, chooseAccount, confirmReview, enterCode, proveIdentity, signIn, signInElsewhere, typeAccount, typeIdentity, walkTo } from "./wizard.js";
import { REGISTRY } from "./person.js";
import { RelyingParty } from "./relying_party.js";

const MINUTE = 60_000;

/** Before and beside the wizard: nobody is known here. */
export async function outside(visit, at) {
  const { page } = visit;
  await visit.open("/");
  await at("home");
  await visit.open("/nothing-here");
  await visit.sees("notFound");
  await at("not-found");
  await visit.open("/registration/identity");
  await visit.sees("ended");
  await at("registration-ended");

  await visit.open("/registration/terms");
  await at("terms");
  await page.getByRole("group").locator("summary").click();
  await at("terms-proof");
  await visit.button("accept").evaluate((button) => button.form.submit());
  await visit.sees("terms");
  await at("terms-undecided");
  await visit.press("decline");
  await visit.sees("declined");
  await at("declined");

  await visit.open("/sign-in");
  await at("sign-in");
  await visit.send("signIn");
  await at("sign-in-empty");
  await visit.fill("username", "nobody.here");
  await visit.fill("password", "not the password of anybody");
  await visit.send("signIn");
  await at("sign-in-failed");
}

/** Through the wizard, with everything that can go wrong on the way. */
export async function wizard(visit, at) {
  await identity(visit, at);
  await account(visit, at);
  await mobile(visit, at);
  await review(visit, at);
}

async function identity(visit, at) {
  const { page } = visit;
  await acceptTerms(visit);
  await at("identity");
  await visit.choose("ownWord");
  await at("identity-own-word");
  await visit.choose("idCard");
  await visit.send("confirm");
  await at("identity-empty");
  await typeIdentity(visit, { citizenId: REGISTRY.refuses });
  await visit.send("confirm");
  await at("identity-not-confirmed");
  await typeIdentity(visit, { citizenId: REGISTRY.isOut });
  await visit.send("confirm");
  await at("identity-unavailable");
  await proveIdentity(visit);
}

async function account(visit, at) {
  const { page, person } = visit;
  await at("account");
  await visit.send("confirm");
  await at("account-empty");
  await typeAccount(visit);
  for (const reveal of await page.locator("button.reveal").all()) await reveal.click();
  await page.locator("[data-advice]:not(:empty)").waitFor();
  await at("account-shown");
  await visit.fill("password", person.username);
  await visit.send("confirm");
  await at("account-weak");
  await chooseAccount(visit);
}

async function mobile(visit, at) {
  const { page } = visit;
  await visit.sees("confirmMobile");
  await at("mobile");
  await visit.fill("mobile", "02 123 4567");
  await visit.send("askForCode");
  await at("mobile-not-one");
  await page.clock.install();
  await askForCode(visit);
  await at("otp");
  await page.clock.fastForward(MINUTE);
  await at("otp-ask-again");
  await visit.send("askAgain");
  await at("otp-too-soon");
  await visit.fill("code", "12");
  await visit.send("confirm");
  await at("otp-not-one");
  await typeWrongCodes(visit, 1);
  await at("otp-wrong");
  await page.clock.fastForward(27 * MINUTE);
  await page.locator(".until[data-state=near]").waitFor();
  await at("otp-session-near");
  await page.clock.fastForward(4 * MINUTE);
  await page.locator(".until[data-state=over]").waitFor();
  await at("otp-session-over");
  await enterCode(visit);
}

async function review(visit, at) {
  await at("review");
  await confirmReview(visit);
  await at("done");
  await visit.open("/sign-in");
  await signIn(visit);
  await visit.sees("myAccount");
  await at("my-account");
  await visit.open("/");
  await at("home-signed-in");
  await visit.open("/account");
  await visit.press("signOut");
  await visit.sees("signedOut");
  await at("signed-out");
}

/** The other ways a registration ends. */
export async function ends(visit, at) {
  const { page, person } = visit;
  await walkTo(visit, "otp");
  await typeWrongCodes(visit, 5);
  await at("otp-exhausted");
  await visit.press("cancel");
  await visit.sees("cancelled");
  await at("cancelled");

  person.mobile = person.mobile.replace(/^089/, "086");
  await walkTo(visit, "done");
  await acceptTerms(visit);
  await typeIdentity(visit);
  await visit.press("confirm");
  await visit.sees("registeredBefore");
  await at("already-registered");

  await visit.context.clearCookies();
  await visit.open("/sign-in");
  await signIn(visit);
  await visit.sees("signInCode");
  await typeWrongCodes(visit, 5);
  await at("sign-in-otp-exhausted");
}

/** The account's own pages: where one is signed in, and the password. */
export async function mine(visit, at) {
  const { page, person } = visit;
  await atSessions(visit);
  await at("sessions-one");
  const elsewhere = await signInElsewhere(visit);
  await visit.open("/account/sessions");
  await at("sessions");
  await visit.press("signOutThere");
  await page.getByRole("status").first().waitFor();
  await visit.sees("sessions");
  await at("sessions-ended");
  await elsewhere.open("/account");
  await elsewhere.sees("signIn");
  await elsewhere.end();

  await visit.open("/account/password");
  await at("password");
  await visit.send("changePassword");
  await at("password-empty");
  await changePassword(visit, "not the current one", person.changed);
  await at("password-incorrect");
  await changePassword(visit, person.password, person.changed);
  await visit.sees("sessions");
  await at("password-changed");
  await visit.open("/account/sessions?done=password-only");
  await at("password-changed-only");
}

export async function changePassword(visit, current, changed) {
  await visit.fill("currentPassword", current);
  await visit.fill("newPassword", changed);
  await visit.fill("newPasswordAgain", changed);
  await visit.send("changePassword");
}

/** On the way from an agency's service and back. */
export async function services(visit, at) {
  const { page, service } = visit;
  const [party, strict] = await Promise.all([
    RelyingParty.start(service),
    RelyingParty.start(service, { minimum_ial: "2.3" }),
  ]);
  visit.mayGoTo(party);
  try {
    await walkTo(visit, "done");
    await visit.context.clearCookies();
    await signInFor(visit, party, at);
    await at("consent");
    const consent = page.url();
    // As browsers send a form whose button is not the one that was pressed: with the Enter key, say.
    await Promise.all([page.waitForEvent("load"), page.locator("form.consent").evaluate((form) => form.submit())]);
    await at("consent-undecided");
    await visit.press("allow");
    await page.waitForURL(`${party.callback}?**`);
    await page.goto(consent);
    await visit.sees("requestGone");
    await at("request-gone");

    // The script that sends the form on is kept away: the page as it is without.
    await page.route("**/send*.js", (route) => route.fulfill({ contentType: "text/javascript", body: "" }));
    await visit.open(party.authorize({ response_mode: "form_post" }));
    await visit.sees("posted");
    await at("posted");
    for (const response_mode of ["query", "form_post"]) {
      await visit.open(strict.authorize({ response_mode }));
      await visit.sees("lacking");
      await at(`lacking-${response_mode}`);
    }
    await visit.open(party.authorize({ redirect_uri: "https://elsewhere.example/" }));
    await visit.sees("refused");
    await at("refused");
    await leave(visit, party, at);
  } finally {
    await Promise.all([party.stop(), strict.stop()]);
  }
}

/** Who registered on their own word, and lacks what the card would have shown. */
export async function ownWord(visit, at) {
  const party = await RelyingParty.start(visit.service, { minimum_ial: "1.3" });
  visit.mayGoTo(party);
  try {
    await acceptTerms(visit);
    await proveIdentity(visit, { method: "ownWord" });
    await chooseAccount(visit);
    await askForCode(visit);
    await enterCode(visit);
    await confirmReview(visit);
    await visit.open(party.authorize());
    await signIn(visit);
    await visit.sees("lacking");
    await at("lacking-card");
  } finally {
    await party.stop();
  }
}

/** The demonstration e-Service, and what it shows. */
export async function clinic(visit, at) {
  const { page } = visit;
  const front = "/_local/rp";
  await visit.open(front);
  await visit.seesClinic("clinic");
  await at("clinic");
  for (const [path, name] of [
    ["/callback?state=x", "clinicNotAsked"],
    ["/sign-in?prompt=none", "clinicNotSignedIn"],
    ["/nothing", "clinicNothing"],
  ]) {
    await visit.open(`${front}${path}`);
    await visit.seesClinic(name);
    await at(`clinic-${name.replace("clinic", "").toLowerCase()}`);
  }
  await walkTo(visit, "done");
  await visit.open(front);
  await visit.link("withDigitalId").click();
  await signIn(visit);
  await visit.sees("consent");
  await at("clinic-consent");
  await visit.press("deny");
  await visit.seesClinic("clinicDenied");
  await at("clinic-denied");
  await visit.link("withDigitalId").click();
  await visit.press("allow");
  await visit.seesClinic("clinicSignedIn");
  await at("clinic-signed-in");
  for (const summary of await page.locator("summary").all()) await summary.click();
  await at("clinic-tokens");
  for (const [button, outcome] of [
    ["refresh", "refreshed"],
    ["introspect", "tokenIsGood"],
    ["exchange", "exchanged"],
    ["revoke", "revoked"],
    ["refresh", "notDone"],
  ]) {
    await visit.press(button);
    await page.getByRole("heading", { level: 2, name: visit.words[outcome], exact: true }).waitFor();
    await at(`clinic-${outcome.toLowerCase()}`);
  }
  await visit.press("signOut");
  await visit.seesClinic("clinic");
  await at("clinic-signed-out");
}

/** From an agency's button to the consent page, in a browser that is new here. */
async function signInFor(visit, party, at) {
  await visit.open(party.authorize());
  await visit.sees("signIn");
  await at("sign-in-for-service");
  await signIn(visit);
  await visit.sees("signInCode");
  await at("sign-in-otp");
  await typeWrongCodes(visit, 4);
  await at("sign-in-otp-wrong");
  await visit.fill("code", await visit.service.codeSentTo(visit.person.mobile));
  await visit.press("confirm");
  await visit.sees("consent");
}

async function typeWrongCodes(visit, times) {
  const right = await visit.service.codeSentTo(visit.person.mobile);
  for (let tries = 0; tries < times; tries += 1) {
    await visit.fill("code", right === "111111" ? "222222" : "111111");
    await visit.send("confirm");
  }
}

async function leave(visit, party, at) {
  await visit.open("/account");
  await visit.sees("myAccount");
  await at("my-account-services");
  await visit.open("/connect/endsession?id_token_hint=rubbish");
  await visit.sees("signOutRefused");
  await at("sign-out-refused");
  await visit.open(`/connect/endsession?client_id=${party.id}`);
  await visit.sees("askSignOut");
  await at("sign-out-question");
  await visit.press("signOut");
  await visit.sees("signedOut");
  await at("sign-out-end");
}
