// From an agency's button through a first registration and back, with and without JavaScript.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { launch } from "./chromium.js";
import { RelyingParty } from "./relying_party.js";
import { Service } from "./service.js";
import { Visit } from "./visit.js";
import { signIn, walkOn, walkTo } from "./wizard.js";
import { LANGUAGES } from "./words.js";

let service, browser, party;
before(async () => {
  [service, browser] = await Promise.all([Service.start(), launch()]);
  party = await RelyingParty.start(service);
});
after(() => Promise.all([browser?.close(), party?.stop(), service?.stop()]));

for (const language of LANGUAGES) {
  for (const scripts of [true, false]) {
    const how = `${language}, ${scripts ? "with" : "without"} JavaScript`;

    test(`whoever comes from a service without an account registers, and is back with a code (${how})`, async () => {
      const visit = await begin(language, scripts);
      const { page, person } = visit;
      await visit.open(party.authorize());
      await visit.sees("signIn");
      assert.ok((await page.getByRole("main").innerText()).includes(party.name(language)));
      await visit.link("register").click();
      await visit.sees("terms");
      await walkOn(visit, "done");
      await visit.link("toTheService").click();
      // The browser that registered is known: no code is asked for.
      await visit.sees("signIn");
      const texts = (await service.texts()).length;
      await signIn(visit);
      await visit.sees("consent");
      assert.equal((await service.texts()).length, texts);
      const told = await page.getByRole("main").innerText();
      for (const shown of [party.name(language), new URL(party.origin).host, person.lastName]) {
        assert.ok(told.includes(shown), shown);
      }
      for (const secret of [person.citizenId, person.password]) assert.ok(!told.includes(secret));

      await visit.press("allow");
      await page.waitForURL(`${party.callback}?**`);
      const back = new URL(page.url()).searchParams;
      assert.equal(back.get("state"), party.state);
      const tokens = await party.redeem(back.get("code"));
      assert.ok(tokens.id_token && tokens.refresh_token, JSON.stringify(tokens));

      // Asked once: the next time leads straight back, by a form as well.
      await visit.open(party.authorize());
      assert.ok(page.url().startsWith(party.callback), page.url());
      await visit.open(party.authorize({ response_mode: "form_post" }));
      if (!scripts) {
        await visit.sees("posted");
        await visit.press("goOn");
      }
      await page.waitForURL(party.callback);
      await visit.end();
    });
  }

  test(`whoever denies is back with that answer, and is asked again next time (${language})`, async () => {
    const visit = await begin(language, true);
    const { page } = visit;
    await walkTo(visit, "done");
    await visit.open(party.authorize());
    await visit.sees("signIn");
    await signIn(visit);
    await visit.sees("consent");
    const [allow, deny] = await Promise.all(["allow", "deny"].map((name) => weight(visit.button(name))));
    assert.deepEqual(allow, deny, "neither answer is the louder");
    const other = LANGUAGES.find((one) => one !== language);
    for (const chosen of [other, language]) {
      await page.getByRole("banner").locator(".switch").click();
      await page.getByText(party.name(chosen), { exact: true }).waitFor();
    }
    await visit.press("deny");
    await page.waitForURL(`${party.callback}?**`);
    assert.equal(new URL(page.url()).searchParams.get("error"), "access_denied");
    await visit.open(party.authorize());
    await visit.sees("consent");
    await visit.end();
  });
}

async function begin(language, scripts) {
  const visit = await Visit.begin(browser, service, language, { scripts });
  visit.mayGoTo(party);
  return visit;
}

/** How loud a button is: its size and colours. */
function weight(button) {
  return button.evaluate((element) => {
    const { width, height } = element.getBoundingClientRect();
    const { backgroundColor, color, borderTopColor, fontWeight, fontSize } = getComputedStyle(element);
    return { width, height, backgroundColor, color, borderTopColor, fontWeight, fontSize };
  });
}
