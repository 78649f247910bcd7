/** Links with faults: real programs at both ends, and what the seed says beforehand. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Lab, type LinkChanges, until } from "oneip";
import { formatDecision, parseDecision } from "../../src/impairment/decision_log.ts";
import { Direction } from "../../src/impairment/direction.ts";
import { HARMLESS, type Settings } from "../../src/impairment/settings.ts";
import { ofName } from "../../src/table/hash.ts";
import { oneip } from "../cli/oneip.ts";
import { needsTap } from "../needs.ts";
import { sha256OfBytes } from "./labs.ts";

/** Of frames that the n-th ping sends, the n-th is known beforehand: nothing else crosses these links. */
const quiet = (interfaceName: string, address: string, neighbor: string, mac: string) => `
        - sysctl -qw net.ipv6.conf.all.disable_ipv6=1
        - ip address add ${address}/24 dev ${interfaceName}
        - ip neigh add ${neighbor} lladdr ${mac} dev ${interfaceName} nud permanent`;

const TOPOLOGY = `
#   a 10.1.0.1 ══ 10.1.0.2 b 10.2.0.2 ══ 10.2.0.3 c
name: links
topology:
  nodes:
    a:
      exec: ${quiet("eth1", "10.1.0.1", "10.1.0.2", "02:1a:b0:00:01:01")}
    b:
      exec: ${quiet("eth1", "10.1.0.2", "10.1.0.1", "02:1a:b0:00:00:01")} ${
  quiet("eth2", "10.2.0.2", "10.2.0.3", "02:1a:b0:00:02:01")
}
      cmd: $SERVER b
      ports: [80/tcp]
    c:
      exec: ${quiet("eth1", "10.2.0.3", "10.2.0.2", "02:1a:b0:00:01:02")}
  links:
    - endpoints: ["a:eth1", "b:eth1"]
      delay: 5ms
      jitter: 4ms
      loss: 20%
      duplicate: 10%
      seed: 7
      log: links.log
      from: {"b:eth1": {loss: 0}}
    - endpoints: ["b:eth2", "c:eth1"]
      playback: played.log
`;

const PLAYED = [
  "b:eth2 0 lost",
  "b:eth2 1 passed 1500 us",
  "b:eth2 2 down",
  "b:eth2 3 passed 0 us duplicate",
];

const SETTINGS: Settings = { ...HARMLESS, delayUs: 5000, jitterUs: 4000, loss: 0.2, duplicate: 0.1, seed: 7 };
const PINGS = 60;

/** What the seed says of so many frames, whenever they come. */
function decided(from: string, settings: Settings, count: number): string[] {
  const direction = new Direction(ofName(from), settings, 0);
  const slot = new Uint8Array(100);
  return Array.from({ length: count }, (_, frame) => {
    direction.receive(slot, 100, 0);
    return formatDecision(from, frame, direction.decision);
  });
}

