/** The simulator is like the wire: ten scenarios are played in it and in namespaces with real programs, and come to the same. */

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { needsTap } from "../needs.ts";
import { ownersOf } from "../sim/wire/config.ts";
import { at, DIFFERENCES, without } from "../sim/wire/differences.ts";
import { InNamespaces } from "../sim/wire/in_namespaces.ts";
import { InSimulator } from "../sim/wire/in_simulator.ts";
import { CLIENTS, SCENARIOS } from "../sim/wire/scenarios.ts";

describe.skipIf(needsTap())("as on the wire:", () => {
  let wire: InNamespaces;
  let simulated: InSimulator;
  beforeAll(async () => {
    [wire, simulated] = await Promise.all([InNamespaces.up(), InSimulator.up(CLIENTS)]);
  });
  afterAll(async () => {
    await simulated?.down();
    await wire?.down();
  });

  test.each(SCENARIOS)("$name", async ({ name, play }) => {
    const [there, here] = [await play(wire), await play(simulated)];
    const known = DIFFERENCES.filter(({ scenario }) => scenario === name);
    for (const { path, why } of known) {
      expect(at(here, path), `a difference that is none any more: delete it (${why})`).not.toEqual(
        at(there, path),
      );
    }
    expect(without(here, known)).toEqual(without(there, known));
    if ("owners" in there) expect(there["owners"]).toEqual(ownersOf(CLIENTS));
  });
});
