// What comes back when something has to be corrected, and where people land who went the wrong way.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { launch } from "./chromium.js";
import { REGISTRY } from "./person.js";
import { Service } from "./service.js";
import { Visit } from "./visit.js";
import { acceptTerms, proveIdentity, typeAccount, typeIdentity, walkTo } from "./wizard.js";
import { LANGUAGES } from "./words.js";

let service, browser;
before(async () => ([service, browser] = await Promise.all([Service.start(), launch()])));
after(() => Promise.all([browser?.close(), service?.stop()]));

const focused = (page) => page.evaluate(() => document.activeElement.id);

for (const language of LANGUAGES) {
  for (const scripts of [true, false]) {
    const how = `${language}, ${scripts ? "with" : "without"} JavaScript`;

    test(`the summary takes the focus and leads to each field, and what was typed stays (${how})`, async () => {
      const visit = await Visit.begin(browser, service, language, { scripts });
      const { page, person, words } = visit;
      await acceptTerms(visit);
      await typeIdentity(visit, { citizenId: "1234567890123" });
      await visit.fill("birthYear", "");
      await visit.fill("laserCode", "12");
      await visit.send("confirm");
      assert.ok((await page.title()).startsWith(words.error));
      assert.equal(await focused(page), "error-summary");
      const wrong = { citizen_id: "citizenId", birth_year: "birthYear", laser_code: "laserCode" };
      const links = page.locator("#error-summary li a");
      assert.equal(await links.count(), 3);
      for (const [field, name] of Object.entries(wrong)) {
        const link = page.locator(`#error-summary a[href='#${field}']`);
        await link.click();
        assert.equal(await focused(page), field);
        const describedBy = (await visit.field(name).getAttribute("aria-describedby")).split(" ");
        assert.ok(describedBy.includes(`${field}-error`), describedBy);
        assert.equal(await visit.field(name).getAttribute("aria-invalid"), "true");
        assert.ok((await page.locator(`#${field}-error`).innerText()).endsWith(await link.innerText()));
      }
      assert.equal(await visit.field("citizenId").inputValue(), "1234567890123");
      assert.equal(await visit.field("lastName").inputValue(), person.lastName);
      assert.equal(await visit.field("birthMonth").inputValue(), person.birthMonth);
      assert.equal(await visit.field("laserCode").inputValue(), "", "never stored, so never sent back");
      await visit.end();
    });

    test(`passwords are never sent back, the username is (${how})`, async () => {
      const visit = await Visit.begin(browser, service, language, { scripts });
      await walkTo(visit, "account");
      await typeAccount(visit);
      await visit.fill("passwordAgain", "something else altogether");
      await visit.send("confirm");
      assert.equal(await visit.field("username").inputValue(), visit.person.username);
      assert.equal(await visit.field("password").inputValue(), "");
      assert.equal(await visit.field("passwordAgain").inputValue(), "");
      const html = await visit.page.content();
      assert.ok(!html.includes(visit.person.password) && !html.includes("something else altogether"));
      await visit.end();
    });

    test(`when the registry is out, one's own word is offered and goes on (${how})`, async () => {
      const visit = await Visit.begin(browser, service, language, { scripts });
      const { page, person, words } = visit;
      await acceptTerms(visit);
      await typeIdentity(visit, { citizenId: REGISTRY.isOut });
      await visit.send("confirm");
      await page.locator("#error-summary a[href='#self_asserted']").click();
      assert.equal(await focused(page), "self_asserted");
      assert.equal(await visit.field("lastName").inputValue(), person.lastName);
      await visit.choose("ownWord");
      assert.ok(await page.getByLabel(words.laserCode, { exact: true }).isHidden());
      await visit.fill("citizenId", person.citizenId);
      await visit.press("confirm");
      await visit.sees("account");
      await visit.end();
    });

    test(`whoever declines, cancels or lost the registration is told what is kept (${how})`, async () => {
      const visit = await Visit.begin(browser, service, language, { scripts });
      const { context } = visit;
      await visit.open("/registration/terms");
      await visit.press("decline");
      await visit.sees("declined");
      assert.deepEqual(await context.cookies(), []);

      await acceptTerms(visit);
      await visit.press("cancel");
      await visit.sees("cancelled");
      assert.deepEqual(await context.cookies(), []);
      await visit.open("/registration/identity");
      await visit.sees("ended");

      await acceptTerms(visit);
      const [cookie] = await context.cookies();
      await context.addCookies([{ ...cookie, value: cookie.value.replace(/.{4}$/, "AAAA") }]);
      await typeIdentity(visit);
      await visit.press("confirm");
      await visit.sees("ended");
      await visit.end();
    });

    test(`a step not reached yet leads to the one that is, and back again to one that was (${how})`, async () => {
      const visit = await Visit.begin(browser, service, language, { scripts });
      await acceptTerms(visit);
      for (const later of ["account", "mobile", "otp", "review"]) {
        await visit.open(`/registration/${later}`);
        await visit.sees("identity");
      }
      await proveIdentity(visit);
      await visit.page.goBack();
      await visit.sees("identity");
      await visit.open("/registration");
      await visit.sees("account");
      await visit.open("/nothing-here");
      await visit.sees("notFound");
      await visit.end();
    });
  }
}
