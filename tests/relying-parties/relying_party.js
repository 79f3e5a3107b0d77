// What every relying party in Node needs: to be registered, people to sign in, a page to be told at, a line a feature.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";

export const { SERVICE, PEOPLE } = process.env;
export const CALLBACK = "http://localhost:4499/callback";
export const SIGNED_OUT = "http://localhost:4499/signed-out";
export const EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange";
export const ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token";
export const SCOPE = "openid profile citizen_id offline_access records.read";

const PATIENCE = 30_000;

/** Runs what shows a feature, and says how it went; the other features go on. */
export async function feature(name, shown) {
  try {
    await shown();
    console.log(`passed ${name}`);
  } catch (error) {
    console.log(`failed ${name}: ${[error.code, error.message, error.cause?.message].filter(Boolean).join(": ")}`);
    console.error(error);
    process.exitCode = 1;
  }
}

/** Registers a client as an operator does, and answers its metadata, with its secret. */
export async function registered(metadata) {
  const usual = {
    redirect_uris: [CALLBACK],
    post_logout_redirect_uris: [SIGNED_OUT],
    grant_types: ["authorization_code", "refresh_token", "client_credentials", EXCHANGE],
    scope: SCOPE,
    id_token_signed_response_alg: "ES256",
  };
  const { status, told } = await sent(`${SERVICE}/_local/clients`, { ...usual, ...metadata });
  assert.equal(status, 201, JSON.stringify(told));
  return told;
}

/** Keys for private_key_jwt and their public half, as it is registered. */
export async function keys() {
  const pair = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign", "verify"]);
  const jwk = await crypto.subtle.exportKey("jwk", pair.publicKey);
  return { pair, jwks: { keys: [{ kty: jwk.kty, crv: jwk.crv, x: jwk.x, y: jwk.y, kid: "1", alg: "ES256", use: "sig" }] } };
}

export class Person {
  static async registered() {
    const { status, told } = await sent(`${PEOPLE}/people`, {});
    assert.equal(status, 201, told.error);
    return new Person(told);
  }

  constructor(told) {
    Object.assign(this, told);
  }

  /** Where an address leads this person at last: what the relying party is told there. */
  async visits(address, more = { until: CALLBACK }) {
    const { status, told } = await sent(`${PEOPLE}/people/${this.id}/visit`, { address: String(address), ...more });
    assert.equal(status, 200, told.error);
    assert.ok(!more.until || told.address.startsWith(more.until), `${told.address}: ${told.text}`);
    return told;
  }

  /** The same, as an address. */
  async answers(address, more) {
    return new URL((await this.visits(address, more)).address);
  }
}

/** A relying party's own address, where forms are posted to it. */
export class Listener {
  #posted = [];
  #waiting = [];

  static async start() {
    const listener = new Listener();
    listener.server = createServer(async (request, response) => {
      let body = "";
      for await (const chunk of request) body += chunk;
      response.end();
      const form = new URLSearchParams(body);
      const next = listener.#waiting.shift();
      if (next) next(form);
      else listener.#posted.push(form);
    });
    await once(listener.server.listen(0, "127.0.0.1"), "listening");
    listener.address = `http://127.0.0.1:${listener.server.address().port}/backchannel-logout`;
    return listener;
  }

  /** The next form that comes. */
  async heard() {
    if (this.#posted.length > 0) return this.#posted.shift();
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error("nobody called")), PATIENCE);
      this.#waiting.push((form) => (clearTimeout(late), resolve(form)));
    });
  }

  stop() {
    this.server.closeAllConnections();
    this.server.close();
  }
}

async function sent(address, body) {
  const options = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  const answer = await fetch(address, options);
  return { status: answer.status, told: await answer.json() };
}
