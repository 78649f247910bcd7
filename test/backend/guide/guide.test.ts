import { describe, expect, test } from "vitest";
import { guideFor, type GuideSystem, RECIPES } from "../../../src/backend/guide/guide.ts";

const ADDRESSES = ["10.0.0.100", "2001:db8::100"];

describe("the recipe of every system", () => {
  for (const system of Object.keys(RECIPES) as GuideSystem[]) {
    for (const [index, { name, steps }] of guideFor(system, ADDRESSES).entries()) {
      test(`${system}: ${name}`, () => {
        const titles = [...new Set(steps.map(({ title }) => title))];
        // The usual method comes first, and has them all.
        for (const title of ["silence", "alias", "persistence", "undo"]) expect(titles).toContain(title);
        if (index === 0) expect(titles).toContain("extra route");
        expect(steps.flatMap(({ commands }) => commands).filter((line) => line.includes("CLUSTER"))).toEqual(
          [],
        );
        const aliases = steps.filter(({ title }) => title === "alias").flatMap(({ commands }) => commands);
        for (const address of ADDRESSES) expect(aliases.join("\n")).toContain(address);
        // The name of a text has several words.
        for (const { basis } of steps) expect(basis).toMatch(/^(tried|unconfirmed|[A-Z]\S* \S.*)$/);
      });
    }
  }
});

test("one family only", () => {
  const commands = (clusters: string[]) =>
    guideFor("aix", clusters)[0]!.steps.flatMap((step) => step.commands).join("\n");
  expect(commands(["10.0.0.100"])).not.toContain("inet6");
  expect(commands(["2001:db8::100"])).not.toContain("netmask");
  expect(commands([])).toContain("CLUSTER");
});

test("nothing but Linux's is called tried", () => {
  for (const system of Object.keys(RECIPES) as GuideSystem[]) {
    const tried = guideFor(system, []).flatMap(({ steps }) => steps).filter(({ basis }) => basis === "tried");
    expect(tried.length > 0, system).toBe(system === "linux");
  }
});
