import { expect, test } from "vitest";
import type { Lab } from "oneip";
import { needsTap } from "../needs.ts";
import { clientOf, CLUSTER, CLUSTER6, labWith, lastReport } from "./labs.ts";

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

/** Octets of an average frame that the kernel has handed to the dispatcher. */
async function averageFrame(lab: Lab): Promise<number> {
  const statistic = (name: string) => lab.node("lb").exec("cat", `/sys/class/net/oneip0/statistics/${name}`);
  return Number(await statistic("tx_bytes")) / Number(await statistic("tx_packets"));
}

/** Frames that the dispatcher called bad. */
async function rejected(lab: Lab): Promise<Record<string, number>> {
  await lab.node("lb").program!.stop();
  const { verdicts } = lastReport(lab.node("lb"));
  const bad = ["drop_malformed", "drop_too_big", "drop_transmit", "drop_runt", "too_big"];
  return Object.fromEntries(bad.map((name) => [name, verdicts[name]!]));
}

const NONE = { drop_malformed: 0, drop_too_big: 0, drop_transmit: 0, drop_runt: 0, too_big: 0 };

test.skipIf(needsTap())("uploads travel in super-frames and arrive whole, in both families", async () => {
  await using lab = await labWith("gso", (config) => config);
  expect(lab.node("lb").program!.log).toContain('"offloads":["checksum","tso4"');
  await upload(lab, `http://${CLUSTER}/`, "198.51.100.7");
  await upload(lab, `http://[${CLUSTER6}]/`, "2001:db8:51::7");
  expect(await averageFrame(lab)).toBeGreaterThan(5000);
  expect(await rejected(lab)).toEqual(NONE);
});

test.skipIf(needsTap())("with offloads off they travel frame by frame", async () => {
  await using lab = await labWith(
    "plain",
    (config) => config.replace("bridge:", "offloads: false\n  bridge:"),
  );
  expect(lab.node("lb").program!.log).toContain('"offloads":[]');
  await upload(lab, `http://${CLUSTER}/`, "198.51.100.7");
  await upload(lab, `http://[${CLUSTER6}]/`, "2001:db8:51::7");
  expect(await averageFrame(lab)).toBeLessThan(1515);
  expect(await rejected(lab)).toEqual(NONE);
});

test.skipIf(needsTap())(
  "a super-frame whose packets are too big for the way ahead makes its sender cut smaller ones",
  async () => {
    const small = (config: string) =>
      config.replaceAll(/address: (10\.0\.0\.1\d)/g, "address: $1, mtu: 1400");
    await using lab = await labWith("small", small);
    const client = clientOf("web1");
    await upload(lab, `http://${CLUSTER}/`, client);
    await upload(lab, `http://[${CLUSTER6}]/`, "2001:db8:51::7");
    const route = await lab.node("client1").exec("ip", "route", "get", CLUSTER, "from", client);
    expect(route).toContain("mtu 1400");
    expect(await averageFrame(lab)).toBeGreaterThan(5000);
    const { too_big: answered, ...others } = await rejected(lab);
    expect(answered).toBeGreaterThan(1);
    expect(others).toEqual({ drop_malformed: 0, drop_too_big: 0, drop_transmit: 0, drop_runt: 0 });
  },
);
