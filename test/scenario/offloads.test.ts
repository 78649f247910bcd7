import { expect, test } from "vitest";
import type { Lab } from "oneip";
import { casesOf } from "../halves.ts";
import { needsTap } from "../needs.ts";
import { RUNTIME } from "../runtime.ts";
import { clientOf, CLUSTER, CLUSTER6, labWith, lastReport, withFastPath } from "./labs.ts";

const SIZE = 10_000_000;

/** Sends zeros and compares what the server says of them with what was sent. */
async function upload(lab: Lab, url: string, client: string): Promise<void> {
  const zeros = `head -c ${SIZE} /dev/zero`;
  const printed = await lab.node("client1").exec(
    "bash",
    "-c",
    `${zeros} | sha256sum | cut -d" " -f1; ${zeros} | curl -sSg --max-time 150 --interface ${client} -T - ${url}`,
  );
  const [sent, taken] = printed.trim().split("\n");
  expect(taken).toBe(sent);
}

interface Ended {
  /** Octets of an average frame to a backend. */
  readonly averageFrame: number;
  /** How many of them the kernel has dispatched itself. */
  readonly fast: number;
  /** Frames that the dispatcher called bad. */
  readonly rejected: Readonly<Record<string, number>>;
}

async function end(lab: Lab): Promise<Ended> {
  await lab.node("lb").program!.stop();
  const { verdicts, octets, dispatched, fastPath } = lastReport(lab.node("lb"));
  const bad = ["drop_malformed", "drop_too_big", "drop_transmit", "drop_runt", "too_big"];
  return {
    averageFrame: sum(octets) / sum(dispatched),
    fast: fastPath.dispatched,
    rejected: Object.fromEntries(bad.map((name) => [name, verdicts[name]!])),
  };
}

function sum(numbers: Readonly<Record<string, number>>): number {
  return Object.values(numbers).reduce((total, number) => total + number, 0);
}

const NONE = { drop_malformed: 0, drop_too_big: 0, drop_transmit: 0, drop_runt: 0, too_big: 0 };

const FAST_PATH = casesOf(RUNTIME, { deno: "on", node: "off" });

test.skipIf(needsTap()).each(FAST_PATH)(
  "uploads travel in super-frames and arrive whole, in both families, fast path %s",
  async (fastPath) => {
    await using lab = await labWith("gso", (config) => withFastPath(config, fastPath));
    expect(lab.node("lb").program!.log).toContain('"offloads":["checksum","tso4"');
    await upload(lab, `http://${CLUSTER}/`, "198.51.100.7");
    await upload(lab, `http://[${CLUSTER6}]/`, "2001:db8:51::7");
    const { averageFrame, fast, rejected } = await end(lab);
    expect(averageFrame).toBeGreaterThan(5000);
    expect(fast > 0).toBe(fastPath === "on");
    expect(rejected).toEqual(NONE);
  },
);

test.skipIf(needsTap())("with offloads off they travel frame by frame", async () => {
  await using lab = await labWith(
    "plain",
    (config) => config.replace("bridge:", "offloads: false\n  bridge:"),
  );
  expect(lab.node("lb").program!.log).toContain('"offloads":[]');
  await upload(lab, `http://${CLUSTER}/`, "198.51.100.7");
  await upload(lab, `http://[${CLUSTER6}]/`, "2001:db8:51::7");
  const { averageFrame, rejected } = await end(lab);
  expect(averageFrame).toBeLessThan(1515);
  expect(rejected).toEqual(NONE);
});

test.skipIf(needsTap()).each(FAST_PATH)(
  "a super-frame whose packets are too big for the way ahead makes its sender cut smaller ones, fast path %s",
  async (fastPath) => {
    const small = (config: string) =>
      withFastPath(config, fastPath).replaceAll(/address: (10\.0\.0\.1\d)/g, "address: $1, mtu: 1400");
    await using lab = await labWith("small", small);
    const client = clientOf("web1");
    await upload(lab, `http://${CLUSTER}/`, client);
    await upload(lab, `http://[${CLUSTER6}]/`, "2001:db8:51::7");
    const route = await lab.node("client1").exec("ip", "route", "get", CLUSTER, "from", client);
    expect(route).toContain("mtu 1400");
    const { averageFrame, fast, rejected: { too_big: answered, ...others } } = await end(lab);
    expect(averageFrame).toBeGreaterThan(5000);
    expect(fast > 0).toBe(fastPath === "on");
    expect(answered).toBeGreaterThan(1);
    expect(others).toEqual({ drop_malformed: 0, drop_too_big: 0, drop_transmit: 0, drop_runt: 0 });
  },
);
