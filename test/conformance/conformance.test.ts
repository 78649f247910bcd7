import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Lab } from "oneip";
import { needsTap } from "../needs.ts";
import { ROOT, runTs } from "../runtime.ts";
import { CASES, type RouterUnderTest } from "./cases.ts";
import { describeOutcome } from "./outcome.ts";
import { simulated } from "./simulated.ts";

const OURS: RouterUnderTest = { mac: "02:00:00:00:00:02", ip: "10.0.0.2", ip6: "2001:db8::2" };
const LINUX: RouterUnderTest = { mac: "02:00:00:00:00:03", ip: "10.0.0.3", ip6: "2001:db8::3" };

describe.skipIf(needsTap())("what becomes of a packet here and in Linux:", () => {
  let lab: Lab;
  const outcomes: Record<"ours" | "linux" | "simulated", string[]> = { ours: [], linux: [], simulated: [] };

describe.skipIf(needsTap())(
  "what becomes of a packet here, in Linux, and in a router of the simulator:",
  () => {
    let lab: Lab;
    const outcomes: Record<"ours" | "linux" | "simulated", string[]> = { ours: [], linux: [], simulated: [] };

    beforeAll(async () => {
      lab = await Lab.up(join(ROOT, "test/conformance/conformance.yaml"), {
        name: `t${process.pid}-conformance`,
      });
      expect(status, stderr).toBe(0);
      const sent = JSON.parse(stdout) as string[][];
      outcomes[name] = sent.map((hexes, index) => describeOutcome(hexes, frames[index]!, router));
    }
    outcomes.simulated = (await simulated(CASES, LINUX)).map((hexes, index) =>
      describeOutcome(hexes, CASES[index]!.frame(LINUX), LINUX)
    );
  });
  afterAll(() => lab?.down());

  test("there are rows enough", () => expect(CASES.length).toBeGreaterThanOrEqual(60));

  test.each(CASES.map((row, index) => ({ title: `${row.section}: ${row.name}`, row, index })))(
    "$title",
    ({ row, index }) => {
      const [ours, linux] = [outcomes.ours[index], outcomes.linux[index]];
      if (row.differs === undefined) {
        expect(ours).toBe(linux);
      } else {
        expect(ours, row.differs.why).toBe(row.differs.ours);
        expect(linux, "a difference that is none any more: delete it").not.toBe(row.differs.ours);
      }
    },
  );

  test.each(CASES.map((row, index) => ({ title: `${row.section}: ${row.name}`, row, index })))(
    "simulated: $title",
    ({ row, index }) => {
      const [simulated, linux] = [outcomes.simulated[index], outcomes.linux[index]];
      if (row.simulated === undefined) expect(simulated).toBe(linux);
      else {
        expect(simulated, row.simulated.why).toBe(row.simulated.is);
        expect(linux, "a difference that is none any more: delete it").not.toBe(row.simulated.is);
      }
    },
  );
});
