// From the demonstration e-Service's sign-in button through a first registration to its signed-in page, and out again
// from either side, with and without JavaScript.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { launch } from "./chromium.js";
import { Service } from "./service.js";
import { Visit } from "./visit.js";
import { signIn, walkOn } from "./wizard.js";
import { LANGUAGES } from "./words.js";

const CLINIC = "/_local/rp";
const PATIENCE = 15_000;

let service, browser;
before(async () => ([service, browser] = await Promise.all([Service.start(), launch()])));
after(() => Promise.all([browser?.close(), service?.stop()]));

for (const language of LANGUAGES) {
  for (const scripts of [true, false]) {
    const how = `${language}, ${scripts ? "with" : "without"} JavaScript`;

    test(`whoever has no account registers on the way, is signed in at the e-Service, and out from both sides (${how})`, async () => {
      const visit = await Visit.begin(browser, service, language, { scripts });
      const { page, person } = visit;
      const shows = async (text) => assert.ok((await page.getByRole("main").innerText()).includes(text), text);

      // Nothing is typed into the address bar before the clinic has signed somebody in.
      await visit.open(CLINIC);
      await visit.seesClinic("clinic");
      await visit.link("withDigitalId").click();
      await visit.sees("signIn");
      await shows(visit.words.clinicClient);
      await visit.link("register").click();
      await visit.sees("terms");
      await walkOn(visit, "done");
      await visit.link("toTheService").click();
      await visit.sees("signIn");
      await signIn(visit);
      await visit.sees("consent");
      await visit.press("allow");
      await visit.seesClinic("clinicSignedIn");
      assert.equal(visit.path(), CLINIC);
      for (const known of [person.firstName, person.lastName, person.citizenId]) await shows(known);

      for (const [button, outcome] of [
        ["refresh", "refreshed"],
        ["introspect", "tokenIsGood"],
        ["exchange", "exchanged"],
      ]) {
        await visit.press(button);
        await page.getByRole("heading", { level: 2, name: visit.words[outcome], exact: true }).waitFor();
      }
      await shows("demo-records");

      await visit.press("signOut");
      await visit.seesClinic("clinic");
      await page.getByRole("status").getByText(visit.words.signedOutBoth).waitFor();
      await visit.open("/account");
      await visit.sees("signIn");

      // Consent is remembered, the browser is known: one page lies between.
      await visit.open(CLINIC);
      await visit.link("withDigitalId").click();
      await visit.sees("signIn");
      await signIn(visit);
      await visit.seesClinic("clinicSignedIn");
      await visit.open("/account");
      await visit.press("signOut");
      await visit.sees("signedOut");
      await isToldByDigitalId(visit);
      await visit.end();
    });
  }

  test(`the e-Service asks for a code or the password where it wants to be surer (${language})`, async () => {
    const visit = await Visit.begin(browser, service, language);
    const { page } = visit;
    await visit.open(CLINIC);
    await visit.link("withDigitalId").click();
    await visit.link("register").click();
    await walkOn(visit, "done");
    await visit.link("toTheService").click();
    await signIn(visit);
    await visit.press("allow");
    await visit.seesClinic("clinicSignedIn");
    const level = page.locator("dt", { hasText: "(acr)" }).locator("+ dd");
    assert.equal(await level.innerText(), "aal1");

    await page.getByRole("link", { name: visit.words.stepUp, exact: true }).click();
    await visit.sees("signIn");
    await signIn(visit);
    await visit.sees("signInCode");
    await visit.fill("code", await service.codeSentTo(visit.person.mobile));
    await visit.press("confirm");
    await visit.seesClinic("clinicSignedIn");
    assert.equal(await level.innerText(), "aal2");

    await page.getByRole("link", { name: visit.words.passwordOnceMore, exact: true }).click();
    await visit.sees("signIn");
    await signIn(visit);
    await visit.seesClinic("clinicSignedIn");
    await visit.end();
  });
}

/** The notice comes by the back channel, a moment after. */
async function isToldByDigitalId(visit) {
  const told = visit.page.getByRole("status").getByText(visit.words.endedByDigitalId);
  const latest = Date.now() + PATIENCE;
  do {
    assert.ok(Date.now() < latest, "the e-Service was not told");
    await visit.open(CLINIC);
  } while (!(await told.isVisible()));
  await visit.seesClinic("clinic");
}
