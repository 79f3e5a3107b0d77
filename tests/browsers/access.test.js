// Every page and state in both languages is accessible on a phone and on a desk, in light and in dark.

import { after, before, test } from "node:test";

import { audit } from "./audit.js";
import { launch } from "./chromium.js";
import { Service } from "./service.js";
import { clinic, ends, mine, outside, ownWord, services, wizard } from "./tour.js";
import { Visit } from "./visit.js";
import { LANGUAGES } from "./words.js";

let service, browser;
before(async () => ([service, browser] = await Promise.all([Service.start(), launch()])));
after(() => Promise.all([browser?.close(), service?.stop()]));

for (const language of LANGUAGES) {
  for (const part of [outside, wizard, ends, mine, services, ownWord, clinic]) {
    test(`nothing stands in anybody's way (${language}, ${part.name})`, async (t) => {
      const visit = await Visit.begin(browser, service, language);
      await part(visit, (state) => t.test(state, () => audit(visit.page, state)));
      await visit.end();
    });
  }
}
