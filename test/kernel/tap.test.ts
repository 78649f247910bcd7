import { beforeAll, describe, expect, test } from "vitest";
import { runChecked } from "../../src/system/programs.ts";
import { needsTap } from "../needs.ts";
import { runTs } from "../runtime.ts";

interface Printed {
  readonly same: Readonly<Record<string, readonly boolean[]>>;
  readonly dispatched: number;
  readonly short: Readonly<Record<string, readonly string[]>>;
}

describe.skipIf(needsTap())("on a TAP, where runs over single frames cannot reach", () => {
  let printed: Printed;
  beforeAll(async () => {
    printed = JSON.parse(await runChecked(["unshare", "--net", ...runTs("test/kernel/tap_probe.ts")]));
  });

  test("headers that the kernel has not in one stretch, wherever it ends, are read right", () => {
    const { same, dispatched } = printed;
    expect(same).toEqual({
      ipv4: new Array(12).fill(true),
      ipv6: new Array(12).fill(true),
      superFrame: new Array(3).fill(true),
    });
    expect(dispatched).toBe(27);
  });

  test("no device brings less than an Ethernet header", () => {
    expect(printed.short).toEqual({
      tap: ["EINVAL: invalid argument", "taken"],
      packetSocket: ["EINVAL: invalid argument", "taken"],
    });
  });
});
