/** What happens to the TAP, to the dispatcher's process, to the link and to the backends' machines, while clients come. */

import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Lab, request, until } from "oneip";
import { FIRST_PROBE_PORT, PROBE_PORTS } from "../../src/path/probe_ports.ts";
import * as f from "../frames.ts";
import { casesOf } from "../halves.ts";
import { needsTap } from "../needs.ts";
import { ONEIP, ROOT, RUNTIME, runTs } from "../runtime.ts";
import { clients, CLUSTER } from "./labs.ts";

const CLIENTS = clients(10);
const [SYN_ACK, RST_ACK] = [0x12, 0x14];
const ROGUE = "02:66:66:66:66:66";

/** A node, and what it is told. */
type Command = readonly [node: string, ...words: string[]];

interface Fault {
  readonly name: string;
  readonly breaks: readonly Command[];
  /** Backends that are told to be down, and why. */
  readonly lost: readonly string[];
  readonly reason: RegExp;
  readonly mends: readonly Command[];
}

const SILENT = /does not answer/;

const TAP_FAULTS: readonly Fault[] = [
  {
    name: "the TAP is taken out of its bridge and put back",
    breaks: [["lb", "ip", "link", "set", "oneip0", "nomaster"]],
    lost: ["web1", "web2"],
    reason: SILENT,
    mends: [["lb", "ip", "link", "set", "oneip0", "master", "br0"]],
  },
  {
    name: "the TAP is taken down and up",
    breaks: [["lb", "ip", "link", "set", "oneip0", "down"]],
    lost: ["web1", "web2"],
    reason: SILENT,
    mends: [["lb", "ip", "link", "set", "oneip0", "up"]],
  },
];

/** With its interface a machine loses its routes. */
const WEB1_UP: readonly Command[] = [
  ["web1", "ip", "link", "set", "eth1", "up"],
  ["web1", "ip", "route", "replace", "default", "via", "10.0.0.1"],
];

const MACHINE_FAULTS: readonly Fault[] = [
  {
    name: "a backend's interface is taken down and up",
    breaks: [["web1", "ip", "link", "set", "eth1", "down"]],
    lost: ["web1"],
    reason: SILENT,
    mends: WEB1_UP,
  },
  {
    name: "the link is cut in two and healed",
    breaks: [["lan", "ip", "link", "set", "far", "nomaster"]],
    lost: ["web2"],
    reason: SILENT,
    mends: [["lan", "ip", "link", "set", "far", "master", "br0"]],
  },
  {
    name: "another machine has a dead backend's address",
    breaks: [
      ["other", "ip", "address", "add", "10.0.0.11/24", "dev", "eth1"],
      ["web1", "ip", "link", "set", "eth1", "down"],
    ],
    lost: ["web1"],
    // It answers for the address, but does not serve.
    reason: /does not answer TCP at 10\.0\.0\.100:80/,
    mends: [["other", "ip", "address", "flush", "dev", "eth1"], ...WEB1_UP],
  },
];

interface Line {
  readonly msg: string;
  readonly event?: string;
  readonly backend?: string;
  readonly reason?: string;
  readonly address?: string;
  readonly mac?: string;
}

