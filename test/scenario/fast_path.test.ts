import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, readlinkSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Lab, type LabNode, request, until } from "oneip";
import { seenFrom } from "oneip/vitest";
import { ask } from "../../src/api/client.ts";
import * as f from "../frames.ts";
import { needsTap } from "../needs.ts";
import { ONEIP, runTs } from "../runtime.ts";
import { clients, clients6, CLUSTER, CLUSTER6, expected, labWith, withFastPath } from "./labs.ts";
import { printedThere } from "./oneip_there.ts";

const { ethernet, icmp, ipv4, ipv6, tcp6, udp } = f;
const from = { src: "02:66:66:66:66:66" };
const v6 = { ...from, type: f.ETHERTYPE.ipv6 };
const times = (count: number, frame: Uint8Array) => Array.from({ length: count }, () => frame);

describe.skipIf(needsTap())("the fast path", () => {
  let lab: Lab;
  let lb: LabNode;
  let file: string;
  const children: ChildProcess[] = [];
  beforeAll(async () => {
    lab = await labWith("fast", (config) => withFastPath(config, "on"));
    lb = lab.node("lb");
    file = join(readlinkSync(`/proc/${lb.program!.pid}/cwd`), lb.plan.startupConfig!);
  });
  afterAll(async () => {
    for (const child of children) child.kill("SIGKILL");
    await lab?.down();
  });

  const control = () => `/run/oneip/${statSync(`/run/netns/${lab.name}-lb`).ino}.sock`;
  const counters = () => ask(control(), "counters", {});
  const change = async (fastPath: string) => {
    writeFileSync(file, withFastPath(readFileSync(file, "utf8"), fastPath));
    await ask(control(), "reload", {});
  };
  const attached = async (name: string) =>
    JSON.parse(await lb.exec(...runTs("test/scenario/attached_programs.ts"), name)) as {
      ingress: number;
      egress: number;
    };
  const inject = async (frames: readonly Uint8Array[]) => {
    const lines = frames.map((frame) => Buffer.from(frame).toString("hex")).join("\n");
    const { stdout, stderr } = await lab.node("lan").run(runTs("test/scenario/inject.ts"), { input: lines });
    expect(Number(stdout), stderr).toBe(frames.length);
  };
  const served = async () => {
    const all = [...clients(8), ...clients6(8)];
    const answers = [
      ...await request(lab.node("client1"), clients(8), `http://${CLUSTER}/`),
      ...await request(lab.node("client1"), clients6(8), `http://[${CLUSTER6}]/`),
    ];
    expect(Object.fromEntries(answers.map(({ client, backend }) => [client, backend]))).toEqual(
      expected(all),
    );
  };

  test("it is switched off and on, captured through, and moved to the uplink: no client notices", async () => {
    await served();
    const web = seenFrom(lab.node("client1"), CLUSTER, { from: clients(4) });
    await expect(web).toLoseNoConnection(async () => {
      expect(await attached("oneip0")).toEqual({ ingress: 0, egress: 1 });
      await change("off");
      expect(await attached("oneip0")).toEqual({ ingress: 0, egress: 0 });
      await change("{attach: uplink, interface: eth1}");
      expect([await attached("oneip0"), await attached("eth1")]).toEqual([
        { ingress: 0, egress: 0 },
        { ingress: 1, egress: 0 },
      ]);
      await served();
      await change("on");
      expect([await attached("oneip0"), await attached("eth1")]).toEqual([
        { ingress: 0, egress: 1 },
        { ingress: 0, egress: 0 },
      ]);
      // Whoever captures sees every frame.
      const capture = join(dirname(file), "fast.pcapng");
      let hasEnded = false;
      const captured = printedThere(
        lb,
        "capture",
        "--client",
        "198.51.100.77",
        "--count",
        "40",
        "-w",
        capture,
      );
      void captured.finally(() => hasEnded = true);
      await until("the capture has 40 frames", async () => {
        await request(lab.node("client1"), ["198.51.100.77"], `http://${CLUSTER}/`);
        return hasEnded;
      });
      await captured;
      expect(await lb.exec("tshark", "-r", capture, "-Y", "tcp.flags.syn == 1")).toContain("198.51.100.77");
      await served();
    });
  });

  test("an interface that is not there is refused at a reload, and nothing changes", async () => {
    await expect(change("{attach: uplink, interface: eth9}")).rejects.toThrow(
      'dispatcher.fastPath.interface: there is no interface "eth9" here',
    );
    writeFileSync(file, withFastPath(readFileSync(file, "utf8"), "on"));
    expect(await attached("oneip0")).toEqual({ ingress: 0, egress: 1 });
    await served();
  });

  test("an uplink that goes away takes it along, which is said; after the next reload it is on the new one of that name", async () => {
    const status = async () => (await ask(control(), "status", {})).fastPath;
    const makeUplink = () => lb.exec("ip", "link", "add", "spare", "type", "veth", "peer", "name", "spare1");
    await makeUplink();
    await change("{attach: uplink, interface: spare}");
    expect(await status()).toEqual({ interface: "spare", why: null });
    await lb.exec("ip", "link", "delete", "spare");
    await makeUplink();
    expect(await status()).toMatchObject({
      interface: null,
      why: expect.stringContaining('"spare" was taken away'),
    });
    await change("{attach: uplink, interface: spare}\n  announce: {count: 2}");
    expect(await status()).toEqual({ interface: "spare", why: null });
    expect((await attached("spare")).ingress).toBe(1);
    await change("on");
    expect(await status()).toEqual({ interface: "oneip0", why: null });
    await lb.exec("ip", "link", "delete", "spare");
    await served();
  });

  test("every frame of each kind is counted once, by the kernel or by a worker", async () => {
    await served(); // Neighbors are known.
    // No client's frame comes in between, nor what the router says of the answers.
    await lab.node("lan").exec("ip", "link", "set", "router", "down");
    const before = await until("nothing is dispatched any more", async () => {
      const one = await counters();
      await lb.exec("true");
      const other = await counters();
      return one.verdicts["dispatched"] === other.verdicts["dispatched"] && other;
    });
    await inject([
      ...times(150, ethernet(ipv4(udp([1, 2, 3])), from)),
      ...times(50, ethernet(ipv6(tcp6(), { next: 6 }), v6)),
      ...times(20, ethernet(ipv4(udp([1]), { ttl: 1 }), from)),
      ...times(10, ethernet(ipv4(udp([1]), { options: [1, 1, 1, 0] }), from)),
      ...times(10, ethernet(ipv4([1, 2, 3, 4, 5, 6, 7, 8], { fragment: 0x0003 }), from)),
      ...times(15, ethernet(ipv4(icmp(8, 0, [1, 2, 3]), { protocol: 1 }), from)),
      ...times(5, ethernet(ipv4(udp([1]), { src: "127.0.0.1" }), from)),
      ...times(7, ethernet(ipv4(udp([1]), { src: f.IP.cluster }), from)),
      ...times(3, ethernet(ipv4(udp([1]), { src: "198.51.100.7", dst: "192.0.2.99" }), from)),
    ]);
    const dispatched = 150 + 50 + 10 + 10 + 15;
    const after = await until("the worker has read them", async () => {
      const now = await counters();
      return now.verdicts["dispatched"]! - before.verdicts["dispatched"]! >= dispatched &&
        now.verdicts["drop_from_cluster"]! - before.verdicts["drop_from_cluster"]! >= 7 && now;
    });
    const more = (name: string) => after.verdicts[name]! - before.verdicts[name]!;
    const sum = (all: readonly { readonly frames: number }[]) =>
      all.reduce((sum, { frames }) => sum + frames, 0);
    expect(Object.fromEntries(
      ["dispatched", "time_exceeded", "drop_martian", "drop_from_cluster", "net_unreachable"].map((
        name,
      ) => [name, more(name)]),
    )).toEqual({
      dispatched,
      time_exceeded: 20,
      drop_martian: 5,
      drop_from_cluster: 7,
      net_unreachable: 3,
    });
    expect(sum(after.machines) - sum(before.machines), "by machine").toBe(dispatched);
    expect(sum(after.clusters) - sum(before.clusters), "by cluster").toBe(dispatched);
    const fast = after.fastPath.dispatched - before.fastPath.dispatched;
    const up = (reason: string) => after.fastPath.passedUp[reason]! - before.fastPath.passedUp[reason]!;
    expect(fast).toBe(150 + 50);
    expect([up("hop_limit"), up("packet")]).toEqual([20, 10 + 10 + 5]);
    expect(up("icmp")).toBeGreaterThanOrEqual(15);
    expect(up("elsewhere")).toBeGreaterThanOrEqual(7 + 3);
    await lab.node("lan").exec("ip", "link", "set", "router", "up");
    await until("clients are served again", () => served().then(() => true, () => false));
  });

  test("it is gone after kill -9, also from the uplink", async () => {
    await change("{attach: uplink, interface: eth1}");
    expect((await attached("eth1")).ingress).toBe(1);
    await lb.program!.stop("SIGKILL");
    await until("it is gone", async () => (await attached("eth1")).ingress === 0);
  });

  test("another program on the TAP comes first: what it lets pass to the device the worker has, what it passes on is ours", async () => {
    const config = withFastPath(readFileSync(file, "utf8"), "on");
    writeFileSync(file, config);
    await lb.exec("ip", "tuntap", "add", "oneip0", "mode", "tap", "multi_queue", "vnet_hdr");
    for (const { result, isOurs } of [{ result: 0, isOurs: false }, { result: -1, isOurs: true }]) {
      const foreign = await begin(
        runTs("test/scenario/foreign_program.ts"),
        "ready",
        "oneip0",
        String(result),
      );
      const dispatcher = await begin(ONEIP, '"running"', "run", "-c", file);
      await until("the dispatcher serves", () => served().then(() => true, () => false));
      const { fastPath } = await counters();
      expect(fastPath.dispatched > 0, `after another one that says ${result}`).toBe(isOurs);
      for (const child of [dispatcher, foreign]) {
        child.kill("SIGTERM");
        await once(child, "exit");
      }
    }
  });

  test("a TAP that moves to another namespace and is deleted there ends the dispatcher with one line", async () => {
    const dispatcher = await begin(ONEIP, '"running"', "run", "-c", file);
    const exited = once(dispatcher, "exit");
    await lb.exec("ip", "link", "set", "oneip0", "netns", lab.node("web1").program!.pid!.toString());
    await lab.node("web1").exec("ip", "link", "delete", "oneip0");
    const [code] = await exited;
    expect(code).not.toBe(0);
  });

  async function begin(
    words: readonly string[],
    ready: string,
    ...args: readonly string[]
  ): Promise<ChildProcess> {
    const [command = "", ...rest] = lb.command([...words, ...args]);
    const child = spawn(command, rest, { stdio: ["ignore", "pipe", "inherit"] });
    children.push(child);
    let printed = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => printed += text);
    await until(`it says ${ready}`, () => printed.includes(ready));
    return child;
  }
});
