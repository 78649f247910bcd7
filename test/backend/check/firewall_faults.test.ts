/** Which of a firewall's rules drop clients' traffic, by the rules as nft itself prints them. */

import { beforeAll, describe, expect, test } from "vitest";
import { firewallNotes } from "../../../src/backend/check/firewall_faults.ts";
import { findFaults } from "../../../src/backend/check/find_faults.ts";
import { parseRuleset } from "../../../src/backend/check/ruleset.ts";
import { tableOf } from "../../../src/filter/rules/rules.ts";
import { formatCommand, runChecked } from "../../../src/system/programs.ts";
import { needsRoot } from "../../needs.ts";
import { EXPECTED, machine } from "./machine.ts";

/** Lines of a table "inet fw" whose chain "input" has these rules. */
const input = (rules: string, policy = "accept", more = "") => `
${more}
chain input {
type filter hook input priority 0; policy ${policy};
${rules}
}`;

interface Case {
  readonly name: string;
  /** Of the table. */
  readonly lines: string;
  /** Who drops, and whether for all clients. */
  readonly want: string[];
  readonly ports?: typeof EXPECTED.clusters[0]["ports"];
}

const TABLE = "nft table inet fw, chain";
const NORMAL =
  "ct state established,related accept\nct state invalid drop\niif lo accept\nip protocol icmp accept";

const cases: Case[] = [
  { name: "no rule", lines: input(""), want: [] },
  {
    name: "a port is dropped",
    lines: input("tcp dport 80 drop"),
    want: [`drops: ${TABLE} input drops port 80/tcp: "tcp dport 80 drop"`],
  },
  {
    name: "it is rejected, among others, and counted",
    lines: input("tcp dport { 22, 79-81 } counter reject with tcp reset"),
    want: [
      expect.stringMatching(/^drops: .* input drops port 80\/tcp: "tcp dport \{ 22, 79-81 \} counter .*"/),
    ],
  },
  { name: "another port", lines: input("tcp dport 443 drop\nudp dport 80 drop"), want: [] },
  { name: "another port by what it is not", lines: input("tcp dport != { 80, 443 } drop"), want: [] },
  {
    name: "another address",
    lines: input("ip daddr 10.0.0.101 drop\nip6 daddr 2001:db8:1::/48 drop"),
    want: [],
  },
  {
    name: "the cluster's network in one family",
    lines: input("ip6 daddr 2001:db8::/64 drop"),
    want: [`drops: ${TABLE} input drops port 80/tcp: "ip6 daddr 2001:db8::/64 drop" (2001:db8::100)`],
  },
  { name: "another interface", lines: input('iifname "eth0" drop\niif lo drop'), want: [] },
  {
    name: "the link by a pattern",
    lines: input('iifname "eth*" drop'),
    want: [`drops: ${TABLE} input drops port 80/tcp: "iifname "eth*" drop"`],
  },
  {
    name: "a common firewall with the port open",
    lines: input(`${NORMAL}\ntcp dport { 22, 80 } accept`, "drop"),
    want: [],
  },
  {
    name: "the same by a named set",
    lines: input(
      `${NORMAL}\ntcp dport @open accept`,
      "drop",
      "set open { type inet_service; elements = { 22, 80 }; }",
    ),
    want: [],
  },
  {
    name: "a common firewall with the port closed",
    lines: input(`${NORMAL}\ntcp dport 22 accept`, "drop"),
    want: [`drops: ${TABLE} input drops port 80/tcp: policy drop`],
  },
  {
    name: "open to some clients",
    lines: input(`${NORMAL}\nip saddr 192.0.2.0/24 tcp dport 80 accept`, "drop"),
    want: [
      `drops: ${TABLE} input drops port 80/tcp: policy drop (2001:db8::100)`,
    ],
  },
  {
    name: "closed to some clients",
    lines: input("ip saddr @blocked drop", "accept", "set blocked { type ipv4_addr; }"),
    want: [`may: ${TABLE} input may drop some clients' traffic: "ip saddr @blocked drop"`],
  },
  {
    name: "closed to some, and to the rest",
    lines: input("ip saddr 192.0.2.1 drop\ntcp dport 80 drop"),
    want: [
      `drops: ${TABLE} input drops port 80/tcp: "tcp dport 80 drop"`,
      `may: ${TABLE} input may drop some clients' traffic: "ip saddr 192.0.2.1 drop"`,
    ],
  },
  {
    name: "only so many",
    lines: input("tcp dport 80 limit rate 9/second accept\ndrop"),
    want: [`may: ${TABLE} input may drop some clients' traffic: "drop"`],
  },
  {
    name: "a chain behind a map",
    lines: input(
      "ct state vmap { established : accept, new : jump web }",
      "accept",
      "chain web {\ntcp dport 22 return\nip saddr 10.9.9.9 accept\nmeta l4proto tcp drop\n}",
    ),
    want: [
      `drops: ${TABLE} web drops port 80/tcp: "meta l4proto tcp drop" (2001:db8::100)`,
    ],
  },
  {
    name: "ports by a map",
    lines: input("tcp dport vmap { 22 : accept, 80 : drop }"),
    want: [`drops: ${TABLE} input drops port 80/tcp: "tcp dport vmap { 22 : accept, 80 : drop }"`],
  },
  {
    name: "a chain that returns",
    lines: input("jump web\naccept", "drop", "chain web {\ntcp dport 80 return\ndrop\n}"),
    want: [],
  },
  {
    name: "the answers",
    lines:
      "chain output {\ntype filter hook output priority 0; policy accept;\nip saddr 10.0.0.100 tcp sport 80 drop\n}",
    want: [`drops: ${TABLE} output drops port 80/tcp: "ip saddr 10.0.0.100 tcp sport 80 drop" (10.0.0.100)`],
  },
  {
    name: "what the machine itself asks, and answers",
    lines: "chain output {\ntype filter hook output priority 0; policy drop;\nct state established accept\n}",
    want: [],
  },
  {
    name: "forwarded packets, and a chain that nobody calls",
    lines: "chain forward {\ntype filter hook forward priority 0; policy drop;\n}\nchain spare {\ndrop\n}",
    want: [],
  },
  {
    name: "a port, where none is named",
    lines: input("tcp dport 80 drop"),
    ports: [],
    want: [`may: ${TABLE} input may drop some clients' traffic: "tcp dport 80 drop"`],
  },
  {
    name: "everything, where no port is named",
    lines: input("drop"),
    ports: [],
    want: [`drops: ${TABLE} input drops clients' traffic: "drop"`],
  },
];

