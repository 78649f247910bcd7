/** BIRD's control socket, as far as a dispatcher asks there; and how it may misbehave. */

import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export class FakeBird {
  readonly path: string;
  /** Ours, by name: is it enabled? */
  readonly protocols = new Map<string, boolean>();
  /** Information on each session of BGP. */
  sessions: string[] = [];
  /** What it was asked, but for `show`. */
  readonly asked: string[] = [];
  /** In place of what it would say. */
  says: ((command: string) => string | undefined) | undefined;
  greeting = "0001 BIRD 2.0.12 ready.\n";
  readonly #folder = mkdtempSync(join(tmpdir(), "oneip-bird-"));
  readonly #connections = new Set<Socket>();
  #server: Server | undefined;

  constructor(protocols: readonly string[] = []) {
    this.path = join(this.#folder, "bird.ctl");
    for (const name of protocols) this.protocols.set(name, !name.endsWith("_drain"));
  }

  async start(): Promise<void> {
    const server = createServer((socket) => {
      this.#connections.add(socket);
      socket.on("close", () => this.#connections.delete(socket));
      socket.on("error", () => {});
      socket.write(this.greeting);
      socket.setEncoding("latin1");
      socket.on("data", (text: string) => {
        for (const command of text.trimEnd().split("\n")) socket.write(this.#answer(command));
      });
    });
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(this.path, resolve));
  }

  async stop(): Promise<void> {
    for (const socket of this.#connections) socket.destroy();
    await new Promise((resolve) => this.#server?.close(resolve) ?? resolve(undefined));
  }

  /** Names of those that are enabled. */
  get enabled(): string[] {
    return [...this.protocols].filter(([, isEnabled]) => isEnabled).map(([name]) => name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    rmSync(this.#folder, { recursive: true });
  }

  #answer(command: string): string {
    const said = this.says?.(command);
    if (said !== undefined) return said;
    if (command === "show protocols") return this.#table();
    this.asked.push(command);
    const [, verb, name = ""] = /^(enable|disable) "([^"]+)"$/.exec(command) ?? [];
    if (verb === undefined) return "9001 syntax error, unexpected CF_SYM_UNDEFINED\n";
    const isEnabled = this.protocols.get(name);
    if (isEnabled === undefined) return "8003 No protocols match\n";
    this.protocols.set(name, verb === "enable");
    if (isEnabled === (verb === "enable")) {
      return `${isEnabled ? "0010" : "0008"}-${name}: already ${verb}d\n0000 \n`;
    }
    return `${isEnabled ? "0009" : "0011"}-${name}: ${verb}d\n0000 \n`;
  }

  #table(): string {
    const rows = [
      "device1    Device     ---        up     15:39:30.098  ",
      ...[...this.protocols].map(([name, isEnabled]) =>
        `${name} Static     master4    ${isEnabled ? "up" : "down"}     15:39:33.536  `
      ),
      ...this.sessions.map((info, index) =>
        `router${index}    BGP        ---        start     15:39:31.033  ${info}   `
      ),
    ];
    return `2002-Name       Proto      Table      State  Since         Info\n1002-${
      rows.join("\n ")
    }\n0000 \n`;
  }
}
