/** The probe `exec`: commands that do as they should, and others. */

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { parseMac, REAL_CLOCK, until } from "oneip";
import type { Probe } from "../../src/config/meaning.ts";
import type { Attempt, Failure, Means } from "../../src/health/attempt.ts";
import { execProbe } from "../../src/health/exec_probe.ts";
import { ProbePorts } from "../../src/health/ports.ts";
import { IpFrames } from "../../src/link/ip_frames.ts";
import * as f from "../frames.ts";
import { type Serve, TcpServer } from "./tcp_server.ts";
import { MACHINE_RANDOM } from "../../src/system/random.ts";

const folder = mkdtempSync(join(tmpdir(), "oneip-exec-"));
afterAll(() => rmSync(folder, { recursive: true }));

const PLAN = {
  mac: parseMac(f.MAC.dispatcher)!,
  vlan: undefined,
  addresses: [{ address: f.IP.dispatcher, prefixLength: 24 }],
};

/** `serve`: what is behind the cluster address; undefined: nothing answers. */
function begin(command: readonly string[], port: number, serve?: Serve) {
  const frames = new IpFrames(PLAN);
  const ports = new ProbePorts(frames, 0);
  const server = serve === undefined ? undefined : new TcpServer(
    { mac: f.MAC.backend1, addresses: [f.IP.cluster], open: [80] },
    { clock: REAL_CLOCK, deliver: (frame) => setImmediate(() => ports.heard(frame)), isLost: () => false },
    serve,
  );
  const means: Means = {
    frames,
    ports,
    random: MACHINE_RANDOM,
    clock: REAL_CLOCK,
    send: (frame) => setImmediate(() => server?.hear(frame)),
  };
  const { promise: ended, resolve } = Promise.withResolvers<Failure | undefined>();
  const attempt: Attempt = execProbe(
    {
      probe: { type: "exec", command } as Probe,
      way: { from: f.IP.dispatcher, to: f.IP.cluster, mac: parseMac(f.MAC.backend1)! },
      port,
      backend: { cluster: "web", name: "web1", address: f.IP.backend1 },
      isAfterSilence: false,
    },
    means,
    resolve,
  )!;
  return { ended, attempt };
}

const sh = (script: string, ...args: string[]) => ["bash", "-c", script, "bash", ...args];

/** Does a process with this id run? */
function isRunning(pid: string): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

test("status 0 is health; another one is not, and its last words are told", async () => {
  expect(await begin(["true"], 0).ended).toBeUndefined();
  expect(await begin(sh("echo first; echo no disk >&2; exit 3"), 0).ended).toEqual({
    reason:
      "the command \"bash -c 'echo first; echo no disk >&2; exit 3' bash\" for it ended with status 3 " +
      'and said "no disk"',
    fault: null,
  });
  expect((await begin(["/nowhere/check"], 0).ended)?.reason).toMatch(
    /ended with status 127 and said ".*\/nowhere\/check: /,
  );
});

test("the backend is in its environment", async () => {
  const file = join(folder, "environment");
  await begin(sh('env | grep ^ONEIP_ | sort > "$1"', file), 0).ended;
  expect(readFileSync(file, "utf8").split("\n")).toEqual(expect.arrayContaining([
    "ONEIP_BACKEND=web1",
    `ONEIP_BACKEND_ADDRESS=${f.IP.backend1}`,
    "ONEIP_CLUSTER=web",
    `ONEIP_CLUSTER_ADDRESS=${f.IP.cluster}`,
  ]));
});

test("it reaches the cluster address at the backend by a loopback port", async () => {
  const serve: Serve = (connection) => {
    if (connection.received.length === 0) return;
    connection.send(Buffer.from(`you said ${Buffer.from(connection.received.splice(0)).toString()}`));
  };
  const ask =
    'exec 3<>"/dev/tcp/$ONEIP_PROXY_ADDRESS/$ONEIP_PROXY_PORT"; echo hello >&3; read -r line <&3; test "$line" = "you said hello"';
  expect(await begin(sh(ask), 80, serve).ended).toBeUndefined();
});

test("with a port that nobody answers at, it is not run", () => {
  const file = join(folder, "run");
  const { attempt } = begin(sh('echo > "$1"', file), 80);
  expect(attempt.giveUp().reason).toMatch(/^it does not answer TCP at/);
  expect(() => readFileSync(file)).toThrow();
});

test("one that floods its output, forks and ignores SIGTERM ends with all that it has started", async () => {
  const file = join(folder, "pids");
  const script = 'trap "" TERM; (trap "" TERM; echo $BASHPID >> "$1"; sleep 1000) & echo $$ >> "$1"; yes';
  const { attempt } = begin(sh(script, file), 0);
  const pids = await until("both have said who they are", () => {
    try {
      const lines = readFileSync(file, "utf8").trim().split("\n");
      return lines.length === 2 && lines;
    } catch {
      return false;
    }
  });
  expect(pids.every(isRunning)).toBe(true);
  expect(attempt.giveUp().reason).toMatch(/^the command .* for it has not ended$/);
  await until("both are gone", () => !pids.some(isRunning));
});

test("one that leaves a child behind ends with it", async () => {
  const file = join(folder, "child");
  await begin(sh('sleep 1000 & echo $! > "$1"', file), 0).ended;
  const pid = readFileSync(file, "utf8").trim();
  await until("the child is gone", () => !isRunning(pid));
});
