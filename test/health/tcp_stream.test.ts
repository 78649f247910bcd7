/** The prober's TCP against a plain one, over frames in memory and in virtual time. */

import { expect, test } from "vitest";
import { parseMac, VirtualClock } from "oneip";
import type { Means } from "../../src/health/attempt.ts";
import { ProbePorts } from "../../src/health/ports.ts";
import { TcpStream } from "../../src/health/tcp_stream.ts";
import { IpFrames } from "../../src/link/ip_frames.ts";
import * as f from "../frames.ts";
import { roundsOf } from "../needs.ts";
import { Random } from "../random.ts";
import { askedIn, FLAGS } from "./segment.ts";
import { type Serve, TcpServer } from "./tcp_server.ts";
import { MACHINE_RANDOM } from "../../src/system/random.ts";

const PLAN = {
  mac: parseMac(f.MAC.dispatcher)!,
  vlan: undefined,
  addresses: [{ address: f.IP.dispatcher, prefixLength: 24 }, {
    address: f.IP6.dispatcher,
    prefixLength: 64,
  }],
};

interface Options {
  readonly seed?: number;
  /** In per cent. */
  readonly loss?: number;
  readonly isIpv6?: boolean;
  /** Spoils frames of the server's. */
  readonly spoil?: (frame: Uint8Array) => void;
}

function arrange(serve: Serve, { seed = 1, loss = 0, isIpv6 = false, spoil }: Options = {}) {
  const clock = new VirtualClock();
  const random = new Random(seed);
  const to = isIpv6 ? f.IP6.cluster : f.IP.cluster;
  const backend = { mac: f.MAC.backend1, addresses: [to], open: [80] };
  const frames = new IpFrames(PLAN);
  const ports = new ProbePorts(frames, 0);
  const sent: Uint8Array<ArrayBuffer>[] = [];
  const server = new TcpServer(backend, {
    clock,
    deliver: (frame) => {
      spoil?.(frame);
      clock.after(1 + random.below(3), () => ports.heard(frame));
    },
    isLost: () => random.below(100) < loss,
  }, serve);
  const means: Means = {
    frames,
    ports,
    random: MACHINE_RANDOM,
    clock,
    send: (frame) => {
      sent.push(frame);
      clock.after(1, () => server.hear(frame));
    },
  };
  const from = isIpv6 ? f.IP6.dispatcher : f.IP.dispatcher;
  const stream = TcpStream.connect(means, { from, to, mac: parseMac(f.MAC.backend1)! }, 80)!;
  const received: number[] = [];
  stream.on("data", (chunk: Uint8Array) => received.push(...chunk));
  return { clock, server, stream, received, sent, ports };
}

const echo: Serve = (connection) => {
  connection.send(connection.received.splice(0));
  if (connection.hasEnded) connection.end();
};

for (const isIpv6 of [false, true]) {
  test(`${isIpv6 ? "IPv6" : "IPv4"}: connects, sends, gets an echo, ends on both sides`, async () => {
    const { clock, stream, received, server } = arrange(echo, { isIpv6 });
    let hasEnded = false;
    stream.on("end", () => hasEnded = true);
    stream.end("hello");
    await clock.advance(2000);
    expect(Buffer.from(received).toString()).toBe("hello");
    expect(hasEnded).toBe(true);
    expect(server.connections[0]!.hasEnded).toBe(true);
    expect(stream.failure).toBeUndefined();
  });
}

const ECHOES = roundsOf(40);

test(`${ECHOES} echoes of up to 20 kB through five per cent of loss are whole`, async () => {
  for (let seed = 1; seed <= ECHOES; seed++) {
    const random = new Random(seed);
    const octets = Uint8Array.from(random.octets(1 + random.below(20_000)));
    const { clock, stream, received } = arrange(echo, { seed, loss: 5, isIpv6: seed % 2 === 0 });
    stream.end(octets);
    await clock.advance(120_000);
    expect(Buffer.from(received).equals(Buffer.from(octets)), `seed ${seed}`).toBe(true);
    stream.destroy();
  }
});

