// A whole registration of a person with a Thai name, with and without JavaScript, and what becomes of it.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { launch } from "./chromium.js";
import { Service } from "./service.js";
import { Visit } from "./visit.js";
import { signIn, walkTo } from "./wizard.js";
import { LANGUAGES } from "./words.js";

let service, browser;
before(async () => ([service, browser] = await Promise.all([Service.start(), launch()])));
after(() => Promise.all([browser?.close(), service?.stop()]));

for (const language of LANGUAGES) {
  for (const scripts of [true, false]) {
    const how = `${language}, ${scripts ? "with" : "without"} JavaScript`;

    test(`a person registers and uses the account at once (${how})`, async () => {
      const visit = await Visit.begin(browser, service, language, { scripts });
      const { page, person, words } = visit;
      await visit.open("/");
      await visit.link("register").click();
      await visit.sees("terms");
      assert.equal(await page.locator("html").getAttribute("lang"), language);

      await walkTo(visit, "review");
      const review = await page.getByRole("main").innerText();
      for (const shown of [person.firstName, person.lastName, person.username]) assert.ok(review.includes(shown), shown);
      for (const secret of [person.citizenId, person.password, person.laserCode]) assert.ok(!review.includes(secret));

      await visit.press("confirm");
      await visit.sees("done");
      await visit.link("toMyAccount").click();
      if (visit.path() === "/sign-in") await signIn(visit);
      await visit.sees("myAccount");
      assert.ok((await page.getByRole("main").innerText()).includes(person.lastName));

      await visit.press("signOut");
      await visit.sees("signedOut");
      await visit.open("/account");
      await visit.sees("signIn");
      await signIn(visit);
      await visit.sees("myAccount");
      await page.getByRole("banner").getByRole("link", { name: words.switch }).click();
      assert.equal(visit.path(), "/account");
      await visit.end();
    });
  }
}
