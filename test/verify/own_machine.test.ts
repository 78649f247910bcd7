/** What is wrong with the machine that the dispatcher runs on. */

import { expect, test } from "vitest";
import { type Result, run } from "../../src/system/programs.ts";
import { needsTap } from "../needs.ts";
import { ONEIP } from "../runtime.ts";

/** Runs a command in a network namespace of its own, after these shell lines. */
function oneip(build: string, ...args: string[]): Promise<Result> {
  const words = [...ONEIP, ...args].map((word) => `'${word}'`).join(" ");
  return run(["unshare", "-n", "sh", "-ec", `${build}\nexec ${words}`]);
}

const BY_HAND = ["verify", "--cluster", "10.0.0.100", "--backend", "web1=10.0.0.11", "--address"];

test.skipIf(needsTap())(
  "an address that this machine has is refused by name, in run and in verify",
  async () => {
    for (const args of [[...BY_HAND, "10.0.0.2/24"], ["run", "-c", "netns/routing.oneip.yaml"]]) {
      const { stdout, stderr, status } = await oneip(
        "ip link add br0 type bridge; ip address add 10.0.0.2/24 dev br0",
        ...args,
      );
      expect({ stdout, status }).toEqual({ stdout: "", status: 2 });
      expect(stderr).toContain(
        'dispatcher.addresses has 10.0.0.2, which is this machine\'s own, on "br0"; give',
      );
    }
  },
);

test.skipIf(needsTap())(
  "when nobody answers because nobody is there, verify says what is missing",
  async () => {
    const unplugged = await oneip("", ...BY_HAND, "10.0.0.2/24");
    expect(unplugged.status).toBe(1);
    expect(unplugged.stdout).toContain('found  "oneip0" is in no bridge');
    const alone = await oneip("ip link add br0 up type bridge", ...BY_HAND, "10.0.0.2/24", "--bridge", "br0");
    expect(alone.stdout).toContain('found  bridge "br0" has no other port than "oneip0"');
    expect(alone.stdout).toContain("mend   ip link set INTERFACE master br0");
    expect(alone.stdout).not.toContain("backend-down");
    const silent = await oneip(
      "ip link add br0 up type bridge; ip link add eth1 type veth peer name far; ip link set eth1 up master br0",
      ...BY_HAND,
      "10.0.0.2/24",
      "--bridge",
      "br0",
    );
    expect(silent.stdout).toContain("backend-down");
  },
);
