/** What a machine can lack: it is named, and nothing of the lab is left. Each in a mount namespace, where /run is another one. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { run } from "../../src/system/programs.ts";
import { needsTap } from "../needs.ts";
import { ONEIP, ROOT } from "../runtime.ts";

const folder = mkdtempSync(join(tmpdir(), "oneip-failures-"));
afterAll(() => rmSync(folder, { recursive: true }));
const plain = join(folder, "plain.yaml");
writeFileSync(
  plain,
  "name: plain\ntopology:\n  defaults: {exec: [ip address show]}\n  nodes: {a: , b: , c: }\n" +
    '  links: [{endpoints: ["a:eth1", "b:eth1"]}]\n',
);

const dispatcher = join(folder, "dispatcher.yaml");
writeFileSync(
  dispatcher,
  `name: x\ntopology:\n  nodes:\n    lb: {kind: oneip, startup-config: ${
    join(ROOT, "netns/routing.oneip.yaml")
  }, exec: [ip link add br0 type bridge]}\n`,
);

const OWN_RUN = "mount -t tmpfs none /run && mkdir -p /run/oneip/lab";
/** What is there of labs, in words. */
const LEFT = "echo left: $(ls /run/netns /run/oneip/lab 2>/dev/null | grep -v :)";

/** Shell lines in namespaces of their own. */
function inSandbox(lines: readonly string[], namespaces: readonly string[] = []) {
  const command = ["unshare", "--mount", "--propagation", "private", ...namespaces, "sh", "-c"];
  const script = [OWN_RUN, ...lines].join("\n");
  return run([...command, script, "sh", ...ONEIP, "lab"], { cwd: ROOT });
}

const UP = `"$@" up ${plain} --name x; echo status $?`;

describe.skipIf(needsTap())("nothing is left of a lab, and the reason is told, with", () => {
  test.each([
    {
      what: "a limit of network namespaces",
      namespaces: ["--user", "--map-root-user", "--net"],
      lines: ["echo 2 >/proc/sys/user/max_net_namespaces", UP],
      want: "oneip: No more network namespaces can be made here: user.max_net_namespaces is 2",
    },
    {
      what: "a full disk",
      lines: [
        "mount -t tmpfs -o size=4k none /run/oneip/lab",
        "head -c 4096 /dev/zero >/run/oneip/lab/.full",
        UP,
      ],
      want: "oneip: Cannot write to /run/oneip/lab, where labs are recorded: ENOSPC: no space left on device",
    },
    {
      what: "a disk that is full when nodes are set up",
      lines: ["mount -t tmpfs -o nr_inodes=3 none /run/oneip/lab", UP],
      want: "setup.log: No space left on device",
    },
    {
      what: "settings that are read-only, as in a container",
      lines: ["mount --bind /proc/sys /proc/sys", "mount -o remount,bind,ro /proc/sys", UP],
      want:
        "oneip: A lab sets how its networks work, but /proc/sys/net/ipv6/conf/all/accept_dad is read-only here",
    },
    {
      what: "no /dev/net/tun",
      lines: ["mount -t tmpfs none /dev/net", `"$@" up ${dispatcher}; echo status $?`],
      want: "/dev/net/tun",
    },
  ])("$what", async ({ lines, namespaces, want }) => {
    const { stdout, stderr } = await inSandbox([...lines, LEFT], namespaces);
    expect(stderr).toContain(want);
    expect(stdout).toMatch(/^status [12]\nleft:\n$/);
  });

  test("processes that are hidden nothing is different", async () => {
    const hidden = "mount -t proc -o hidepid=invisible none /proc";
    const { stdout, stderr } = await inSandbox([hidden, UP, LEFT, '"$@" down x', LEFT], ["--pid", "--fork"]);
    expect(stderr).not.toContain("oneip:");
    expect(stdout).toMatch(/status 0\nleft: x-a x-b x-c x\nLab "x" is down\nleft:\n$/);
  });
});

test.skipIf(needsTap())(
  "lab down --all removes every lab, whole or half made, and nothing else",
  async () => {
    const { stdout, stderr } = await inSandbox([
      "ip netns add other",
      '"$@" up ' + plain,
      "mkdir /run/oneip/lab/half",
      '"$@" down --all',
      LEFT,
    ]);
    expect(stderr).not.toContain("oneip:");
    expect(stdout).toMatch(/\nLab "half" is down\nLab "plain" is down\nleft: other\n$/);
  },
);