describe.skipIf(needsTap())("faults", () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await Lab.up(join(ROOT, "test/scenario/faults.yaml"), { name: `t${process.pid}-faults` });
    await allAreUp(0);
  });
  afterAll(() => lab?.down());

  const lines = () =>
    lab.node("lb").program!.log.split("\n").filter((line) => line.startsWith("{")).map((line) =>
      JSON.parse(line) as Line
    );
  /** Waits until a backend's last word, if there is one since this line, is that. */
  const turned = (backend: string, what: "up" | "down", from: number) =>
    until(`${backend} is ${what}`, () => {
      const last = lines().slice(from).findLast((line) =>
        line.backend === backend && line.event?.startsWith("backend.")
      );
      return last?.event === `backend.${what}` && last;
    });
  const allAreUp = async (from: number) => {
    for (const backend of ["web1", "web2"]) await turned(backend, "up", from);
  };
  const tell = async (commands: readonly Command[]) => {
    for (const [node, ...words] of commands) await lab.node(node).exec(...words);
  };
  /** Who serves each client. */
  const owners = async () => {
    const answers = await request(lab.node("router"), CLIENTS, `http://${CLUSTER}/`);
    return Object.fromEntries(answers.map(({ client, backend }) => [client, backend]));
  };
  const serving = async () => new Set(Object.values(await owners()));
  const both = new Set(["web1", "web2"]);

  function tryFault({ name, breaks, lost, reason, mends }: Fault): void {
    test(name, async () => {
      const before = await owners();
      expect(new Set(Object.values(before))).toEqual(both);
      const from = lines().length;
      await tell(breaks);
      for (const backend of lost) expect((await turned(backend, "down", from)).reason).toMatch(reason);
      if (lost.length < both.size) {
        expect(await serving()).toEqual(new Set([...both].filter((backend) => !lost.includes(backend))));
      }
      await tell(mends);
      for (const backend of lost) await turned(backend, "up", from);
      expect(await owners()).toEqual(before);
      const down = lines().slice(from).filter(({ event }) => event === "backend.down");
      expect(new Set(down.map(({ backend }) => backend)), "nobody else").toEqual(new Set(lost));
    });
  }

  for (const fault of TAP_FAULTS) tryFault(fault);

  test("the process is stopped for five seconds: it takes nobody for dead because it slept", async () => {
    const before = await owners();
    const from = lines().length;
    const { pid } = lab.node("lb").program!;
    process.kill(pid!, "SIGSTOP");
    await delay(5000);
    process.kill(pid!, "SIGCONT");
    // A backend that dies now is told of, and takes as long as one that was wrongly taken for dead.
    await tell([["web2", "ip", "address", "del", "10.0.0.100/32", "dev", "lo"]]);
    await turned("web2", "down", from);
    const down = lines().slice(from).filter(({ event, msg }) =>
      event === "backend.down" || msg === "neighbor does not answer"
    );
    expect(down).toMatchObject([{ backend: "web2", fault: "alias-missing" }]);
    await tell([["web2", "ip", "address", "add", "10.0.0.100/32", "dev", "lo", "scope", "host"]]);
    await turned("web2", "up", from);
    expect(await owners()).toEqual(before);
  });

  test("the TAP is deleted: it ends with status 1 and the reason, and another start finds all as it was", async () => {
    const lb = lab.node("lb");
    await lb.program!.stop();
    const ended = lb.run([...ONEIP, "run", "-c", join(ROOT, "test/scenario/faults.oneip.yaml")]);
    const health =
      'curl -sf --unix-socket "/run/oneip/$(stat -Lc %i /proc/self/ns/net).sock" http://oneip/healthz';
    await until("it is at work", async () => (await lb.run(["sh", "-c", health])).status === 0);
    await lb.exec("ip", "link", "del", "oneip0");
    const { status, stderr, stdout } = await ended;
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: "oneip: Data-plane worker 1 died: the TAP interface is gone: somebody deleted it\n",
    });
    expect(stdout.trim().split("\n").at(-1)).toContain('"msg":"stopped"');
    await lb.program!.start();
    await allAreUp(0);
    expect(await serving()).toEqual(both);
  });

  const machineFaults = casesOf(RUNTIME, { deno: [], node: MACHINE_FAULTS }).flat();
  for (const fault of machineFaults) tryFault(fault);

  test.each(machineFaults.slice(0, 1))(
    "a server too slow for every third probe is not taken for dead",
    async () => {
      const from = lines().length;
      const slow = `table ip slow {
        chain input {
          type filter hook input priority 0;
          ip saddr 10.0.0.2 tcp flags syn numgen inc mod 3 == 0 counter drop
        }
      }`;
      expect(await lab.node("web1").run(["nft", "-f", "-"], { input: slow })).toMatchObject({ status: 0 });
      await until("five probes had no answer", async () => {
        const dropped = /packets (\d+)/.exec(
          await lab.node("web1").exec("nft", "list", "table", "ip", "slow"),
        );
        return Number(dropped![1]) >= 5;
      });
      await tell([["web1", "nft", "delete", "table", "ip", "slow"]]);
      expect(await serving()).toEqual(both);
      expect(lines().slice(from).filter(({ event }) => event?.startsWith("backend."))).toEqual([]);
    },
  );

  test.each(machineFaults.slice(0, 1))(
    "a third machine says that our addresses and a backend's are its own",
    async () => {
      const before = await owners();
      const from = lines().length;
      const claims = ["10.0.0.2", CLUSTER, "10.0.0.11"].map((senderIp) =>
        f.ethernet(f.arp({ operation: 2, senderMac: ROGUE, senderIp, targetIp: senderIp }), {
          src: ROGUE,
          dst: f.MAC.broadcast,
          type: f.ETHERTYPE.arp,
        })
      );
      await lab.node("far").run(runTs("test/scenario/inject.ts"), {
        input: claims.map((frame) => Buffer.from(frame).toString("hex")).join("\n"),
      });
      await until("the claims are told of", () => {
        const told = lines().slice(from).filter(({ mac }) => mac === ROGUE).map(({ address }) => address);
        return told.length === 2 && told.includes("10.0.0.2") && told.includes(CLUSTER);
      });
      await until("the router knows where the dispatcher is", async () => {
        const printed = await lab.node("router").exec("ip", "neigh", "show", "to", "10.0.0.2");
        return printed.includes(`lladdr ${f.MAC.dispatcher}`);
      });
      expect(await owners()).toEqual(before);
      expect(lines().slice(from).filter(({ event }) => event?.startsWith("backend."))).toEqual([]);
    },
  );

  test.each(machineFaults.slice(0, 1))(
    "a client guesses the prober's ports and forges answers: the dead stay down, the others up",
    async () => {
      const from = lines().length;
      await tell([["web2", "ip", "address", "del", "10.0.0.100/32", "dev", "lo"]]);
      await turned("web2", "down", from);
      const way = { src: CLUSTER, dst: "10.0.0.2" };
      const answers = Array.from({ length: PROBE_PORTS }, (_, index) => {
        const flags = index % 2 === 0 ? SYN_ACK : RST_ACK;
        const segment = f.tcp({
          ...way,
          srcPort: 80,
          port: FIRST_PROBE_PORT + index,
          flags,
          acknowledgment: 1,
        });
        return f.ethernet(f.ipv4(segment, { ...way, protocol: f.PROTOCOL.tcp }), { src: ROGUE });
      });
      const { stdout } = await lab.node("far").run(runTs("test/scenario/inject.ts"), {
        input: answers.map((frame) => Buffer.from(frame).toString("hex")).join("\n"),
      });
      expect(Number(stdout)).toBeGreaterThan(PROBE_PORTS / 2);
      expect(await serving()).toEqual(new Set(["web1"]));
      const events = lines().slice(from).filter(({ event }) => event?.startsWith("backend."));
      expect(events.map(({ event, backend }) => [event, backend])).toEqual([["backend.down", "web2"]]);
      await tell([["web2", "ip", "address", "add", "10.0.0.100/32", "dev", "lo", "scope", "host"]]);
      await turned("web2", "up", from);
    },
  );
});