test("a reader that stands still closes the window, and goes on where it was", async () => {
  const octets = new Array<number>(200_000).fill(7);
  const { clock, stream, received } = arrange((connection) => {
    if (connection.received.length === 0) connection.send(octets);
  });
  stream.pause();
  await clock.advance(10_000);
  expect(received).toEqual([]);
  expect(stream.readableLength).toBeLessThan(100_000);
  stream.resume();
  await clock.advance(60_000);
  expect(received).toHaveLength(octets.length);
  stream.destroy();
});

test("a port that refuses, and one that never answers", async () => {
  const { clock, stream, server } = arrange(() => {});
  server.hear = () => {};
  await clock.advance(3000);
  expect(stream.isOpen).toBe(false);
  expect(stream.silence.fault).toBe("alias-missing");
  stream.destroy();
});

test("reset by the server", async () => {
  const { clock, stream } = arrange((connection) => connection.reset());
  stream.write("x");
  await clock.advance(100);
  expect(stream.destroyed).toBe(true);
  expect(stream.failure?.reason).toBe("it resets the connection to 10.0.0.100:80");
});

test("destroyed: the server gets a reset, and the port is free again", async () => {
  const { clock, stream, server, sent } = arrange(echo);
  stream.write("x");
  await clock.advance(100);
  stream.destroy();
  await clock.advance(100);
  expect(server.connections[0]!.wasReset).toBe(true);
  expect(sent.filter((frame) => (askedIn(frame).view.getUint8(13) & FLAGS.rst) !== 0)).toHaveLength(1);
});

test("a wrong checksum is not believed, and a reset with a guessed number is challenged", async () => {
  const spoilt = arrange(echo, { spoil: (frame) => frame[50]! ^= 1 });
  await spoilt.clock.advance(1000);
  expect(spoilt.stream.isOpen).toBe(false);
  spoilt.stream.destroy();

  const { clock, stream, sent, ports } = arrange(echo);
  stream.write("x");
  await clock.advance(100);
  const { view } = askedIn(sent.at(-1)!);
  const reset = (sequence: number) =>
    f.ethernet(
      f.ipv4(
        f.tcp({
          src: f.IP.cluster,
          dst: f.IP.dispatcher,
          srcPort: 80,
          port: view.getUint16(0),
          flags: FLAGS.rst,
          sequence: sequence >>> 0,
        }),
        { src: f.IP.cluster, dst: f.IP.dispatcher, protocol: f.PROTOCOL.tcp },
      ),
      { src: f.MAC.backend1 },
    );
  const before = sent.length;
  ports.heard(reset(view.getUint32(8) + 100));
  ports.heard(reset(view.getUint32(8) + 100_000));
  await clock.advance(1);
  expect(sent.length - before, "one challenge").toBe(1);
  expect(stream.destroyed).toBe(false);
  ports.heard(reset(view.getUint32(8)));
  expect(stream.destroyed).toBe(true);
});

const SPOILT = roundsOf(500);

test(`${SPOILT} connections with spoilt segments raise no exception`, async () => {
  for (let seed = 1; seed <= SPOILT; seed++) {
    const random = new Random(seed);
    const { clock, stream } = arrange(echo, {
      seed,
      loss: 10,
      spoil: (frame) => {
        for (let count = random.below(4); count > 0; count--) {
          frame[34 + random.below(frame.length - 34)] = random.below(256);
        }
        frame.set([0, 0], 50);
        const pseudo = [...frame.slice(26, 34), 0, 6, ...f.u16(frame.length - 34)];
        frame.set(f.u16(f.checksum([...pseudo, ...frame.slice(34)])), 50);
      },
    });
    stream.end(Uint8Array.from(random.octets(random.below(3000))));
    await clock.advance(1000);
    stream.destroy();
  }
});
