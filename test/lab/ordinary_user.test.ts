/** Labs of a user who is not root: in a user namespace of their own. */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { until } from "oneip";
import { whyRefused } from "../../src/lab/refused.ts";
import { stateFolder } from "../../src/lab/user.ts";
import { run } from "../../src/system/programs.ts";
import { needsRoot, needsUserNamespace } from "../needs.ts";
import { OrdinaryUser, type Tun } from "../ordinary_user.ts";
import { ONEIP, runTs } from "../runtime.ts";

const folder = mkdtempSync(join(tmpdir(), "oneip-ordinary-"));
chmodSync(folder, 0o755);
const topology = join(folder, "two.yaml");
writeFileSync(
  topology,
  `name: two
topology:
  nodes:
    a: {exec: [ip address add 10.0.0.1/24 dev eth1]}
    b: {exec: [ip address add 10.0.0.2/24 dev eth1], cmd: sleep infinity}
  links: [{endpoints: ["a:eth1", "b:eth1"]}]
`,
);
afterAll(() => rmSync(folder, { recursive: true }));

describe.skipIf(needsUserNamespace())("a lab of an ordinary user", () => {
  const user = new OrdinaryUser();
  const labs = join(user.folder, "oneip/lab");
  const oneip = (...words: string[]) => user.run([...ONEIP, "lab", ...words], { cwd: folder });
  const leavesNothing = () =>
    until(() => `nothing of it is left; there are the processes ${user.processes().join(", ")}`, () => {
      return user.processes().length === 0 && readdirSync(labs).length === 0;
    });
  const keeperOf = (lab: string) => Number(readFileSync(join(labs, lab, "keeper"), "utf8"));
  const watcherOf = (lab: string) =>
    Number(readFileSync(`/proc/${keeperOf(lab)}/task/${keeperOf(lab)}/children`, "utf8"));

  afterEach(async () => {
    for (const pid of user.processes()) process.kill(pid, "SIGKILL");
    await run(["rm", "-rf", labs]);
  });
  afterAll(() => user.remove());

  test("is there for every other command of that user, in the folder where it is given, and for nobody else", async () => {
    const up = await oneip("up", "two.yaml");
    expect([up.status, up.stderr]).toEqual([0, expect.stringContaining("servers and dispatcher")]);
    expect(up.stdout).toContain('Lab "two" is up: a, b');
    const listed = JSON.parse((await oneip("list", "--json")).stdout);
    expect(listed).toEqual([{ name: "two", file: topology, nodes: ["a", "b"], ended: [] }]);
    const inside = await oneip("exec", "two", "a", "sh", "-c", "pwd; ping -c 1 -W 60 10.0.0.2; exit 7");
    expect(inside.stdout).toContain(`${folder}\n`);
    expect(inside.stdout).toContain("1 received");
    expect(inside.status).toBe(7);
    const shell = await user.run([...ONEIP, "lab", "shell", "two", "a"], {
      input: "uname -n; exit 4\n",
      env: { SHELL: "/bin/sh" },
    });
    expect(shell, shell.stderr).toMatchObject({ stdout: "two-a\n", status: 4 });
    expect((await oneip("graph", "two")).stdout).toContain("eth1 10.0.0.1/24");

    const other = new OrdinaryUser(1);
    expect((await other.run([...ONEIP, "lab", "down", "two"])).status).toBe(0);
    other.remove();
    expect((await run(["ip", "netns", "list"])).stdout).not.toMatch(/^two-[ab]\b/m);
    expect(user.processes()).toContain(keeperOf("two"));

    expect((await oneip("down", "two")).stdout).toBe('Lab "two" is down\n');
    await leavesNothing();
  });

  /** Brings labs up by the library, from a program of this user that stays, and a person into the first node of each. */
  async function labsUp(kept: boolean, ...names: string[]): Promise<ChildProcess> {
    const words = [...runTs("test/lab/ordinary_user_probe.ts"), topology, String(kept), ...names];
    const [program = "", ...args] = user.command(words);
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
    await once(child.stdout!, "data");
    expect(readdirSync(labs).sort()).toEqual(names.sort());
    return child;
  }

  test("goes with the process that brought it up, also when that is killed", async () => {
    const child = await labsUp(false, "two");
    child.kill("SIGKILL");
    await leavesNothing();
  });

  test("that is kept ends with all that runs in it when its keeper is killed, or the keeper's watcher, or the user logs out", async () => {
    const child = await labsUp(true, "keeper", "watcher", "logout", "both");
    child.kill("SIGKILL");
    const both = [keeperOf("both"), watcherOf("both")];
    process.kill(keeperOf("keeper"), "SIGKILL");
    process.kill(watcherOf("watcher"), "SIGKILL");
    rmSync(join(labs, "logout"), { recursive: true });
    await until("the three have ended", () => {
      return readdirSync(labs).join() === "both" &&
        user.processes().every((pid) => environmentOf(pid).includes("=both."));
    });
    for (const pid of both) process.kill(pid, "SIGKILL");
    expect((await oneip("exec", "both", "a", "true")).stderr).toContain(
      `The lab "both" has ended, found only its folder ${labs}/both, remove it with "oneip lab down both"`,
    );
    expect((await oneip("down", "both")).status).toBe(0);
    await leavesNothing();
  });

  const DISPATCHER = "name: one\ntopology: {nodes: {lb: {kind: oneip, startup-config: x.yaml}}}\n";
  test.each<[Tun, string]>([
    [
      "closed",
      'Node "lb" runs a dispatcher, which needs /dev/net/tun, found one that user UID may not open (mode 0600); as root run ' +
      '"chmod 0666 /dev/net/tun", and to keep it so write KERNEL=="tun", MODE="0666" into /etc/udev/rules.d/60-tun.rules',
    ],
    [
      "missing",
      'needs /dev/net/tun, found none; load it with "modprobe tun", or give it to a container with',
    ],
  ])("of a dispatcher where /dev/net/tun is %s is told how to have one", async (tun, message) => {
    const file = join(folder, "one.yaml");
    writeFileSync(file, DISPATCHER);
    const { status, stderr } = await user.run([...ONEIP, "lab", "up", file], { tun });
    expect(stderr).toContain(message.replace("UID", String(user.uid)));
    expect([status, user.processes()]).toEqual([2, []]);
  });

  test("that the system refuses is told by which setting, and leaves nothing", async () => {
    // In a user namespace of the test's own, with all users in it.
    const script =
      `echo made; read -r mapped; exec sh -c 'echo 0 >/proc/sys/user/max_user_namespaces; exec "$@"' sh "$@"`;
    const words = user.command([...ONEIP, "lab", "up", topology]);
    const child = spawn("unshare", ["--user", "sh", "-c", script, "sh", ...words], { stdio: "pipe" });
    let printed = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => printed += text);
    await once(child.stdout, "data");
    for (const map of ["uid_map", "gid_map"]) writeFileSync(`/proc/${child.pid}/${map}`, "0 0 4294967295");
    child.stdin.end("mapped\n");
    const [status] = await once(child, "close");
    expect(printed).toContain(
      "unshare failed: No space left on device. user.max_user_namespaces is 0: nobody may make",
    );
    expect(printed).toContain('("sysctl -w user.max_user_namespaces=10000" allows it); or run it with sudo');
    expect([status, user.processes(), readdirSync(labs)]).toEqual([2, [], []]);
  });
});

