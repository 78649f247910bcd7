/** The dispatcher as a service, whatever becomes of its log, of who asks it, and of signals. */

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { until } from "oneip";
import { ask, isAnswered } from "../../src/api/client.ts";
import { DescriptorSocket } from "../../src/device/handed_descriptors.ts";
import { type Result, run as runProgram } from "../../src/system/programs.ts";
import { needsTap } from "../needs.ts";
import { ONEIP, RUNTIME } from "../runtime.ts";

const NOBODY_ANSWERS = `
dispatcher: {addresses: [10.0.0.2/24], verify: off}
clusters: [{name: web, addresses: [10.0.0.100], backends: [{name: web1, address: 10.0.0.11}]}]
`;

let folder: string;
let control: string;
let config: string;
let running: ChildProcess | undefined;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "oneip-service-"));
  control = join(folder, "control", "oneip.sock");
  config = join(folder, "oneip.yaml");
  writeFileSync(config, NOBODY_ANSWERS);
});
afterEach(() => running?.kill("SIGKILL"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Starts it in a network namespace of its own with this as its standard output; resolves when it answers commands. */
async function run(stdout: number, file = config, env: NodeJS.ProcessEnv = {}): Promise<ChildProcess> {
  const child = spawn("unshare", ["-n", ...ONEIP, "run", "-c", file], {
    env: { ...process.env, ONEIP_CONTROL: control, ...env },
    stdio: ["ignore", stdout, "inherit"],
  });
  running = child;
  await until("it answers commands", () => {
    if (child.exitCode !== null) throw new Error(`It ended with status ${child.exitCode}`);
    return isAnswered(control);
  });
  return child;
}

async function end(child: ChildProcess): Promise<void> {
  const ended = once(child, "exit");
  process.kill(child.pid!, "SIGTERM"); // Deno's child.kill() would name the signal as what ended it, even if it ended by itself.
  expect(await ended).toEqual([0, null]);
}

/** `oneip verify` with a file, beside the one that runs. */
function verify(file: string): Promise<Result> {
  return runProgram([...ONEIP, "verify", "-c", file], { env: { ONEIP_CONTROL: control } });
}

/** A FIFO whose reader is this process. */
function pipe(name: string): number {
  const path = join(folder, name);
  execFileSync("mkfifo", [path]);
  return openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
}

function fill(fd: number): number {
  let written = 0;
  try {
    for (;;) written += writeSync(fd, "x".repeat(4096));
  } catch (error) {
    expect((error as NodeJS.ErrnoException).code).toBe("EAGAIN");
    return written;
  }
}

describe.skipIf(needsTap())("the dispatcher goes on", () => {
  test("while its log is on a full disk", async () => {
    const full = openSync("/dev/full", "w");
    const child = await run(full);
    expect(await ask(control, "techniques", {})).toEqual([{ cluster: "web", technique: "route" }]);
    await end(child);
    closeSync(full);
  });

  test("while the log's reader stands still: a backend that goes is noticed, SIGTERM is obeyed, and what was kept is read when it goes on", async () => {
    const fd = pipe("stuck");
    const filling = fill(fd);
    const first = await run(fd);
    const becomes = (neighbor: string) =>
      until(`web1 is ${neighbor}`, async () => {
        return (await ask(control, "status", {})).clusters[0]!.backends[0]!.neighbor.state === neighbor;
      });
    // The machine on the other side of the TAP is the namespace itself.
    const beside = (...command: string[]) =>
      execFileSync("nsenter", [`--net=/proc/${first.pid}/ns/net`, ...command]);
    beside("ip", "address", "add", "10.0.0.11/24", "dev", "oneip0");
    await becomes("reachable");
    beside("ip", "address", "flush", "dev", "oneip0");
    await becomes("failed");
    await end(first);

    const second = await run(fd);
    readSync(fd, new Uint8Array(filling));
    await until("the log is written", () => {
      const octets = new Uint8Array(1 << 16);
      try {
        return new TextDecoder().decode(octets.subarray(0, readSync(fd, octets))).includes('"msg":"running"');
      } catch {
        return false;
      }
    });
    await end(second);
    closeSync(fd);
  });

  test("and does not verify in the name of a file that says something else than what it runs with", async () => {
    const other = join(folder, "other.yaml");
    writeFileSync(other, NOBODY_ANSWERS.replace("10.0.0.11", "10.0.0.99"));
    const log = openSync(join(folder, "verified"), "w");
    const child = await run(log);
    const { status, stdout, stderr } = await verify(other);
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
    expect(stderr).toContain(
      `has another configuration than "${other}": it differs in clusters[0].backends[0].address. Start it`,
    );
    expect((await verify(config)).stdout).toMatch(
      / none +not known\n\nno-other-port.*\n {2}found {2}"oneip0" is in no bridge\n/,
    );
    await end(child);
    closeSync(log);
  });

  test("and a second one with its interface ends with the first one's MAC and what to do", async () => {
    const queues = join(folder, "queues.yaml");
    writeFileSync(
      queues,
      NOBODY_ANSWERS.replace("{addresses", "{queues: 2, mac: 02:00:00:00:00:77, addresses"),
    );
    const log = openSync(join(folder, "first"), "w");
    const child = await run(log, queues);
    const beside = ["nsenter", `--net=/proc/${child.pid}/ns/net`];
    const second = await runProgram([...beside, ...ONEIP, "run", "-c", queues], {
      env: { ONEIP_CONTROL: control },
    });
    expect({ stdout: second.stdout, status: second.status }).toEqual({ stdout: "", status: 1 });
    expect(second.stderr).toContain(
      '"oneip0": another program has it open; stop that program or choose another name. ' +
        `It is the dispatcher with MAC 02:00:00:00:00:77, which answers at ${control}`,
    );
    expect(await ask(control, "interface", {})).toBe("oneip0");
    await end(child);
    closeSync(log);
  });

  test("when the log's reader is gone", async () => {
    const fd = pipe("gone");
    const writer = openSync(join(folder, "gone"), constants.O_WRONLY);
    closeSync(fd);
    const child = await run(writer);
    expect(await ask(control, "techniques", {})).toEqual([{ cluster: "web", technique: "route" }]);
    await end(child);
    closeSync(writer);
  });

  test("at SIGHUP by what its file says now, if that is right; SIGTERM ends it although somebody is connected to its socket", async () => {
    const file = join(folder, "log");
    const log = openSync(file, "w");
    const changing = join(folder, "changing.yaml");
    writeFileSync(changing, NOBODY_ANSWERS);
    const manager = new DescriptorSocket(join(folder, "manager"));
    const told: string[] = [];
    // Its queue holds ten messages, and what does not fit is lost.
    const listen = () => {
      for (let { text } = manager.receive(); text !== ""; { text } = manager.receive()) told.push(text);
    };
    const hears = (text: string) =>
      until(() => `the service manager hears ${text}, after ${JSON.stringify(told)}`, () => {
        listen();
        return told.some((one) => one.startsWith(text));
      });
    const child = await run(log, changing, { NOTIFY_SOCKET: manager.path, WATCHDOG_USEC: "400000" });
    await hears("READY=1\nSTATUS=0 of 1 backends live, none of web");
    await hears("WATCHDOG=1");
    told.length = 0;
    const backends = async () =>
      (await ask(control, "status", {})).clusters[0]!.backends.map(({ name }) => name);
    const hangUpWith = async (text: string, event: string) => {
      writeFileSync(changing, text);
      const from = readFileSync(file, "utf8").length;
      process.kill(child.pid!, "SIGHUP");
      return await until(event, () => {
        listen();
        return readFileSync(file, "utf8").slice(from).split("\n").find((line) => line.includes(event));
      });
    };
    const two = NOBODY_ANSWERS.replace("[{name: web1", "[{name: web2, address: 10.0.0.12}, {name: web1");
    writeFileSync(changing, two);
    const { changes } = await ask(control, "reload", { dryRun: true });
    expect([changes.map(({ backend, old }) => [backend, old]), await backends()]).toEqual([[["web2", null]], [
      "web1",
    ]]);
    expect(await hangUpWith(two, "configuration.reloaded")).toContain('"backend":"web2"');
    await hears("RELOADING=1\nMONOTONIC_USEC=");
    await hears("READY=1\nSTATUS=");
    expect(await backends()).toEqual(["web2", "web1"]);
    expect(await hangUpWith(two.replace("web1", "web2"), "configuration.refused")).toContain(
      "use another name",
    );
    expect(await hangUpWith(two.replace("verify:", "mtu: 9000, verify:"), "configuration.refused")).toContain(
      "dispatcher.mtu",
    );
    const probedBy = (health: string) => two.replace("{name: web,", `{name: web, health: ${health},`);
    expect(await hangUpWith(probedBy("{type: https, ca: /nowhere/ca.pem}"), "configuration.refused"))
      .toContain("there is no such file");
    if (RUNTIME === "deno") {
      expect(await hangUpWith(probedBy("{type: exec, command: [x]}"), "configuration.refused"))
        .toContain("start the dispatcher anew");
    }
    expect(await backends()).toEqual(["web2", "web1"]);
    const connection = connect(control);
    await once(connection, "connect");
    connection.resume();
    expect(await ask(control, "interface", {}), "the open connection was accepted before").toBe("oneip0");
    const ended = end(child);
    await hears("STOPPING=1");
    await ended;
    manager.close();
    closeSync(log);
  });
});
