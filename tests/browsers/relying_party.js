// An agency's service: registered by the operators' command, with a page of its own that people come back to.

import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";

import { LANGUAGES } from "./words.js";

const ORDER = { action: "register", operator: "somchai", second_operator: "malee", reason: "pages are looked at" };
const NAMES = { th: "ระบบนัดหมายโรงพยาบาลตัวอย่าง", en: "Example Hospital appointments" };
const AGENCY = { th: "กรมตัวอย่างเพื่อการทดสอบ", en: "Department of Examples" };
const PURPOSE = { th: "จองและดูนัดหมายของคุณ", en: "To book and show your appointments" };
export const SCOPE = "openid profile phone email citizen_id appointments:write offline_access";

export class RelyingParty {
  /** Registers a client of its own, with more metadata if given, and listens for who comes back. */
  static async start(service, more = {}) {
    const server = createServer((request, response) => {
      request.resume();
      response.setHeader("content-type", "text/html; charset=utf-8");
      response.end('<!doctype html><html lang="th"><title>Back</title><link rel="icon" href="data:,"><h1>Back</h1>');
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    const party = new RelyingParty(service, server);
    await party.#register(more);
    return party;
  }

  constructor(service, server) {
    this.service = service;
    this.server = server;
    this.origin = `http://127.0.0.1:${server.address().port}`;
    this.callback = `${this.origin}/callback`;
    this.id = `rp-${server.address().port}`;
    this.state = randomBytes(8).toString("hex");
    this.verifier = randomBytes(32).toString("base64url");
  }

  async stop() {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, "close");
  }

  /** What it calls itself. */
  name(language) {
    return NAMES[language];
  }

  /** Where its button leads. */
  authorize(more = {}) {
    const challenge = createHash("sha256").update(this.verifier).digest("base64url");
    const request = {
      client_id: this.id, response_type: "code", redirect_uri: this.callback, scope: SCOPE, state: this.state,
      code_challenge: challenge, code_challenge_method: "S256", ...more,
    };
    return `/connect/authorize?${new URLSearchParams(request)}`;
  }

  /** What it gets for a code. */
  async redeem(code) {
    const form = { grant_type: "authorization_code", code, redirect_uri: this.callback, code_verifier: this.verifier };
    const authorization = `Basic ${Buffer.from(`${this.id}:${this.secret}`).toString("base64")}`;
    const options = { method: "POST", body: new URLSearchParams(form), headers: { authorization } };
    const answer = await fetch(`${this.service.origin}/connect/token`, options);
    return answer.json();
  }

  async #register(more) {
    const localised = (member, texts) => LANGUAGES.map((language) => [`${member}#${language}`, texts[language]]);
    const metadata = {
      client_id: this.id,
      ...Object.fromEntries([
        ...localised("client_name", NAMES), ...localised("agency", AGENCY), ...localised("purpose", PURPOSE),
      ]),
      redirect_uris: [this.callback],
      post_logout_redirect_uris: [`${this.origin}/signed-out`],
      grant_types: ["authorization_code", "refresh_token"],
      scope: SCOPE,
      ...more,
    };
    const answer = await fetch(`${this.service.origin}/_local/invoke/ops-clients`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ ...ORDER, ...metadata }),
    });
    const told = await answer.json();
    assert.ok(told.client_secret, JSON.stringify(told));
    this.secret = told.client_secret;
  }
}
