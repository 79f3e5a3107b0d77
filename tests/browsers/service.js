// The built local service, on a port of its own for as long as a test file runs.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { connect, createServer } from "node:net";
import { fileURLToPath } from "node:url";

import { e164 } from "./person.js";

/** LOCAL_BINARY names a build of infra/local to use in place of this checkout's. */
const BINARY = process.env.LOCAL_BINARY ?? fileURLToPath(new URL("../../target/debug/local", import.meta.url));
const PATIENCE = 30_000;

export class Service {
  /** Starts it and waits until its port answers. */
  static async start() {
    if (!existsSync(BINARY)) throw new Error(`${BINARY} is not built: run cargo build first`);
    const port = await freePort();
    const origin = `http://127.0.0.1:${port}`;
    const process_ = spawn(BINARY, {
      env: { ...process.env, PORT: String(port), ISSUER: origin },
      stdio: ["ignore", "ignore", "inherit"],
    });
    const service = new Service(origin, process_);
    await service.#answers(port);
    return service;
  }

  constructor(origin, process_) {
    this.origin = origin;
    this.process = process_;
  }

  async stop() {
    if (this.process.exitCode !== null) return;
    const exit = once(this.process, "exit");
    this.process.kill();
    await exit;
  }

  /** The text messages sent so far, newest last. */
  async texts() {
    const answer = await fetch(`${this.origin}/_local/sms`, { headers: { Accept: "application/json" } });
    return answer.json();
  }

  /** The code in the newest text to a number as people type it. */
  async codeSentTo(mobile) {
    const text = (await this.texts()).findLast(({ to }) => to === e164(mobile));
    return text?.text.match(/#(\d{6})$/)?.[1];
  }

  async #answers(port) {
    const latest = Date.now() + PATIENCE;
    while (!(await accepts(port))) {
      if (this.process.exitCode !== null) throw new Error(`the service ended with ${this.process.exitCode}`);
      if (Date.now() > latest) throw new Error("the service does not answer");
    }
  }
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

/** Whether somebody listens; a refusal takes a moment, so that asking again is no busy loop. */
function accepts(port) {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => socket.destroy() && resolve(true));
    socket.once("error", () => setTimeout(resolve, 50, false));
  });
}
