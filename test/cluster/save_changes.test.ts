/** What runs, written into the text of a file: the rest of it stays as people have written it. */

import { expect, test } from "vitest";
import { keyChangesBetween } from "../../src/cluster/config_changes.ts";
import { textWith } from "../../src/cluster/save_changes.ts";
import type { Config } from "../../src/config/config.ts";
import { edited } from "../../src/config/edit.ts";
import { loadTextInSteps } from "../../src/config/load.ts";
import { finish } from "../../src/table/steps.ts";
import { roundsOf } from "../needs.ts";
import { Random } from "../random.ts";

const FILE = "oneip.yaml";
const read = (text: string): Config => finish(loadTextInSteps(text, FILE)).config;

/** The text when what runs is what the other text would be. */
const saved = (text: string, running: string) =>
  textWith(keyChangesBetween(read(text), read(running)), text, FILE);

const HEAD = `# The web, and the mail.
dispatcher: {addresses: [10.0.0.2/24], mac: 02:00:00:00:00:02}  # on the LAN
clusters:
`;

/** One cluster in the forms that people write. */
const STYLES = {
  "items in one line": `${HEAD}  - name: web
    addresses: [10.0.0.100]  # seen by clients
    backends:
      # The old machines.
      - {name: web1, address: 10.0.0.11, weight: 2}   # rack 1
      - {name: web2, address: 10.0.0.12}

      # The new one.
      - {name: web3, address: 10.0.0.13}
`,
  "items with room in braces, lists not indented": `${HEAD}- name: web
  backends:
  - { name: web1, address: 10.0.0.11, weight: 2 } # rack 1
  - { name: web2, address: 10.0.0.12 }
  - { name: web3, address: 10.0.0.13 }
  addresses: [10.0.0.100]
`,
  "items of several lines": `${HEAD}  - name: web
    addresses:
      - 10.0.0.100
    backends:
      - name: web1
        address: 10.0.0.11
        weight: 2   # rack 1
      -
        address: 10.0.0.12
        name: web2
      - weight: 1
        name: web3
        address: 10.0.0.13
    # The end.`,
  "all in one line":
    `{dispatcher: {addresses: [10.0.0.2/24], mac: "02:00:00:00:00:02"}, clusters: [{name: web, addresses: ` +
    `[10.0.0.100], backends: [{name: web1, address: 10.0.0.11, weight: 2}, {name: web2, address: 10.0.0.12}, ` +
    `{name: web3, address: 10.0.0.13}]}]}`,
};

const WEB = { web1: 2, web2: 1, web3: 1 };

/** A configuration with these backends and weights. */
const running = (weights: Readonly<Record<string, number>>, more = "") =>
  `${HEAD}  - name: web
    addresses: [10.0.0.100]${more}
    backends:
${
    Object.entries(weights).map(([name, weight]) =>
      `      - {name: ${name}, address: 10.0.0.1${name.at(-1)}, weight: ${weight}}\n`
    ).join("")
  }`;

for (const [style, text] of Object.entries(STYLES)) {
  test(`${style}: what is not changed stays as it is`, () => {
    expect(saved(text, running(WEB))).toBe(text);
    expect(saved(text, running({ ...WEB, web1: 3 }))).toBe(text.replace("weight: 2", "weight: 3"));
  });
}

test("a backend is added in the form of the others, and taken away with its line", () => {
  const [line, room, block, flow] = Object.values(STYLES) as [string, string, string, string];
  const more = running({ ...WEB, web4: 1 });
  expect(saved(line, more)).toBe(`${line}      - {name: web4, address: 10.0.0.14}\n`);
  expect(saved(room, more)).toBe(
    room.replace("10.0.0.13 }\n", "10.0.0.13 }\n  - { name: web4, address: 10.0.0.14 }\n"),
  );
  expect(saved(block, running({ ...WEB, web4: 5 }))).toBe(block.replace(
    "address: 10.0.0.13\n",
    "address: 10.0.0.13\n      - name: web4\n        address: 10.0.0.14\n        weight: 5\n",
  ));
  expect(saved(flow, more)).toBe(
    flow.replace("10.0.0.13}]", "10.0.0.13}, {name: web4, address: 10.0.0.14}]"),
  );

  const fewer = running({ web1: 2, web3: 1 });
  expect(saved(line, fewer)).toBe(line.replace("      - {name: web2, address: 10.0.0.12}\n", ""));
  expect(saved(block, fewer)).toBe(
    block.replace("      -\n        address: 10.0.0.12\n        name: web2\n", ""),
  );
  expect(saved(flow, fewer)).toBe(flow.replace(", {name: web2, address: 10.0.0.12}", ""));
});