describe.skipIf(needsTap())("links with faults:", () => {
  const folder = mkdtempSync(join(tmpdir(), "oneip-links-"));
  let lab: Lab;

  beforeAll(async () => {
    const file = join(folder, "links.yaml");
    writeFileSync(file, TOPOLOGY);
    writeFileSync(join(folder, "played.log"), `${PLAYED.join("\n")}\n`);
    lab = await Lab.up(file, { name: `t${process.pid}-links` });
  });
  afterAll(async () => {
    await lab?.down();
    rmSync(folder, { recursive: true });
  });

  const link = () => lab.link("a:eth1");
  const counts = async (from: string) =>
    (await lab.link(from).status()).find((direction) => direction.from === from)!.counts;
  /** Every harm that an earlier test has set is gone. */
  const nothingBut = (changes: LinkChanges) => {
    const harmless = {
      delay: 0,
      jitter: 0,
      loss: 0,
      duplicate: 0,
      reorder: 0,
      corrupt: 0,
      rate: 0,
      queue: 1000,
      down: false,
    };
    const { from = {}, ...both } = changes;
    return link().set({ ...harmless, ...both, from });
  };
  /** Pings until so many were answered. By sequence number from 1: the times of the answers in ms. */
  async function ping(node: string, address: string, answered: number): Promise<Map<number, number[]>> {
    const { stdout } = await lab.node(node).run(
      ["ping", "-n", "-c", `${answered}`, "-i", "0.02", "-w", "60", address],
    );
    const answers = new Map<number, number[]>();
    for (const [, sequence, time] of stdout.matchAll(/icmp_seq=(\d+) .*time=([\d.]+) ms/g)) {
      answers.set(Number(sequence), [...(answers.get(Number(sequence)) ?? []), Number(time)]);
    }
    return answers;
  }
  /** Pings twice, and is not answered. */
  async function pingInVain(): Promise<void> {
    const { stdout } = await lab.node("a").run(["ping", "-c", "2", "-i", "0.02", "-W", "0.1", "10.1.0.2"]);
    expect(stdout).toContain(" 0 received");
  }

  test("ping meets what the seed says of each frame: which are lost, doubled, and how late", async () => {
    const requests = decided("a:eth1", SETTINGS, PINGS);
    // A doubled request is answered twice, and each answer may be doubled again: none is lost on the way back.
    const heard = requests.flatMap((line, index) => {
      const { decision: { fate, isDuplicated, delayUs } } = parseDecision(line)!;
      return fate !== 0
        ? []
        : Array.from({ length: isDuplicated ? 2 : 1 }, () => ({ sequence: index + 1, delayUs }));
    });
    const replies = decided("b:eth1", { ...SETTINGS, loss: 0 }, heard.length);
    const want = new Map<number, { readonly count: number; readonly leastMs: number }>();
    for (const [index, { sequence, delayUs }] of heard.entries()) {
      const reply = parseDecision(replies[index]!)!.decision;
      const before = want.get(sequence);
      const leastMs = (delayUs + reply.delayUs) / 1000;
      want.set(sequence, {
        count: (before?.count ?? 0) + (reply.isDuplicated ? 2 : 1),
        leastMs: Math.min(before?.leastMs ?? Infinity, leastMs),
      });
    }
    const answers = await ping("a", "10.1.0.2", want.size);
    expect([...answers.keys()]).toEqual([...want.keys()]);
    for (const [sequence, times] of answers) {
      const { count, leastMs } = want.get(sequence)!;
      // It ends with the last one's first answer.
      if (sequence !== [...want.keys()].at(-1)) expect(times.length, `to ping ${sequence}`).toBe(count);
      // ping rounds to three digits.
      expect(Math.min(...times)).toBeGreaterThanOrEqual(leastMs * 0.99);
    }
    // While it waited for its answers, it may have sent more.
    const log = await link().decisions();
    const logged = (end: string, count: number) => log.filter((line) => line.startsWith(end)).slice(0, count);
    expect(logged("a:", PINGS)).toEqual(requests);
    expect(logged("b:", heard.length)).toEqual(replies);
    const { frames, ...became } = await counts("a:eth1");
    const lines = decided("a:eth1", SETTINGS, frames);
    const countOf = (word: string) => lines.filter((line) => line.includes(word)).length;
    expect(became).toMatchObject({
      passed: countOf("passed"),
      lost: countOf("lost"),
      duplicated: countOf("duplicate"),
    });
  });

  test("a log is played back: the n-th frame meets what the n-th one met, and those after the last pass", async () => {
    const answers = await ping("b", "10.2.0.3", 4);
    expect([...answers].map(([sequence, times]) => [sequence, times.length])).toEqual([
      [2, 1],
      [4, 2],
      [5, 1],
      [6, 1],
    ]);
    expect(answers.get(2)![0]).toBeGreaterThanOrEqual(1.49);
    await expect(lab.link("c:eth1").set({ loss: "1%" })).rejects.toThrow(
      "The link of b:eth2 plays back a log, which decides alone",
    );
  });

  test("curl gets every octet over a link that loses, doubles, reorders and corrupts; whose checksums are a wire's", async () => {
    await nothingBut({
      loss: "2%",
      duplicate: "2%",
      reorder: "5%",
      corrupt: "2%",
      delay: "1ms",
      jitter: "1ms",
      seed: 3,
    });
    const errors = async (node: string) =>
      Number(
        /\d+/.exec(
          await lab.node(node).exec(
            "sh",
            "-c",
            "nstat -asz TcpInCsumErrors | tail -n 1 | tr -s ' ' | cut -d' ' -f2",
          ),
        )![0],
      );
    const before = await errors("a");
    const sum = await lab.node("a").exec(
      "sh",
      "-c",
      "curl -sS --max-time 300 http://10.1.0.2/bytes/2000000 | sha256sum | cut -d' ' -f1",
    );
    expect(sum.trim()).toBe(await sha256OfBytes(2_000_000));
    const { corrupted, reordered, duplicated, lost, octets, frames } = await counts("b:eth1");
    for (const count of [corrupted, reordered, duplicated, lost]) expect(count).toBeGreaterThan(0);
    const found = await errors("a") - before;
    expect(found, "flipped bits that TCP has found").toBeGreaterThan(0);
    expect(found).toBeLessThanOrEqual(2 * corrupted);
    expect(octets / frames, "no super-frames").toBeLessThanOrEqual(1514);
  });

  test("iperf3 gets the rate that was set and no more, and each frame that passed reached the other end", async () => {
    await until("curl's connection is gone", async () => {
      const open = await Promise.all(["a", "b"].map((node) => lab.node(node).exec("ss", "-Htn")));
      return open.join("") === "" && (await link().status()).every(({ held }) => held === 0);
    });
    await nothingBut({ rate: "10mbit", queue: 50, seed: 4, from: { "a:eth1": { loss: "1%" } } });
    const received = async () => {
      const [row] = JSON.parse(await lab.node("b").exec("ip", "-j", "-s", "link", "show", "eth1"));
      return (row as { stats64: { rx: { packets: number } } }).stats64.rx.packets;
    };
    const before = await received();
    await lab.node("b").exec("sh", "-c", "iperf3 -s -1 -D >/dev/null");
    await until("iperf3 listens", async () => (await lab.node("b").exec("ss", "-Hnlt")).includes(":5201"));
    const { end } = JSON.parse(
      await lab.node("a").exec("iperf3", "-J", "-c", "10.1.0.2", "-u", "-b", "50m", "-l", "1000", "-t", "1"),
    );
    // 1,042 octets for 1,000 of iperf3's; 50 frames may come at once when the link was late.
    expect(end.sum_received.bits_per_second).toBeLessThan(10_600_000);
    await until(
      "what was under way is there",
      async () => (await link().status()).every(({ held }) => held === 0),
    );
    const { passed, lost, queue, frames } = await counts("a:eth1");
    expect(await received() - before).toBe(passed);
    expect(queue).toBeGreaterThan(0);
    expect(passed + lost + queue).toBe(frames);
    const lines = (await link().decisions()).filter((line) => line.startsWith("a:")).slice(-frames);
    expect(lines.filter((line) => line.endsWith(" queue")).length).toBe(queue);
    expect(lines.filter((line) => line.endsWith(" lost")).length).toBe(lost);
  });

  test("a time without a link, a cut in one direction, a cut and its healing", async () => {
    await nothingBut({ down: ["0s", "60s"], seed: 5 });
    await pingInVain();
    await until("the pings have come to nothing", async () => (await counts("a:eth1")).down === 2);
    const began = performance.now();
    await link().set({ down: ["0s", "300ms"] });
    expect((await ping("a", "10.1.0.2", 1)).size).toBe(1);
    expect(performance.now() - began).toBeGreaterThanOrEqual(300);

    await nothingBut({ seed: 6, from: { "b:eth1": { down: true } } });
    await pingInVain();
    await until("the answers have come to nothing", async () => (await counts("b:eth1")).down === 2);
    expect((await counts("a:eth1")).passed).toBe(2);

    await link().cut();
    await pingInVain();
    await until("the pings have come to nothing", async () => (await counts("a:eth1")).down === 2);
    await link().heal();
    expect((await ping("a", "10.1.0.2", 2)).size).toBe(2);
  });

  test("by command: what is set and what became of the frames; a change; what cannot be", async () => {
    await nothingBut({ seed: 8 });
    const changed = await oneip(
      "lab",
      "link",
      lab.name,
      "b:eth1",
      "--delay",
      "1.5ms",
      "--loss",
      "5%",
      "--one-way",
      "--json",
    );
    expect(JSON.parse(changed.stdout)).toMatchObject([
      { from: "a:eth1", to: "b:eth1", set: { seed: 8 }, counts: { frames: 0 } },
      { from: "b:eth1", to: "a:eth1", set: { delay: "1.5ms", loss: "5%", seed: 8 }, held: 0 },
    ]);
    const shown = await oneip("lab", "link", lab.name);
    expect(shown.stdout).toMatch(/^b:eth1 +a:eth1 +delay 1.5ms, loss 5%, seed 8 +0 +-$/m);
    expect(shown.stdout).toMatch(/^b:eth2 +c:eth1 +no harm +\d+ +\d+ passed, 1 lost, 1 down, 1 duplicated$/m);
    const wrong = await oneip("lab", "link", lab.name, "a:eth1", "--loss", "120%");
    expect(wrong).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('"loss" is wrong, found "120%", use a share such as'),
    });
  });

  test("without its program the links are gone, and whoever asks is told", async () => {
    process.kill(
      Number((await lab.node("a").exec("cat", `/run/oneip/lab/${lab.name}/_links.pid`)).trim()),
      "SIGKILL",
    );
    await until(
      "they are gone",
      async () => (await lab.node("a").run(["ip", "link", "show", "eth1"])).status !== 0,
    );
    await expect(link().status()).rejects.toThrow(
      /The links of this lab are gone: their program has ended; its last words are in .*_links\.log/,
    );
    await until(
      "the list says so",
      () => Lab.list().some(({ name, ended }) => name === lab.name && ended.includes("(links)")),
    );
  });
});
