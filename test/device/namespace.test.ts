import { afterAll, expect, test } from "vitest";
import { loadConfig } from "../../src/config/load.ts";
import { run, runChecked } from "../../src/system/programs.ts";
import { formatMac } from "../../src/wire/address.ts";
import { needsRoot } from "../needs.ts";
import { ONEIP, ROOT } from "../runtime.ts";

const NAMES = ["one", "two"].map((name) => `t${process.pid}-${name}`);
const CONFIG = "test/device/namespace.yaml";

afterAll(async () => {
  for (const name of NAMES) await run(["ip", "netns", "del", name]);
});

/** The MAC that a dispatcher would have by default. */
async function macIn(...place: string[]): Promise<string> {
  const printed = await runChecked([...place, ...ONEIP, "check", "-c", CONFIG, "--json"], { cwd: ROOT });
  return JSON.parse(printed).dispatcher.mac;
}

test.skipIf(needsRoot())(
  "the default MAC differs between named namespaces, and is the same at every start",
  async () => {
    for (const name of NAMES) await runChecked(["ip", "netns", "add", name]);
    const [one = "", two = ""] = NAMES;
    const first = await macIn("ip", "netns", "exec", one);
    expect(await macIn("ip", "netns", "exec", one)).toBe(first);
    expect(await macIn("ip", "netns", "exec", two)).not.toBe(first);
    const { high, low } = loadConfig(`${ROOT}${CONFIG}`).dispatcher.mac;
    expect(await macIn(), "the machine's own").toBe(formatMac(high, low));
    expect(await macIn()).not.toBe(first);
  },
);