test("a key that was not there is added, one that is there no more is taken away", () => {
  const [line, , block] = Object.values(STYLES) as [string, string, string];
  const broadcast = running({ ...WEB, web2: 3 }, "\n    technique: broadcast");
  expect(saved(line, broadcast)).toBe(
    `${line.replace("10.0.0.12}", "10.0.0.12, weight: 3}")}    technique: broadcast\n`,
  );
  const probed = running(WEB, "\n    ports: [80/tcp]\n    health:\n      - type: icmp\n      - {type: tcp}");
  const withHealth = block.replace(
    "    backends:",
    "    health: # why\n      type: tcp\n      port: 80\n    backends:",
  );
  expect(saved(withHealth, running(WEB))).toBe(block);
  expect(read(saved(withHealth, probed))).toEqual(read(probed));
});

test("whole clusters come and go", () => {
  const mail =
    "  - name: mail\n    addresses: [10.0.0.200]\n    backends: [{name: mail1, address: 10.0.0.21}]\n";
  const [line] = Object.values(STYLES) as [string];
  expect(saved(`${line}${mail}`, running(WEB))).toBe(line);
  expect(saved(line, `${running(WEB)}${mail}`)).toBe(
    `${line}  - name: mail\n    addresses:\n      - 10.0.0.200\n    backends:\n      - name: mail1\n        address: 10.0.0.21\n`,
  );
});

test("a section that the file leaves out is added", () => {
  const edit = { cluster: null, backend: null, key: "api.listen", new: ["127.0.0.1:8080"] };
  const [line, , , flow] = Object.values(STYLES) as [string, string, string, string];
  expect(edited(line, [edit])).toBe(`${line}api: {listen: [127.0.0.1:8080]}\n`);
  expect(edited(flow, [edit])).toBe(flow.replace(/}$/, ", api: {listen: [127.0.0.1:8080]}}"));
});

test("where the API listens is written into its own section", () => {
  const [line] = Object.values(STYLES) as [string];
  const result = saved(
    `${line}api: {listen: 127.0.0.1:80} # ours\n`,
    `${running(WEB)}api: {listen: "[::1]:81"}\n`,
  );
  expect(result).toMatch(/^api: \{listen: .*::1.*\} # ours$/m);
});

test("what stands there by an alias is left to people, and so is what others would have too", () => {
  const [line] = Object.values(STYLES) as [string];
  const item = "{name: web2, address: 10.0.0.12}";
  const merged = line.replace("dispatcher:", "x: &usual {weight: 1}\ndispatcher:");
  expect(() => saved(merged, running(WEB))).toThrow('"x"');
  const shared = line.replace("weight: 2", "weight: &two 2").replace(
    item,
    item.replace("}", ", weight: *two}"),
  );
  expect(() => saved(shared, running({ ...WEB, web2: 5 }))).toThrow(
    'The file has no place of its own for cluster "web", backend "web2", weight, perhaps because of an alias: edit it by hand',
  );
  expect(() => saved(shared, running({ ...WEB, web1: 5, web2: 2 }))).toThrow(
    "oneip.yaml cannot be written so that only this changes in it; edit it by hand",
  );
});

test("whatever runs, in whatever form the file is: what is saved says it", () => {
  const random = new Random(7);
  for (let round = 0; round < roundsOf(100); round++) {
    const text = Object.values(STYLES)[random.below(4)]!;
    const names = ["web1", "web2", "web3", "web4", "web5"].filter(() => random.below(3) > 0);
    const weights = Object.fromEntries([...names, "web6"].map((name) => [name, 1 + random.below(3)]));
    const wanted = running(weights, random.below(2) === 0 ? "" : "\n    seed: 7\n    mask: {ipv6: 64}");
    const result = saved(text, wanted);
    expect(keyChangesBetween(read(result), read(wanted)), result).toEqual([]);
    if (text.includes("# The web")) expect(result).toContain("# The web, and the mail.");
  }
});
