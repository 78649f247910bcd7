/**
 * Connections of many clients to the labs' server, held in their middle until they are told to go on. Run on a client's node, with the
 * cluster addresses of both families as arguments; it obeys lines on its standard input and answers each with a line of JSON:
 *
 *     open CLIENT,CLIENT,...    for each of them a connection of each kind: how many there are, or a string that says what has failed
 *     go                        all go on to their end: what became of them, and then there are none
 *
 *     idle          silent since it was opened, then a request
 *     keep-alive    a request that was answered, then another
 *     download      begun, then not read any further
 *     upload        half sent
 */

import { once } from "node:events";
import { createHash } from "node:crypto";
import { connect, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { bytes } from "./bytes.ts";

const [cluster4 = "10.0.0.100", cluster6 = "2001:db8::100"] = process.argv.slice(2);

const KINDS = ["idle", "keep-alive", "download", "upload"] as const;
type Kind = (typeof KINDS)[number];

/** The beginning fills no window; for the rest the client must send or acknowledge more than once. */
const SIZE = 600_000;
const BEGINNING = 100_000;

const OCTETS = bytes(SIZE);
const SUM = createHash("sha256").update(OCTETS).digest("hex");

export interface Became {
  readonly client: string;
  readonly kind: Kind;
  /** Which backend answered first, and last. */
  readonly first: string | undefined;
  readonly last: string | undefined;
  /** Undefined when it came to its end. */
  readonly cut: string | undefined;
}

class Connection {
  readonly #client: string;
  readonly #kind: Kind;
  readonly #socket: Socket;
  /** What has come and was not taken yet, as it came. */
  #received: Buffer[] = [];
  #count = 0;
  /** With so much nobody reads on. */
  #wanted = BEGINNING;
  #first: string | undefined;
  #last: string | undefined;
  #error: Error | undefined;
  #wake = () => {};

  constructor(client: string, kind: Kind) {
    this.#client = client;
    this.#kind = kind;
    const host = client.includes(":") ? cluster6 : cluster4;
    this.#socket = connect({ host, port: 80, localAddress: client });
    this.#socket.on("data", (chunk: Buffer) => {
      this.#received.push(chunk);
      this.#count += chunk.length;
      // What nobody asks for yet stays in the kernel, and on the way.
      if (this.#count >= this.#wanted) this.#socket.pause();
      this.#wake();
    });
    this.#socket.on("error", (error) => this.#fail(error));
    this.#socket.on("close", () => this.#fail(new Error("closed by the server")));
  }

  /** Into its middle. */
  async begin(): Promise<void> {
    try {
      await this.#begin();
    } catch (error) {
      const port = this.#socket.localPort ?? "none";
      throw new Error(`${this.#kind} of ${this.#client}, port ${port}: ${(error as Error).message}`);
    }
  }

  async #begin(): Promise<void> {
    await once(this.#socket, "connect");
    switch (this.#kind) {
      case "idle":
        return;
      case "keep-alive":
        this.#first = await this.#request();
        return;
      case "download":
        this.#send(`GET /bytes/${SIZE} HTTP/1.1\r\nHost: oneip\r\n\r\n`);
        this.#first = backendIn(await this.#header());
        return;
      case "upload":
        this.#send(`PUT / HTTP/1.1\r\nHost: oneip\r\nContent-Length: ${SIZE}\r\n\r\n`);
        this.#send(OCTETS.subarray(0, BEGINNING));
    }
  }

  /** From its middle to its end. */
  async goOn(): Promise<Became> {
    let cut: string | undefined;
    try {
      await this.#goOn();
    } catch (error) {
      cut = (error as Error).message;
    }
    this.#socket.removeAllListeners("close");
    this.#socket.destroy();
    return { client: this.#client, kind: this.#kind, first: this.#first, last: this.#last, cut };
  }

  async #goOn(): Promise<void> {
    switch (this.#kind) {
      case "idle":
      case "keep-alive":
        this.#last = await this.#request();
        return;
      case "download": {
        // One who only listens would never learn that the server has gone.
        this.#socket.setKeepAlive(true, 1000);
        const got = await this.#take(SIZE);
        if (!got.equals(OCTETS)) throw new Error("other octets than were asked for");
        this.#last = this.#first;
        return;
      }
      case "upload": {
        this.#send(OCTETS.subarray(BEGINNING));
        const header = await this.#header();
        this.#last = backendIn(header);
        if ((await this.#body(header)).trim() !== SUM) throw new Error("other octets came than were sent");
      }
    }
  }

  async #request(): Promise<string | undefined> {
    this.#send(`GET / HTTP/1.1\r\nHost: oneip\r\n\r\n`);
    const header = await this.#header();
    await this.#body(header);
    return backendIn(header);
  }

  async #header(): Promise<string> {
    const end = await this.#until(() => this.#joined().indexOf("\r\n\r\n"), (at) => at >= 0);
    return (await this.#take(end + 4)).toString();
  }

  async #body(header: string): Promise<string> {
    return (await this.#take(Number(/content-length: (\d+)/i.exec(header)![1]))).toString();
  }

  async #take(count: number): Promise<Buffer> {
    this.#wanted = Math.max(count, BEGINNING);
    if (this.#count < count) this.#socket.resume();
    await this.#until(() => this.#count, (length) => length >= count);
    const all = this.#joined();
    this.#received = [all.subarray(count)];
    this.#count -= count;
    this.#wanted = BEGINNING;
    return all.subarray(0, count);
  }

  #joined(): Buffer {
    if (this.#received.length !== 1) this.#received = [Buffer.concat(this.#received)];
    return this.#received[0]!;
  }

  async #until<T>(value: () => T, isEnough: (value: T) => boolean): Promise<T> {
    while (!isEnough(value())) {
      if (this.#error !== undefined) throw this.#error;
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    return value();
  }

  #send(data: string | Buffer): void {
    this.#socket.write(data);
  }

  #fail(error: Error): void {
    this.#error ??= error;
    this.#wake();
  }
}

function backendIn(header: string): string | undefined {
  return /x-backend: (\S+)/i.exec(header)?.[1];
}

let connections: Connection[] = [];
for await (const line of createInterface({ input: process.stdin })) {
  const [word, clients = ""] = line.split(" ");
  if (word === "open") {
    const opened = clients.split(",").flatMap((client) => KINDS.map((kind) => new Connection(client, kind)));
    connections.push(...opened);
    const begun = Promise.all(opened.map((connection) => connection.begin()));
    console.log(JSON.stringify(await begun.then(() => connections.length, (error: Error) => error.message)));
  } else {
    console.log(JSON.stringify(await Promise.all(connections.map((connection) => connection.goOn()))));
    connections = [];
  }
}
