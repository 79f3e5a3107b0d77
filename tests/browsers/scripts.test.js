// What JavaScript adds: passwords shown, advice, the countdown, forms sent once, time left and how to get more.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { launch } from "./chromium.js";
import { Service } from "./service.js";
import { Visit } from "./visit.js";
import { acceptTerms, typeIdentity, walkTo } from "./wizard.js";
import { LANGUAGES } from "./words.js";

const MINUTE = 60_000;

let service, browser;
before(async () => ([service, browser] = await Promise.all([Service.start(), launch()])));
after(() => Promise.all([browser?.close(), service?.stop()]));

for (const language of LANGUAGES) {
  test(`a password is shown and hidden, and the page says which (${language})`, async () => {
    const visit = await Visit.begin(browser, service, language);
    await walkTo(visit, "account");
    const field = visit.page.locator(".field", { has: visit.page.locator("#password") });
    const [input, button, state] = [field.locator("input"), field.locator("button"), field.locator(".reveal-state")];
    await input.fill("secret");
    await field.getByRole("button", { name: `${visit.words.show} ${visit.words.password}`, exact: true }).click();
    assert.equal(await input.getAttribute("type"), "text");
    await field.getByRole("button", { name: `${visit.words.hide} ${visit.words.password}`, exact: true }).waitFor();
    assert.equal(await state.innerText(), visit.words.shown);
    await button.click();
    assert.equal(await input.getAttribute("type"), "password");
    assert.equal(await state.innerText(), visit.words.hidden);
    assert.equal(await visit.page.locator("#password_confirmation").getAttribute("type"), "password");
    await visit.end();
  });

  test(`advice on a password comes in words, once typing pauses (${language})`, async () => {
    const visit = await Visit.begin(browser, service, language);
    await walkTo(visit, "account");
    const advice = visit.page.locator("[data-advice]");
    const says = (text) => advice.filter({ hasText: text }).waitFor();
    await visit.fill("username", "nattaya.p");
    await visit.fill("password", "short");
    await says("7");
    await visit.fill("password", "nattaya.p nattaya.p");
    await says(await advice.getAttribute("data-name"));
    await visit.fill("password", "aaaaaaaaaaaaaaaa");
    await says(await advice.getAttribute("data-repeats"));
    await visit.fill("password", visit.person.password);
    await says(await advice.getAttribute("data-good"));
    await visit.end();
  });

  test(`another code can be asked for when the countdown is over (${language})`, async () => {
    const visit = await Visit.begin(browser, service, language);
    await visit.page.clock.install();
    await walkTo(visit, "otp");
    const again = visit.button("askAgain");
    assert.ok(await again.isDisabled());
    assert.match(await visit.page.locator("#resend-hint").innerText(), /\b(60|59|58)\b/);
    await visit.page.clock.fastForward(MINUTE);
    assert.ok(await again.isEnabled());
    // This page's clock is ahead of the service's, which knows better, and says when.
    await visit.send("askAgain");
    assert.match(await visit.page.locator("#error-summary").innerText(), /\d+ (วินาที|seconds)/);
    assert.equal((await service.texts()).filter(({ to }) => visit.isMine(to)).length, 1);
    await visit.end();
  });

  test(`a button pressed says so, sends once, and does not stay dead when no answer comes (${language})`, async () => {
    const visit = await Visit.begin(browser, service, language);
    const { page } = visit;
    await page.clock.install();
    await walkTo(visit, "confirmMobile");
    await visit.fill("mobile", visit.person.mobile);
    let sent = 0;
    // No content: a browser then stays where it is.
    await page.route("**/registration/mobile", (route) => (sent += 1) && route.fulfill({ status: 204 }));
    const button = page.locator("form[action='/registration/mobile'] .go");
    await button.dblclick();
    await page.locator("button.go:disabled").waitFor();
    assert.equal(await button.innerText(), await button.getAttribute("data-busy"));
    assert.equal(sent, 1);

    await page.clock.fastForward(MINUTE);
    assert.equal(await button.innerText(), visit.words.askForCode);
    await page.unroute("**/registration/mobile");
    await button.click();
    await visit.sees("otp");
    await page.goBack();
    await visit.sees("confirmMobile");
    assert.ok(await button.isEnabled());
    await visit.end();
  });

  test(`a review confirmed twice makes one account and shows it (${language})`, async () => {
    const visit = await Visit.begin(browser, service, language);
    await walkTo(visit, "review");
    await visit.button("confirm").dblclick();
    await visit.sees("done");
    await visit.end();
  });

  test(`the page tells that time runs out, and gives more without losing what is typed (${language})`, async () => {
    const visit = await Visit.begin(browser, service, language);
    const { page } = visit;
    await page.clock.install();
    await acceptTerms(visit);
    await typeIdentity(visit);
    await page.clock.fastForward(28 * MINUTE);
    await page.locator(".until[data-state=near]").waitFor();
    const before = await page.locator(".until time").getAttribute("datetime");
    await visit.press("extend");
    await page.locator(".until[data-state=extended]").waitFor();
    assert.ok(Date.parse(await page.locator(".until time").getAttribute("datetime")) > Date.parse(before));
    assert.equal(await visit.field("lastName").inputValue(), visit.person.lastName);
    await page.clock.fastForward(10 * MINUTE);
    await page.locator(".until[data-state=over]").waitFor();
    assert.ok(await visit.button("extend").isHidden());
    await visit.link("beginAgain").click();
    await visit.sees("terms");
    await visit.end();
  });
}