describe.skipIf(needsRoot())("the firewall:", () => {
  let printed: { json: string; text: string }[] = [];

  // In one namespace and one shell: each table is made, listed and removed.
  beforeAll(async () => {
    const lists = cases.map(({ lines }) =>
      `nft -f - <<'END'\ntable inet fw {\n${lines}\n}\nEND\nnft -j list ruleset\necho ==\nnft -a list ruleset\necho ==\nnft flush ruleset`
    );
    const parts = (await runChecked(["unshare", "--net", "sh", "-ec", lists.join("\n")])).split("==\n");
    printed = cases.map((_, index) => ({ json: parts[2 * index]!, text: parts[2 * index + 1]! }));
  });

  cases.forEach(({ name, want, ports }, index) => {
    test(name, () => {
      const { json, text } = printed[index]!;
      const snapshot = machine({ firewall: { chains: parseRuleset(json, text), unseen: [] } });
      const expected = {
        ...EXPECTED,
        clusters: EXPECTED.clusters.map((cluster) => ({ ...cluster, ports: ports ?? cluster.ports })),
      };
      const faults = findFaults(snapshot, expected).filter(({ id }) => id === "firewall");
      expect([
        ...faults.map(({ found, clusters }) =>
          `drops: ${found}${clusters.length === 1 ? ` (${clusters.join()})` : ""}`
        ),
        ...firewallNotes(snapshot, expected).map((note) => `may: ${note}`),
      ]).toEqual(want);
    });
  });

  test("the filter of the technique broadcast drops what it should", () => {
    const rename = (text: string) => text.replaceAll(/\bfw\b/g, tableOf("web"));
    const { json, text } = printed[1]!;
    const snapshot = machine({
      firewall: { chains: parseRuleset(rename(json), rename(text)), unseen: [] },
    });
    expect(findFaults(snapshot, EXPECTED)).toEqual([]);
  });

  test("the rule is named by its handle in what takes it away, and a person decides", () => {
    const { json, text } = printed[1]!;
    const snapshot = machine({ firewall: { chains: parseRuleset(json, text), unseen: [] } });
    const [fault] = findFaults(snapshot, EXPECTED);
    expect(fault?.mend.map(formatCommand)).toEqual([
      expect.stringMatching(/^nft delete rule inet fw input handle \d+$/),
    ]);
    expect(fault?.decide).toContain("decide whether the rule is wanted");
  });
});

test("the rules of iptables, as nft 1.0.6 prints them", () => {
  const place = { family: "ip", table: "filter" };
  const port = { match: { op: "==", left: { payload: { protocol: "tcp", field: "dport" } }, right: 80 } };
  const rule = (handle: number, ...expr: object[]) => ({ rule: { ...place, chain: "INPUT", handle, expr } });
  const json = JSON.stringify({
    nftables: [
      { chain: { ...place, name: "INPUT", hook: "input", policy: "accept" } },
      rule(2, { xt: { type: "match", name: "conntrack" } }, { counter: {} }, { drop: null }),
      rule(3, port, { counter: {} }, { xt: { type: "target", name: "REJECT" } }),
    ],
  });
  const text = "table ip filter { # handle 1\n\tchain INPUT { # handle 1\n" +
    "\t\tct state invalid counter drop # handle 2\n\t\ttcp dport 80 counter reject # handle 3\n";
  const snapshot = machine({ firewall: { chains: parseRuleset(json, text), unseen: [] } });
  expect(findFaults(snapshot, EXPECTED).map(({ found }) => found)).toEqual([
    'nft table ip filter, chain INPUT drops port 80/tcp: "tcp dport 80 counter reject"',
  ]);
  expect(firewallNotes(snapshot, EXPECTED)).toEqual([
    'nft table ip filter, chain INPUT may drop some clients\' traffic: "ct state invalid counter drop"',
  ]);
});

test("what was not looked at is told", () => {
  const unseen = ["the firewall was not looked at: it needs root"];
  expect(firewallNotes(machine({ firewall: { chains: [], unseen } }), EXPECTED)).toEqual(unseen);
});
