import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Lab } from "oneip";
import { needsTap } from "../needs.ts";
import { ROOT, runTs } from "../runtime.ts";
import { CASES, type RouterUnderTest } from "./cases.ts";
import { describeOutcome } from "./outcome.ts";
import { simulatedOutcomes } from "./simulated.ts";

const OURS: RouterUnderTest = { mac: "02:00:00:00:00:02", ip: "10.0.0.2", ip6: "2001:db8::2" };
const LINUX: RouterUnderTest = { mac: "02:00:00:00:00:03", ip: "10.0.0.3", ip6: "2001:db8::3" };

/** In what a router of the simulator is not like Linux, and why that is left so. docs/simulator.md says the same. */
const NOT_SIMULATED: Readonly<Record<string, string>> = {
  "record route": "it writes into no option",
  "no error about a redirect": "it answers no redirect, as RFC 4443 has it",
  "a hop-by-hop option that must be known": "it looks at no hop-by-hop options, as RFC 8200 allows a router",
};

describe.skipIf(needsTap())(
  "what becomes of a packet here, in Linux, and in a router of the simulator:",
  () => {
    let lab: Lab;
    const outcomes: Record<"ours" | "linux" | "simulated", string[]> = { ours: [], linux: [], simulated: [] };

    beforeAll(async () => {
      lab = await Lab.up(join(ROOT, "test/conformance/conformance.yaml"), {
        name: `t${process.pid}-conformance`,
      });
      for (const [name, router] of [["ours", OURS], ["linux", LINUX]] as const) {
        const frames = CASES.map((row) => row.frame(router));
        const { stdout, stderr, status } = await lab.node("lan").run([
          ...runTs("test/conformance/probe.ts"),
          router.mac,
        ], {
          input: JSON.stringify(frames.map((frame) => Buffer.from(frame).toString("hex"))),
        });
        expect(status, stderr).toBe(0);
        const sent = JSON.parse(stdout) as string[][];
        outcomes[name] = sent.map((hexes, index) => describeOutcome(hexes, frames[index]!, router));
      }
      const frames = CASES.map((row) => row.frame(LINUX));
      outcomes.simulated = (await simulatedOutcomes(LINUX, frames))
        .map((hexes, index) => describeOutcome(hexes, frames[index]!, LINUX));
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
        const simulated = outcomes.simulated[index];
        const why = NOT_SIMULATED[row.name];
        if (why === undefined) expect(simulated, "in the simulator").toBe(linux);
        else expect(simulated, `a difference that is none any more: delete it (${why})`).not.toBe(linux);
      },
    );
  },
);
