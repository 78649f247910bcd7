/** The probes `udp` and `dns`, in virtual time. */

import { expect, test } from "vitest";
import * as f from "../frames.ts";
import { ProbeBench } from "./arrange.ts";

const ROUNDS_MS = 20_000;

/** What is told of one backend that answers like this: the last word. */
async function told(
  health: object,
  udp: ((data: Uint8Array, port: number) => Uint8Array | undefined) | undefined,
) {
  const words = [];
  for (const address of [f.IP.cluster, f.IP6.cluster]) {
    const bench = new ProbeBench({ health }, { addresses: [address] });
    if (udp !== undefined) bench.backends[0]!.udp = udp;
    bench.prober.start();
    await bench.clock.advance(ROUNDS_MS);
    words.push(bench.changes.at(-1)!.replace(address, "ADDRESS").replace("[ADDRESS]", "ADDRESS"));
    bench.prober.stop();
  }
  expect(words[1]).toBe(words[0]);
  return words[0];
}

const PING = { type: "udp", port: 7, send: "ping \x00\xff" };
const octetsOf = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));

test("udp: an answer, the wanted answer, another one, none, nobody there", async () => {
  const echo = (data: Uint8Array, port: number) => port === 7 ? data : undefined;
  expect(await told(PING, echo)).toBe("web1 up: it answers what it is asked");
  expect(await told({ ...PING, expect: "\x00\xff" }, echo)).toMatch(/^web1 up/);
  expect(await told({ ...PING, expect: "pong" }, echo)).toBe(
    'web1 down: it answers udp at ADDRESS:7 without "pong" in it',
  );
  expect(await told(PING, () => undefined)).toBe(
    "web1 down alias-missing: it does not answer udp at ADDRESS:7",
  );
  expect(await told(PING, undefined)).toBe(
    "web1 down no-service: nobody listens at UDP ADDRESS:7: port unreachable",
  );
});

const DNS = { type: "dns", query: "www.Example.com" };
const FLAGS_OK = [0x81, 0x80];

/** A server that answers a question with these records, each a type and its data. */
const answering = (
  records: readonly (readonly [type: number, data: f.Octets])[],
  flags: f.Octets = FLAGS_OK,
  change: (message: number[]) => number[] = (message) => message,
) =>
(query: Uint8Array) =>
  Uint8Array.from(change([
    ...query.slice(0, 2),
    ...flags,
    ...[0, 1, 0, records.length, 0, 0, 0, 0],
    ...query.slice(12),
    ...records.flatMap((
      [type, data],
    ) => [0xc0, 12, 0, type, 0, 1, 0, 0, 0, 60, ...f.u16(data.length), ...data]),
  ]));

const A = [1, f.ip("192.0.2.1")] as const;
const AAAA = [28, f.ip6("2001:db8::1")] as const;
const CNAME = [5, [1, 97, 0]] as const;

test("dns: NOERROR, the wanted address, and what is neither", async () => {
  expect(await told(DNS, answering([]))).toMatch(/^web1 up/);
  expect(await told({ ...DNS, answer: "192.0.2.1" }, answering([CNAME, A]))).toMatch(/^web1 up/);
  expect(await told({ ...DNS, record: "AAAA", answer: "2001:db8::1" }, answering([AAAA]))).toMatch(
    /^web1 up/,
  );
  expect(await told({ ...DNS, answer: "192.0.2.2" }, answering([A]))).toBe(
    "web1 down: it answers dns at ADDRESS:53 without the address 192.0.2.2",
  );
  expect(await told(DNS, answering([], [0x81, 0x83]))).toBe(
    "web1 down: it answers dns at ADDRESS:53 with NXDOMAIN",
  );
  expect(await told(DNS, answering([], [0x81, 0x82]))).toMatch(/with SERVFAIL$/);
});

test("dns: another id, another question, no answer at all, half an answer", async () => {
  const silent = "web1 down alias-missing: it does not answer dns at ADDRESS:53";
  expect(await told(DNS, answering([A], FLAGS_OK, (message) => message.with(0, message[0]! ^ 1)))).toBe(
    silent,
  );
  expect(await told(DNS, answering([A], FLAGS_OK, (message) => message.with(13, 120)))).toBe(silent);
  expect(await told(DNS, answering([A], [0x01, 0x00]))).toBe(silent);
  expect(await told(DNS, () => octetsOf("garbage"))).toBe(silent);
  for (let length = 34; length < 48; length++) {
    const half = answering([A], FLAGS_OK, (message) => message.slice(0, length));
    expect(await told({ ...DNS, answer: "192.0.2.1" }, half)).toMatch(/^web1 down/);
  }
});

test("dns: answers that are no answers raise no exception", async () => {
  const bench = new ProbeBench({
    health: { ...DNS, answer: "192.0.2.1", interval: "100ms", timeout: "50ms" },
  });
  let seed = 1;
  const next = () => seed = (seed * 48_271) % 0x7fff_ffff;
  bench.backends[0]!.udp = (query) => {
    const message = answering([CNAME, A, A])(query);
    for (let count = next() % 6; count > 0; count--) {
      message[12 + next() % (message.length - 12)] = next() & 255;
    }
    return message.slice(0, next() % (message.length + 1));
  };
  bench.prober.start();
  await bench.clock.advance(100_000);
  expect(bench.prober.counts.asked).toBeGreaterThan(900);
});
