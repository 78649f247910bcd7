import { describe, expect, test } from "vitest";
import { guideFor, type GuideSystem, RECIPES } from "../../../src/backend/guide/guide.ts";

describe("the recipe of every system", () => {
  for (const system of Object.keys(RECIPES) as GuideSystem[]) {
    test(system, () => {
      const [method] = guideFor(system, ["10.0.0.100", "2001:db8::100"]);
      const titles = [...new Set(method!.steps.map(({ title }) => title))].sort();
      expect(titles).toEqual(["alias", "extra route", "persistence", "silence", "undo"]);
      const commands = method!.steps.flatMap((step) => step.commands);
      expect(commands.filter((command) => command.includes("CLUSTER"))).toEqual([]);
      const aliases = method!.steps.filter(({ title }) => title === "alias").flatMap((step) => step.commands)
        .join("\n");
      for (const address of ["10.0.0.100", "2001:db8::100"]) expect(aliases).toContain(address);
      for (const { basis } of method!.steps) expect(basis).not.toBe("");
    });
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
