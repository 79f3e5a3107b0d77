// What every page and state must be, whatever it says: axe, widths, targets.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const RULES = { type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"] };
const COLOURS = { type: "rule", values: ["color-contrast", "link-in-text-block"] };
const PHONE = { width: 360, height: 740 };
const DESK = { width: 1280, height: 800 };
const NARROWEST = { width: 320, height: 640 };
/** WCAG 2.5.5, in CSS pixels; half a pixel of rounding. */
const TARGET = 43.5;

/** Looks at the page as it stands, on a phone and on a desk, in light and dark, and leaves it as it was. */
export async function audit(page, name) {
  const found = [];
  for (const size of [PHONE, DESK]) {
    await page.setViewportSize(size);
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      const view = `${size.width} px, ${colorScheme}`;
      // Dark differs in nothing but colours.
      const rules = colorScheme === "dark" ? COLOURS : RULES;
      found.push(...(await violations(page, rules)).map((violation) => `${view}: ${violation}`));
    }
    const buttons = [...(await narrowTargets(page)), ...(await unevenButtons(page))];
    found.push(...buttons.map((button) => `${size.width} px: ${button}`));
  }
  for (const size of [PHONE, NARROWEST]) {
    await page.setViewportSize(size);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    if (wide > size.width) found.push(`${size.width} px: the page is ${wide} px wide`);
  }
  await page.setViewportSize(PHONE);
  await page.emulateMedia({ colorScheme: "light" });
  found.push(...(await deadLinks(page)));
  assert.deepEqual(found, [], name);
}

async function violations(page, runOnly) {
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(AXE);
  const { violations } = await page.evaluate((options) => axe.run(options), { runOnly, resultTypes: ["violations"] });
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 120)).join(" | ")}`);
}

/** What can be pressed and is smaller than a finger. A radio button's whole frame can be pressed. */
function narrowTargets(page) {
  return page.evaluate((least) => {
    const narrow = [];
    for (const target of document.querySelectorAll("a, button, input, summary")) {
      const frame = (target.closest(".choice") ?? target).getBoundingClientRect();
      const away = target.matches(".skip:not(:focus), [type=hidden]") || frame.width === 0;
      if (!away && (frame.height < least || frame.width < least)) {
        narrow.push(`${target.outerHTML.slice(0, 80)} is ${Math.round(frame.width)}×${Math.round(frame.height)}`);
      }
    }
    return narrow;
  }, TARGET);
}

/** Ways on that stand together and are not of one height. */
function unevenButtons(page) {
  return page.evaluate(() => {
    const heights = (ways) => [...ways.querySelectorAll(".go")].map((button) => Math.round(button.getBoundingClientRect().height));
    return [...document.querySelectorAll(".ways")]
      .map(heights)
      .filter((all) => new Set(all).size > 1)
      .map((all) => `buttons together are ${all.join(", ")} high`);
  });
}

/** Links into the page that lead nowhere, or to what cannot take the focus. */
function deadLinks(page) {
  return page.evaluate(() =>
    [...document.querySelectorAll("a[href^='#']")]
      .filter((link) => {
        const target = document.getElementById(link.hash.slice(1));
        return !target?.matches("input, button, [tabindex]") || target.getClientRects().length === 0;
      })
      .map((link) => `${link.hash} cannot be gone to`),
  );
}