test.each<[string, string, Record<string, string>, string]>([
  [
    "Debian's and Arch's switch",
    "unshare: unshare failed: Operation not permitted\n",
    { "/proc/sys/kernel/unprivileged_userns_clone": "0\n" },
    "refused it: unshare: unshare failed: Operation not permitted. kernel.unprivileged_userns_clone is 0: only root may make a " +
    'user namespace ("sysctl -w kernel.unprivileged_userns_clone=1" allows it); or run it with sudo',
  ],
  [
    "AppArmor, as on Ubuntu",
    "unshare: write failed /proc/self/uid_map: Operation not permitted\n",
    { "/proc/sys/kernel/apparmor_restrict_unprivileged_userns": "1\n" },
    "kernel.apparmor_restrict_unprivileged_userns is on: in a user namespace AppArmor leaves a program its rights only where a " +
    'profile says so ("sysctl -w kernel.apparmor_restrict_unprivileged_userns=0" allows it)',
  ],
  [
    "a container's filter",
    "unshare: unshare failed: Operation not permitted\n",
    { "/proc/self/status": "Name:\tnode\nSeccomp:\t2\n" },
    "a seccomp filter holds this process, as containers have one: most let only root make namespaces",
  ],
  [
    "a limit that is reached",
    "unshare: unshare failed: No space left on device\n",
    { "/proc/sys/user/max_user_namespaces": "4\n" },
    "there are as many namespaces already as the settings in /proc/sys/user allow, or they are nested too deeply",
  ],
  [
    "nothing known",
    "unshare: unshare failed: Invalid argument\n",
    {},
    "No setting tells why; or run it with sudo",
  ],
])("why there is no user namespace: %s", (_, printed, settings, expected) => {
  expect(whyRefused(printed, (file) => settings[file] ?? "")).toContain(expected);
});

describe.skipIf(needsRoot())("the folder of a user's labs", () => {
  const UID = 2_000_001;
  const own = mkdtempSync(join(folder, "own-"));
  chownSync(own, UID, UID);
  const state = () => stateFolder(UID, { XDG_RUNTIME_DIR: own });
  const inOwn = join(own, "oneip");
  afterEach(() => rmSync(inOwn, { recursive: true, force: true }));

  test("is where the session has its files, or in /tmp", () => {
    expect(state()).toBe(join(inOwn, "lab"));
    expect(stateFolder(UID, {})).toBe(`/tmp/oneip-${UID}/lab`);
    expect(stateFolder(0, { XDG_RUNTIME_DIR: own }), "root's").toBe("/run/oneip/lab");
  });

  test.each([["a relative one", "own"], ["nobody's", "/nonexistent"], ["root's", "/run"]])(
    "%s in XDG_RUNTIME_DIR is not taken",
    (_, path) => {
      expect(stateFolder(UID, { XDG_RUNTIME_DIR: path })).toBe(`/tmp/oneip-${UID}/lab`);
    },
  );

  test.each<[string, string, () => void]>([
    ["somebody else's", "one of user 0", () => mkdirSync(inOwn, { mode: 0o700 })],
    ["open to others", "one that others may enter", () => {
      mkdirSync(inOwn);
      chownSync(inOwn, UID, UID);
    }],
    ["a link to elsewhere", "no folder", () => symlinkSync("/run", inOwn)],
  ])("is not trusted when it is %s", (_, found, make) => {
    make();
    expect(state).toThrow(
      `Labs need a folder that is this user's alone at ${inOwn}, found ${found}; remove it, or set XDG_RUNTIME_DIR to`,
    );
  });
});

function environmentOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8");
  } catch {
    return ""; // It has ended.
  }
}
