import { expect, test } from "vitest";
import { runChecked } from "../../../src/system/programs.ts";
import { needsTap } from "../../needs.ts";
import { ROOT, runTs } from "../../runtime.ts";

/** Asks in a network namespace of its own. */
async function ask(clients: number, mask = "") {
  const probe = [...runTs("test/filter/rules/oracle_probe.ts"), String(clients), mask];
  return JSON.parse(await runChecked(["unshare", "-n", ...probe], { cwd: ROOT }));
}

test.skipIf(needsTap())(
  "5,000 clients, half of each family: kernel and accepts() agree, and exactly one of four backends takes each, under every live set",
  async () => {
    // A backend that is live is asked under each of the eight live sets that it is in.
    expect(await ask(2500)).toEqual({ liveSets: 15, asked: 5000 * 4 * 8, disagree: [], notOne: [] });
  },
);

test.skipIf(needsTap())("the same of networks, when a mask makes them one client", async () => {
  expect(await ask(1000, "{ipv4: 20, ipv6: 56}"))
    .toEqual({ liveSets: 15, asked: 2000 * 4 * 8, disagree: [], notOne: [] });
});
