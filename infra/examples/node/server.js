// A clinic's appointments, whose patients sign in with Digital ID. Node 20, openid-client.
//
//   ISSUER=http://localhost:8080 CLIENT_ID=clinic CLIENT_SECRET=... BASE=http://127.0.0.1:3000 npm start

import { randomBytes } from "node:crypto";
import { createServer } from "node:http";

import { createRemoteJWKSet, jwtVerify } from "jose";
import * as client from "openid-client";

const { ISSUER, CLIENT_ID, CLIENT_SECRET, BASE } = process.env;
const CALLBACK = `${BASE}/callback`;
const SCOPE = "openid profile citizen_id offline_access";
const LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout";

// Plain http is for a provider on this machine, never for the real one.
const options = ISSUER.startsWith("http://") ? { execute: [client.allowInsecureRequests] } : {};
const metadata = { client_secret: CLIENT_SECRET, id_token_signed_response_alg: "ES256" };
const authentication = client.ClientSecretBasic(CLIENT_SECRET);
const provider = await client.discovery(new URL(ISSUER), CLIENT_ID, metadata, authentication, options);
client.enableNonRepudiationChecks(provider);
const keys = createRemoteJWKSet(new URL(provider.serverMetadata().jwks_uri));

// In production: a store that all instances share, with an end to every session.
const sessions = new Map();

const pages = {
  "GET /": ({ session, response }) => {
    const { person, asked } = session;
    if (!person) return page(response, 200, '<p>You are not signed in. <a href="/sign-in">Sign in with Digital ID</a></p>');
    page(response, 200, `<p>Signed in as ${text(person.name)}, level ${text(person.ial_level)}.</p>
      <p>Citizen ID ${text(person.citizen_id)}, read ${asked} times.</p>
      <p><a href="/refresh">Read again</a> <a href="/sign-out">Sign out</a></p>`);
  },

  "GET /sign-in": async ({ session, response }) => {
    const verifier = client.randomPKCECodeVerifier();
    // What the answer is checked against stays here, with this browser's session.
    session.checks = {
      pkceCodeVerifier: verifier, expectedState: client.randomState(), expectedNonce: client.randomNonce(),
    };
    redirect(response, client.buildAuthorizationUrl(provider, {
      redirect_uri: CALLBACK, scope: SCOPE, state: session.checks.expectedState, nonce: session.checks.expectedNonce,
      code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: "S256",
    }));
  },

  "GET /callback": async ({ session, url, response }) => {
    const { checks } = session;
    delete session.checks;
    if (!checks) return page(response, 400, "<p>Nobody asked for this. Please sign in again.</p>");
    // State, iss, PKCE, and the ID token: signature, iss, aud, exp, nonce.
    const tokens = await client.authorizationCodeGrant(provider, url, checks);
    const { sub, sid, ial_level } = tokens.claims();
    const person = { ial_level, ...(await client.fetchUserInfo(provider, tokens.access_token, sub)) };
    // A new name for the session, so that one planted before the sign-in is worth nothing.
    sessions.delete(session.name);
    const { id_token, refresh_token } = tokens;
    begin(response, { sub, sid, person, id_token, refresh_token, asked: 1 });
    redirect(response, "/");
  },

  "GET /refresh": async ({ session, response }) => {
    if (!session.person) return redirect(response, "/");
    try {
      const tokens = await client.refreshTokenGrant(provider, session.refresh_token);
      session.refresh_token = tokens.refresh_token;
      Object.assign(session.person, await client.fetchUserInfo(provider, tokens.access_token, session.sub));
      session.asked += 1;
    } catch (error) {
      // The month has passed, or the grant was ended: only the person can go on.
      if (error.error !== "invalid_grant") throw error;
      sessions.delete(session.name);
    }
    redirect(response, "/");
  },

  "GET /sign-out": ({ session, response }) => {
    sessions.delete(session.name);
    if (!session.id_token) return redirect(response, "/");
    const request = { id_token_hint: session.id_token, post_logout_redirect_uri: `${BASE}/` };
    redirect(response, client.buildEndSessionUrl(provider, request));
  },

  // The provider calls this when the person signs out anywhere (OpenID Connect Back-Channel Logout 1.0).
  "POST /backchannel-logout": async ({ request, response }) => {
    try {
      const expected = { issuer: ISSUER, audience: CLIENT_ID, typ: "logout+jwt", maxTokenAge: "2 minutes" };
      const { payload } = await jwtVerify(new URLSearchParams(await body(request)).get("logout_token"), keys, expected);
      if (!payload.events?.[LOGOUT_EVENT] || payload.nonce) throw new Error("no logout token");
      for (const [name, { sid }] of sessions) if (sid === payload.sid) sessions.delete(name);
      response.writeHead(200, { "cache-control": "no-store" }).end();
    } catch {
      response.writeHead(400, { "cache-control": "no-store" }).end();
    }
  },
};

createServer(async (request, response) => {
  const url = new URL(request.url, BASE);
  const show = pages[`${request.method} ${url.pathname}`];
  if (!show) return page(response, 404, "<p>Not found.</p>");
  try {
    const name = request.headers.cookie?.match(/(?:^|; )clinic=([\w-]+)/)?.[1];
    await show({ request, response, url, session: sessions.get(name) ?? begin(response, {}) });
  } catch (error) {
    // access_denied: they said no. Anything else is for whoever looks after this system.
    console.error(error.code, error.error, error.message);
    if (error.error === "access_denied") return page(response, 403, '<p>You said no. <a href="/">Back</a></p>');
    page(response, 502, '<p>Signing in did not work. <a href="/sign-in">Try again</a></p>');
  }
}).listen(new URL(BASE).port, "127.0.0.1");

function begin(response, session) {
  session.name = randomBytes(32).toString("base64url");
  sessions.set(session.name, session);
  const secure = BASE.startsWith("https://") ? "; Secure" : "";
  response.setHeader("set-cookie", `clinic=${session.name}; HttpOnly; SameSite=Lax; Path=/${secure}`);
  return session;
}

function page(response, status, content) {
  response.writeHead(status, { "content-type": "text/html; charset=utf-8", "cache-control": "no-store" });
  response.end(`<!doctype html><html lang="en"><title>Clinic</title><h1>Clinic</h1>${content}</html>`);
}

function redirect(response, address) {
  response.writeHead(303, { location: String(address) }).end();
}

function text(value) {
  return String(value).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

async function body(request) {
  let read = "";
  for await (const chunk of request) read += chunk;
  return read;
}
