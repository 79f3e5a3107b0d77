// What a first visit costs on a cheap phone, what a page may load, and the modes a person's device asks for.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { launch } from "./chromium.js";
import { Service } from "./service.js";
import { Visit } from "./visit.js";
import { LANGUAGES } from "./words.js";

const PAGE = 60 * 1024;
const FONT = 30 * 1024;

let service, browser;
before(async () => ([service, browser] = await Promise.all([Service.start(), launch()])));
after(() => Promise.all([browser?.close(), service?.stop()]));

for (const language of LANGUAGES) {
  for (const path of ["/", "/registration/terms", "/sign-in"]) {
    test(`a first visit to ${path} is at most 60 KB beside fonts of at most 30 KB (${language})`, async (t) => {
      const visit = await Visit.begin(browser, service, language);
      const loaded = new Map();
      visit.page.on("response", (response) => loaded.set(response.url(), response));
      await visit.page.goto(path, { waitUntil: "networkidle" });
      const sizes = { page: 0, fonts: [] };
      for (const response of loaded.values()) {
        // Uncompressed: the edge may compress, the limit does not count on it.
        const { length } = await response.body();
        if (response.request().resourceType() === "font") sizes.fonts.push(length);
        else sizes.page += length;
      }
      t.diagnostic(`${path} ${language}: ${sizes.page} bytes in ${loaded.size - sizes.fonts.length} files, fonts ${sizes.fonts}`);
      assert.ok(loaded.size >= 4, "page, style sheet, script, font");
      assert.ok(sizes.page <= PAGE, `${sizes.page}`);
      assert.equal(sizes.fonts.length, 2);
      for (const font of sizes.fonts) assert.ok(font <= FONT, `${font}`);
      await visit.end();
    });
  }
}

test("files are kept for ever by their hash, pages never", async () => {
  const visit = await Visit.begin(browser, service, "th");
  const cached = {};
  visit.page.on("response", (response) => (cached[response.request().resourceType()] = response.headers()["cache-control"]));
  await visit.page.goto("/registration/terms", { waitUntil: "networkidle" });
  assert.equal(cached.document, "no-store");
  for (const type of ["stylesheet", "script", "font"]) assert.match(cached[type], /immutable/, type);
  await visit.end();
});

test("nothing moves for those who ask for less motion", async () => {
  const visit = await Visit.begin(browser, service, "th", { reducedMotion: "reduce" });
  const moving = async () =>
    visit.page.evaluate(() =>
      [...document.querySelectorAll("*")].filter((element) => {
        const { transitionDuration, animationName, scrollBehavior } = getComputedStyle(element);
        return /[1-9]/.test(transitionDuration) || animationName !== "none" || scrollBehavior === "smooth";
      }).length,
    );
  for (const path of ["/", "/registration/terms", "/sign-in"]) {
    await visit.open(path);
    assert.equal(await moving(), 0, path);
  }
  await visit.page.emulateMedia({ reducedMotion: "no-preference" });
  assert.notEqual(await moving(), 0, "the test can see what moves");
  await visit.end();
});

test("the device's dark mode is followed, and forced colours keep every border that says something", async () => {
  const visit = await Visit.begin(browser, service, "th", { colorScheme: "dark" });
  const { page } = visit;
  await visit.open("/sign-in");
  const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const dark = await background();
  await page.emulateMedia({ colorScheme: "light" });
  assert.notEqual(await background(), dark);
  await page.emulateMedia({ forcedColors: "active" });
  for (const what of ["input", ".go", ".switch"]) {
    const border = await page.locator(what).first().evaluate((element) => getComputedStyle(element).borderTopWidth);
    assert.notEqual(border, "0px", what);
  }
  await visit.end();
});
