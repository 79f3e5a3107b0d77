// From the review back to change an answer, and to the review again; and from one language to the other on every page.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { launch } from "./chromium.js";
import { Service } from "./service.js";
import { Visit } from "./visit.js";
import { acceptTerms, chooseAccount, confirmReview, enterCode, proveIdentity, typeAccount, walkTo } from "./wizard.js";
import { LANGUAGES } from "./words.js";

let service, browser;
before(async () => ([service, browser] = await Promise.all([Service.start(), launch()])));
after(() => Promise.all([browser?.close(), service?.stop()]));

/** Field by field, the page that changes it. */
const IDENTITY = ["method", "citizen_id", "first_name", "middle_name", "last_name", "birth_day"];
const ACCOUNT = ["username", "password"];

for (const language of LANGUAGES) {
  for (const scripts of [true, false]) {
    const how = `${language}, ${scripts ? "with" : "without"} JavaScript`;

    test(`every row of the review leads to its field and back to the review (${how})`, async () => {
      const visit = await Visit.begin(browser, service, language, { scripts });
      const { page, person } = visit;
      await walkTo(visit, "review");
      const change = async (step, field) => {
        await page.locator(`a[href='/registration/${step}#${field}']`).click();
        await page.locator(`#${field}`).waitFor();
        assert.equal(visit.path(), `/registration/${step}`);
        if (scripts) assert.equal(await page.evaluate(() => document.activeElement.id), field);
      };
      const shows = async (text) => assert.ok((await page.getByRole("main").innerText()).includes(text), text);

      for (const field of ACCOUNT) {
        await change("account", field);
        person.username += "-b";
        await typeAccount(visit);
        await visit.press("confirm");
        await visit.sees("review");
        await shows(person.username);
      }
      await change("mobile", "mobile_number");
      person.mobile = person.mobile.replace(/^089/, "086");
      await visit.fill("mobile", person.mobile);
      await visit.press("askForCode");
      await visit.sees("otp");
      await enterCode(visit);
      await shows("086-xxx-");
      for (const field of scripts ? IDENTITY : IDENTITY.slice(0, 1)) {
        await change("identity", field);
        person.lastName = "ใจดีงาม";
        await proveIdentity(visit);
        await chooseAccount(visit);
        await visit.sees("review");
        await shows(person.lastName);
      }
      await confirmReview(visit);
      await visit.end();
    });
  }

  test(`the language switch stays on the page, from ${language}`, async () => {
    const visit = await Visit.begin(browser, service, language, { scripts: false });
    const { page, words } = visit;
    const other = LANGUAGES.find((one) => one !== language);
    const looks = async (path) => {
      await visit.open(path);
      await page.getByRole("banner").getByRole("link", { name: words.switch, exact: true }).click();
      assert.equal(visit.path(), path);
      assert.equal(await page.locator("html").getAttribute("lang"), other, path);
      await visit.open(`${path}?lang=${language}`);
    };
    for (const path of ["/", "/sign-in", "/nothing-here", "/registration/terms", "/registration/declined"]) await looks(path);
    await acceptTerms(visit);
    await looks("/registration/identity");
    await proveIdentity(visit);
    await looks("/registration/account");
    await chooseAccount(visit);
    await visit.sees("confirmMobile");
    await looks("/registration/mobile");
    await visit.fill("mobile", visit.person.mobile);
    await visit.press("askForCode");
    await looks("/registration/otp");
    await enterCode(visit);
    await looks("/registration/review");
    await confirmReview(visit);
    await looks("/registration/done");
    await visit.end();
  });
}
