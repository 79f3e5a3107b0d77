// Where one is signed in and the password, with and without JavaScript.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { launch } from "./chromium.js";
import { Service } from "./service.js";
import { changePassword } from "./tour.js";
import { Visit } from "./visit.js";
import { atSessions, signInElsewhere } from "./wizard.js";
import { LANGUAGES } from "./words.js";

let service, browser;
before(async () => ([service, browser] = await Promise.all([Service.start(), launch()])));
after(() => Promise.all([browser?.close(), service?.stop()]));

for (const language of LANGUAGES) {
  for (const scripts of [true, false]) {
    const how = `${language}, ${scripts ? "with" : "without"} JavaScript`;

    test(`a person ends the other browser and then all (${how})`, async () => {
      const visit = await Visit.begin(browser, service, language, { scripts });
      await atSessions(visit);
      assert.equal(await visit.button("signOutThere").count(), 0);
      const elsewhere = await signInElsewhere(visit);
      await visit.open("/account/sessions");
      await visit.press("signOutThere");
      await visit.page.getByRole("status").first().waitFor();
      assert.equal(await visit.button("signOutThere").count(), 0);
      await elsewhere.open("/account");
      await elsewhere.sees("signIn");
      await visit.press("signOutAll");
      await visit.sees("signedOut");
      await visit.open("/account/sessions");
      await visit.sees("signIn");
      await elsewhere.end();
      await visit.end();
    });

    test(`a changed password ends the others unless the box is cleared (${how})`, async () => {
      const visit = await Visit.begin(browser, service, language, { scripts });
      const { page, person } = visit;
      await atSessions(visit);
      const elsewhere = await signInElsewhere(visit);
      await visit.open("/account/password");
      const box = page.getByRole("checkbox");
      assert.ok(await box.isChecked());
      await changePassword(visit, "not the current one", person.changed);
      await page.locator("#current_password-error").waitFor();
      assert.ok(await box.isChecked(), "what was chosen stays");
      for (const name of ["currentPassword", "newPassword"]) assert.equal(await visit.field(name).inputValue(), "");
      await visit.choose("signOutOthers");
      assert.ok(!(await box.isChecked()));
      await changePassword(visit, person.password, person.changed);
      await visit.sees("sessions");
      await elsewhere.open("/account");
      await elsewhere.sees("myAccount");
      await visit.open("/account/password");
      await changePassword(visit, person.changed, person.password);
      await visit.sees("sessions");
      assert.equal(await visit.button("signOutThere").count(), 0);
      await elsewhere.open("/account");
      await elsewhere.sees("signIn");
      await elsewhere.end();
      await visit.end();
    });
  }
}
