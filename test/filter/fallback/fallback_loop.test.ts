import pino from "pino";
import { expect, test } from "vitest";
import { parseConfig } from "oneip";
import { MemoryDevice } from "../../../src/device/memory.ts";
import { FallbackLoop } from "../../../src/filter/fallback/fallback_loop.ts";
import { LinkFrames } from "../../../src/link/link_frames.ts";
import { VirtualClock } from "../../../src/system/virtual_clock.ts";
import { parseMac } from "../../../src/wire/address.ts";
import * as f from "../../frames.ts";
import { PLAN } from "../../path/arrange.ts";

const CONFIG = parseConfig(
  `
dispatcher: {addresses: [10.0.0.2/24, "2001:db8::2/64"]}
clusters:
  - name: web
    addresses: ["${f.IP.cluster}", "${f.IP6.cluster}"]
    fallback: broadcast
    agent: {keyFile: k}
    backends: [{name: web1, address: ${f.IP.backend1}}, {name: web2, address: ${f.IP.backend2}}]`,
  "test.yaml",
  "test",
);
const cluster = CONFIG.clusters[0]!;

const machine = (mac: string, address: string, address6: string) =>
  new LinkFrames({
    mac: parseMac(mac)!,
    vlan: undefined,
    addresses: [{ address, prefixLength: 24 }, { address: address6, prefixLength: 64 }],
  });
const router = machine(f.MAC.router, f.IP.router, f.IP6.router);
const dispatcher = new LinkFrames(PLAN);

/** The fallback of web1 on a link that the test speaks for. */
class Link {
  readonly clock = new VirtualClock();
  readonly logged: string[] = [];
  live = ["web1", "web2"];
  readonly #socket = new MemoryDevice();
  readonly #loop: FallbackLoop;

  constructor() {
    const log = pino({}, { write: (line: string) => this.logged.push(JSON.parse(line).msg) });
    const self = cluster.backends[0]!;
    const options = { config: CONFIG, cluster, self, live: () => this.live, clock: this.clock, log };
    this.#loop = new FallbackLoop(options, parseMac(f.MAC.backend1)!, [this.#socket]);
    this.#loop.start();
  }

  /** A frame comes. */
  says(frame: Uint8Array<ArrayBuffer>): void {
    this.#socket.put(frame);
  }

  /** What web1 has sent since the last look. */
  sent(): string[] {
    return this.#socket.sent.splice(0).map((frame) => f.hex(frame));
  }

  stop(): void {
    this.#loop.stop();
  }
}

test("asks for the dispatcher, and answers with the group's MAC when it is silent", async () => {
  const link = new Link();
  const questions = [router.question(f.IP.cluster, undefined), router.question(f.IP6.cluster, undefined)];
  for (const question of questions) link.says(question);
  await link.clock.advance(250);
  const web1 = machine(f.MAC.backend1, f.IP.backend1, f.IP6.backend1);
  expect(link.sent()).toEqual([f.hex(web1.question(f.IP.dispatcher, undefined))]);
  await link.clock.advance(250);
  const answers = questions.map((question) => web1.answer(web1.questionIn(question)!, cluster.group));
  expect(link.sent()).toEqual(answers.map((answer) => f.hex(answer)));
  expect(link.logged).toEqual(["the dispatcher is gone: answers for the cluster"]);
  link.says(dispatcher.announcement(f.IP.dispatcher));
  await link.clock.advance(250);
  expect(link.logged.slice(1)).toEqual(["the dispatcher is back"]);
});

test("leaves the routers to the dispatcher when that answers, and to the first live backend", async () => {
  const link = new Link();
  link.says(router.question(f.IP.cluster, undefined));
  await link.clock.advance(250);
  const asked = link.sent();
  link.says(dispatcher.announcement(f.IP.dispatcher));
  await link.clock.advance(1000);
  expect([asked.length, link.sent()]).toEqual([1, []]);
  link.live = ["web0", "web1"];
  await link.clock.advance(1000);
  link.says(router.question(f.IP.cluster, undefined));
  await link.clock.advance(1000);
  expect(link.sent()).toEqual([]);
});

test("what another backend says in the dispatcher's place is not the dispatcher's word, nor are its questions the routers'", async () => {
  const link = new Link();
  const web2 = machine(f.MAC.backend2, f.IP.backend2, "2001:db8::12");
  link.says(web2.question(f.IP.dispatcher, undefined));
  link.says(web2.question(f.IP.cluster, undefined));
  await link.clock.advance(1000);
  expect(link.sent()).toEqual([]);
  link.says(web2.announcement(f.IP.dispatcher, cluster.group));
  link.says(router.question(f.IP.cluster, undefined));
  await link.clock.advance(500);
  expect(link.sent().length).toBe(2);
});

test("nothing is sent and nothing waits any more when it has stopped", async () => {
  const link = new Link();
  link.says(router.question(f.IP.cluster, undefined));
  link.stop();
  await link.clock.advance(1000);
  expect([link.sent(), link.clock.waiting]).toEqual([[], 0]);
});
