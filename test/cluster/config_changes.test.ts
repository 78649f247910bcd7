import { expect, test } from "vitest";
import { describeChanges } from "../../src/cli/print_changes.ts";
import { changesBetween } from "../../src/cluster/config_changes.ts";
import { parseConfig } from "../../src/config/config.ts";

const OLD = `
dispatcher: {addresses: [10.0.0.2/24], mac: 02:00:00:00:00:02}
clusters:
  - name: web
    addresses: [10.0.0.100]
    ports: [80/tcp]
    algorithm: rendezvous
    backends:
      - {name: web1, address: 10.0.0.11}
      - {name: web2, address: 10.0.0.12}
      - {name: web3, address: 10.0.0.13}
`;

const read = (text: string) => parseConfig(text, "test", "test");

/** With these texts replaced. */
function changed(...replacements: [string, string][]) {
  return changesBetween(
    read(OLD),
    read(replacements.reduce((text, [was, is]) => text.replace(was, is), OLD)),
  );
}

test("the same: nothing changes, and the order does not matter", () => {
  const lines = OLD.trimEnd().split("\n");
  const turned = [...lines.slice(0, -2), lines.at(-1), lines.at(-2)].join("\n");
  expect(changesBetween(read(OLD), read(turned))).toEqual({
    changes: [],
    moving: [{ cluster: "web", share: 0 }],
  });
  expect(describeChanges(changed())).toBe("Nothing changes.");
});

test("each key that has another value, each backend and cluster that comes or goes, by name", () => {
  const { changes } = changed(
    ["addresses: [10.0.0.2/24]", "addresses: [10.0.0.2/24], mtu: 9000"],
    ["[80/tcp]", "[80/tcp, 443/tcp]"],
    ["    algorithm", "    slowStart: 30s\n    algorithm"],
    ["{name: web2, address: 10.0.0.12}", "{name: web2, address: 10.0.0.12, weight: 2}"],
    ["{name: web3, address: 10.0.0.13}", "{name: web4, address: 10.0.0.14}"],
    [
      "clusters:",
      "api: {listen: 127.0.0.1:8080}\nfleet: {bird: {drain: 5s}}\nclusters:\n  - {name: mail, addresses: [10.0.0.101], backends: [{name: web1, address: 10.0.0.11}]}",
    ],
  );
  expect(describeChanges({ changes, moving: [] }).split("\n")).toEqual([
    "dispatcher: mtu 1500 -> 9000",
    "cluster mail: added, with addresses 10.0.0.101, backends web1",
    "cluster web: ports 80/tcp -> 80/tcp, 443/tcp",
    "cluster web: slowStart none -> 30s",
    "cluster web, backend web1: mtu 1500 -> 9000",
    "cluster web, backend web2: weight 1 -> 2",
    "cluster web, backend web2: mtu 1500 -> 9000",
    "cluster web, backend web4: added, with address 10.0.0.14, weight 1",
    "cluster web, backend web3: taken away",
    'fleet: none -> {"bird":{"socket":"/run/bird/bird.ctl","drain":"5s"}}',
    "api.listen: none -> 127.0.0.1:8080",
  ]);
});

test.each<[string, [string, string], number]>([
  ["a backend less: its share", ["\n      - {name: web3, address: 10.0.0.13}", ""], 1 / 3],
  ["another address: that backend's share", ["10.0.0.13", "10.0.0.14"], 1 / 3],
  ["twice as many buckets: most, for each bucket is drawn anew", [
    "    ports:",
    "    buckets: 8192\n    ports:",
  ], 2 / 3],
  ["another seed: all but those who meet theirs by chance", ["    ports:", "    seed: 7\n    ports:"], 2 / 3],
  ["a port: nobody", ["[80/tcp]", "[443/tcp]"], 0],
])("how many clients move: %s", (_, replacement, expected) => {
  const { moving } = changed(replacement);
  expect(moving).toHaveLength(1);
  expect(moving[0]!.share).toBeCloseTo(expected, 1);
});
