// One person's browser at the service, and everything it complains about while they are there.

import assert from "node:assert/strict";

import { Person, e164 } from "./person.js";
import { words } from "./words.js";

const PHONE = { width: 360, height: 740 };

export class Visit {
  /** A browser without history, in the person's language; `scripts: false` turns JavaScript off. */
  static async begin(browser, service, language, { scripts = true, ...options } = {}) {
    const context = await browser.newContext({
      baseURL: service.origin,
      locale: { th: "th-TH", en: "en-GB" }[language],
      javaScriptEnabled: scripts,
      viewport: PHONE,
      ...options,
    });
    const visit = new Visit(context, service, language);
    visit.#watch();
    visit.page = await context.newPage();
    visit.page.setDefaultTimeout(15_000);
    return visit;
  }

  constructor(context, service, language) {
    this.context = context;
    this.service = service;
    this.language = language;
    this.words = words(language);
    this.person = new Person(language);
    this.complaints = [];
    this.origins = new Set([service.origin]);
  }

  /** The same person at another browser, on a desk. */
  async elsewhere() {
    const browser = this.context.browser();
    const other = await Visit.begin(browser, this.service, this.language, { viewport: { width: 1280, height: 800 } });
    other.person = this.person;
    return other;
  }

  /** Ends it. Nothing may have gone wrong that a person does not see. */
  async end() {
    await this.context.close();
    assert.deepEqual(this.complaints, []);
  }

  /** Lets the pages lead to a relying party. */
  mayGoTo(party) {
    this.origins.add(party.origin);
  }

  open(path) {
    return this.page.goto(path);
  }

  field(name) {
    return this.page.getByLabel(this.words[name], { exact: true });
  }

  fill(name, value) {
    return this.field(name).fill(value);
  }

  /** A radio button by its label, which covers the whole of its frame. */
  choose(name) {
    return this.page.getByText(this.words[name], { exact: true }).click();
  }

  button(name) {
    return this.page.getByRole("button", { name: this.words[name], exact: true });
  }

  link(name) {
    return this.page.getByRole("main").getByRole("link", { name: this.words[name], exact: true });
  }

  press(name) {
    return this.button(name).click();
  }

  /** Presses, and waits for the page that answers: for forms that come back. */
  async send(name) {
    const answered = this.page.waitForEvent("load");
    await this.press(name);
    await answered;
  }

  /** Waits for the page with this heading, and looks that its title says the same. */
  sees(name) {
    return this.#seesAt("Digital ID", name);
  }

  /** The same at the demonstration e-Service. */
  seesClinic(name) {
    return this.#seesAt(this.words.clinicName, name);
  }

  /** Whether a text went to this person's number. */
  isMine(to) {
    return to === e164(this.person.mobile);
  }

  path() {
    return new URL(this.page.url()).pathname;
  }

  async #seesAt(site, name) {
    await this.page.getByRole("heading", { level: 1, name: this.words[name], exact: true }).waitFor();
    assert.ok((await this.page.title()).includes(`${this.words[name]} – ${site}`), await this.page.title());
  }

  #watch() {
    const { context, complaints } = this;
    const pages = new Set();
    context.on("request", (request) => {
      const url = new URL(request.url());
      if (request.isNavigationRequest()) pages.add(request.url());
      if (!this.origins.has(url.origin) && url.protocol !== "data:") complaints.push(`asked ${url}`);
    });
    context.on("console", (message) => {
      // That a page came with a 4xx is what the page is for; a file that did is not.
      const expected = message.text().startsWith("Failed to load resource") && pages.has(message.location().url);
      if (["error", "warning"].includes(message.type()) && !expected) complaints.push(message.text());
    });
    context.on("weberror", (error) => complaints.push(String(error.error())));
  }
}
