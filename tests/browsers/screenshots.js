// Writes every page and state at 360 and 1280 px, in both languages, light (and the phone's dark), to screenshots/.

import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";

import { launch } from "./chromium.js";
import { Service } from "./service.js";
import { clinic, ends, mine, outside, ownWord, services, wizard } from "./tour.js";
import { Visit } from "./visit.js";
import { LANGUAGES } from "./words.js";

const FOLDER = fileURLToPath(new URL("screenshots/", import.meta.url));
const VIEWS = [
  { name: "360", width: 360, colorScheme: "light" },
  { name: "360-dark", width: 360, colorScheme: "dark" },
  { name: "1280", width: 1280, colorScheme: "light" },
  { name: "1280-dark", width: 1280, colorScheme: "dark" },
];

await mkdir(FOLDER, { recursive: true });
const [service, browser] = await Promise.all([Service.start(), launch()]);
try {
  for (const language of LANGUAGES) {
    for (const part of [outside, wizard, ends, mine, services, ownWord, clinic]) {
      const visit = await Visit.begin(browser, service, language);
      await part(visit, (state) => shoot(visit.page, `${state}-${language}`));
      await visit.end();
    }
  }
} finally {
  await Promise.all([browser.close(), service.stop()]);
}

async function shoot(page, name) {
  for (const { name: view, width, colorScheme } of VIEWS) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await page.setViewportSize({ width, height: width === 360 ? 740 : 800 });
    await page.screenshot({ path: `${FOLDER}${name}-${view}.png`, fullPage: true });
  }
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize({ width: 360, height: 740 });
}
