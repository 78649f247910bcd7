/** What the dispatcher's threads may do while it runs as a user of its own, and that it can be commanded and taken over all the same. */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { until } from "oneip";
import { accountIn } from "../../src/api/privileges.ts";
import { ask } from "../../src/api/client.ts";
import { runChecked } from "../../src/system/programs.ts";
import { needsTap } from "../needs.ts";
import { ONEIP, RUNTIME } from "../runtime.ts";

const NOBODY = accountIn(readFileSync("/etc/passwd", "utf8"), "nobody")!;
const NET_ADMIN = 1n << 12n;
/** A reload loads another program. */
const BPF = 1n << 39n;
/** For the API's port. */
const NET_BIND_SERVICE = 1n << 10n;
const KEPT = NET_ADMIN | BPF | NET_BIND_SERVICE;

const TOKEN = "0123456789abcdef0123456789abcdef";

const CONFIG = `
dispatcher: {addresses: [10.0.0.2/24], verify: off, queues: 2, user: nobody, onEvent: [sh, -c, COMMAND]}
clusters: [{name: web, addresses: [10.0.0.100], backends: [{name: web1, address: 10.0.0.11}]}]
api: {listen: 127.0.0.1:80, tokenFile: token}
`;

let folder: string;
/** Each event has the status of the program that is run for it in a file of its name. */
let text: string;
let control: string;
let config: string;
const started: Dispatcher[] = [];
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "oneip-privileges-"));
  chmodSync(folder, 0o755);
  control = join(folder, "control", "oneip.sock");
  config = join(folder, "oneip.yaml");
  const reports = join(folder, "reports");
  mkdirSync(reports);
  chownSync(reports, NOBODY.uid, NOBODY.gid);
  text = CONFIG.replace("COMMAND", `"cat /proc/self/status > ${reports}/$ONEIP_EVENT"`);
  writeFileSync(config, text);
  writeFileSync(join(folder, "token"), TOKEN, { mode: 0o600 });
  chownSync(join(folder, "token"), NOBODY.uid, NOBODY.gid);
});
afterAll(() => {
  for (const { child } of started) child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

class Dispatcher {
  readonly child: ChildProcess;
  output = "";

  constructor(words: readonly string[], ...args: readonly string[]) {
    const [command = "", ...rest] = [...words, ...ONEIP, "run", "-c", config, ...args];
    this.child = spawn(command, rest, { env: { ...process.env, ONEIP_CONTROL: control } });
    for (const stream of [this.child.stdout!, this.child.stderr!]) {
      stream.on("data", (octets: Buffer) => this.output += octets.toString());
    }
    started.push(this);
  }

  async says(text: string): Promise<void> {
    await until(() => `it says ${text}; it said:\n${this.output}`, () => {
      if (this.child.exitCode !== null) throw new Error(`It ended:\n${this.output}`);
      return this.output.includes(text);
    });
  }

  threads(): Record<string, string>[] {
    const tasks = `/proc/${this.child.pid}/task`;
    return readdirSync(tasks).map((thread) => statusIn(join(tasks, thread, "status")));
  }
}

/** The status that its port says to a command with the token. */
function askedByTcp({ child }: Dispatcher): Promise<string> {
  const curl = [
    "curl",
    "-s",
    "-o",
    "/dev/null",
    "-w",
    "%{http_code}",
    "-X",
    "POST",
    "-H",
    `Authorization: Bearer ${TOKEN}`,
  ];
  return runChecked([
    "nsenter",
    `--net=/proc/${child.pid}/ns/net`,
    ...curl,
    "http://127.0.0.1/v1/clusters/web/backends/web1/undrain",
  ]);
}

/** proc_pid_status(5). */
function statusIn(file: string): Record<string, string> {
  return Object.fromEntries(
    readFileSync(file, "utf8").trim().split("\n").map((line) => {
      const [key = "", value = ""] = line.split(":\t");
      return [key, value.trim()];
    }),
  );
}

function expectLittle(dispatcher: Dispatcher): void {
  const threads = dispatcher.threads();
  expect(threads.length).toBeGreaterThan(3);
  const { uid, gid } = NOBODY;
  for (const thread of threads) {
    expect(thread).toMatchObject({
      Uid: `${uid}\t${uid}\t${uid}\t${uid}`,
      Gid: `${gid}\t${gid}\t${gid}\t${gid}`,
      Groups: String(gid),
      CapInh: "0000000000000000",
      CapAmb: "0000000000000000",
    });
    for (const key of ["CapPrm", "CapEff"]) expect(BigInt(`0x${thread[key]}`) & ~KEPT).toBe(0n);
  }
  const main = threads.find(({ Pid }) => Pid === String(dispatcher.child.pid));
  expect(BigInt(`0x${main!["CapEff"]}`)).toBe(KEPT);
  // The main thread and the workers, which run what is ours, can never get more.
  const bound = threads.filter((thread) => thread["NoNewPrivs"] === "1");
  expect(bound.length).toBeGreaterThanOrEqual(3);
  for (const { CapBnd } of bound) expect(BigInt(`0x${CapBnd}`)).toBe(KEPT);
  expect(bound).toContain(main);
  expect(threads.filter(({ CapEff }) => BigInt(`0x${CapEff}`) === 0n).length).toBeGreaterThanOrEqual(2);
}

describe.skipIf(needsTap())("a dispatcher with a user of its own", () => {
  test("has CAP_NET_ADMIN, CAP_BPF and what its port needs alone, and is asked, reloaded and taken over", async () => {
    const first = new Dispatcher(["unshare", "-n", "sh", "-c", 'ip link set lo up; exec "$@"', "sh"]);
    await first.says('"running"');
    expectLittle(first);
    expect(statSync(control).uid).toBe(NOBODY.uid);
    expect(await ask(control, "interface", {})).toBe("oneip0");
    expect(await askedByTcp(first)).toBe("200");
    writeFileSync(config, text.replace("10.0.0.11", "10.0.0.12"));
    expect((await ask(control, "reload", {})).changes).toHaveLength(1);
    // A program that it starts, here for this very event, gets nothing.
    const report = join(folder, "reports", "configuration.reloaded");
    await until(
      "the command was run",
      () => existsSync(report) && readFileSync(report, "utf8").includes("NoNewPrivs"),
    );
    expect(statusIn(report)).toMatchObject({
      Uid: new Array(4).fill(NOBODY.uid).join("\t"),
      CapPrm: "0000000000000000",
      CapEff: "0000000000000000",
      NoNewPrivs: "1",
    });
    if (RUNTIME === "deno") {
      writeFileSync(config, text.replace("127.0.0.1:80", "127.0.0.1:81"));
      await expect(ask(control, "reload", {})).rejects.toThrow(
        "Deno was started without the permission to listen at",
      );
    }
    writeFileSync(config, text.replace("nobody", "root"));
    await expect(ask(control, "reload", {})).rejects.toThrow("dispatcher.user cannot change while");
    writeFileSync(config, text);

    const next = new Dispatcher(["nsenter", `--net=/proc/${first.child.pid}/ns/net`], "--takeover");
    await next.says('"running"');
    if (first.child.exitCode === null) await once(first.child, "exit");
    expect(first.child.exitCode).toBe(0);
    expectLittle(next);
    expect(await askedByTcp(next)).toBe("200");
    expect((await ask(control, "status", {})).clusters[0]!.backends[0]!.address).toBe("10.0.0.11");
    const ended = once(next.child, "exit");
    process.kill(next.child.pid!, "SIGTERM");
    expect(await ended).toEqual([0, null]);
  });
});
