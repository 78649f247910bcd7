/** What a pair may be, and what a mistake in it is told. */

import { expect, test } from "vitest";
import { parseConfig } from "../../src/config/config.ts";
import { sharedAddresses } from "../../src/config/vrrp.ts";

const textOf = (vrrp: string, more = "") =>
  `
dispatcher:
  addresses: [10.0.0.2/24, "2001:db8::2/64"]
  gateway: 10.0.0.1
  routes: [{prefix: 192.0.2.0/24, via: 10.0.0.9}]
  vrrp: {${vrrp}}
${more}clusters:
  - name: web
    addresses: [10.0.0.100]
    backends:
      - {name: web1, address: 10.0.0.11}
`.trimStart();

const pairOf = (vrrp: string) => parseConfig(textOf(vrrp), "oneip.yaml", "machine").dispatcher.vrrp!;

/** The one mistake, without its place. */
function mistakeIn(text: string): string {
  try {
    parseConfig(text, "oneip.yaml", "machine");
    return "";
  } catch (error) {
    return (error as Error).message;
  }
}

test("a pair has defaults, and in IPv6 a link-local address that both have", () => {
  const pair = pairOf('id: 51, addresses: ["2001:db8::4/64", 10.0.0.4/24]');
  expect(pair).toMatchObject({ priority: 100, intervalMs: 100, preempt: false, checksum: "pseudo-header" });
  expect(sharedAddresses(pair)).toEqual(["10.0.0.4", "fe80::200:5eff:fe00:233", "2001:db8::4"]);
  const named = pairOf('id: 51, addresses: [10.0.0.4/24, "2001:db8::4/64", "fe80::1/64"]');
  expect(sharedAddresses(named)).toEqual(["10.0.0.4", "fe80::1", "2001:db8::4"]);
  expect(sharedAddresses(pairOf("id: 1, addresses: [10.0.0.4/24]"))).toEqual(["10.0.0.4"]);
  expect(
    parseConfig(textOf("id: 1, addresses: [10.0.0.4/24]").replace(/ {2}vrrp.*\n/, ""), "f", "m").dispatcher
      .vrrp,
  )
    .toBeUndefined();
});

test.each([
  ["id: 0, addresses: [10.0.0.4/24]", "found 0, use a whole number from 1 to 255"],
  ["id: 256, addresses: [10.0.0.4/24]", "found 256, use a whole number from 1 to 255"],
  ["addresses: [10.0.0.4/24]", "dispatcher.vrrp.id"],
  ["id: 51, addresses: []", "list at least one address with prefix length"],
  [
    "id: 51, addresses: [10.0.0.4]",
    'found "10.0.0.4", use an address with prefix length such as 10.0.0.2/24',
  ],
  [
    "id: 51, addresses: [10.0.0.4/24], priority: 255",
    "found 255, use a whole number from 1 to 254; 255 is for a router that has the addresses alone",
  ],
  ["id: 51, addresses: [10.0.0.4/24], priority: 0", "found 0, use a whole number from 1 to 254"],
  [
    "id: 51, addresses: [10.0.0.4/24], interval: 5ms",
    'found "5ms", use a duration from 10ms to 40950ms such as 50ms',
  ],
  ["id: 51, addresses: [10.0.0.4/24], interval: 41s", 'found "41s", use a duration from 10ms to 40950ms'],
  [
    "id: 51, addresses: [10.0.0.4/24], interval: 55ms",
    "The interval is no multiple of 10ms, found 55ms, use 60ms",
  ],
  ["id: 51, addresses: [10.0.0.4/24], preempt: never", 'found "never", use true or false'],
  ["id: 51, addresses: [10.0.0.4/24], checksum: none", 'found "none", use pseudo-header or rfc'],
  [
    "id: 51, addresses: [10.0.0.2/24]",
    "found 10.0.0.2/24, which is the dispatcher's own, use a free address of the link",
  ],
  [
    "id: 51, addresses: [10.0.0.100/24]",
    "which is a cluster's, which the active one has anyway, use a free address",
  ],
  ["id: 51, addresses: [10.0.0.11/24]", "which is a backend's, use a free address of the link"],
  ["id: 51, addresses: [10.0.0.1/24]", "which is the gateway, use a free address of the link"],
  ["id: 51, addresses: [10.0.0.9/24]", "which is a next hop, use a free address of the link"],
  ["id: 51, addresses: [10.0.0.255/24]", "which is the broadcast address of 10.0.0.2/24"],
  [
    "id: 51, addresses: [10.0.1.4/24]",
    "A shared address is not on the link, found 10.0.1.4/24, use an address within 10.0.0.2/24",
  ],
  [
    "id: 51, addresses: [10.0.0.4/25]",
    "A shared address has another prefix length than its link, found 10.0.0.4/25, use /24",
  ],
  ["id: 51, addresses: [10.0.0.4/24, 10.0.0.4/24]", "An address stands there twice, found 10.0.0.4/24 again"],
  [
    'id: 51, addresses: [10.0.0.4/24, "fe80::1/64", "fe80::2/64"]',
    "There are two link-local addresses, found fe80::2/64 as well, use one",
  ],
  ['id: 51, addresses: ["2001:db8::4/64"]', "The clusters have IPv4 addresses and the pair shares none"],
  [
    `id: 51, addresses: [${Array.from({ length: 17 }, (_, host) => `10.0.0.${20 + host}/24`).join(", ")}]`,
    "There are too many shared addresses, found 17, use 16 at most",
  ],
  ["id: 51, addresses: [10.0.0.4/24], prio: 3", 'Unknown key in "dispatcher.vrrp", found "prio"'],
])("{%s}", (vrrp, want) => {
  expect(mistakeIn(textOf(vrrp))).toContain(want);
  expect(mistakeIn(textOf(vrrp)).split("\n"), "nothing else").toHaveLength(1);
});

test("a dispatcher's own MAC is no virtual one", () => {
  const text = (mac: string) => textOf("id: 51, addresses: [10.0.0.4/24]", `  mac: ${mac}\n`);
  expect(mistakeIn(text("00:00:5e:00:01:07"))).toContain("that of a virtual router (RFC 9568 section 7.3)");
  expect(mistakeIn(text("00:00:5e:00:02:33"))).toContain("that of a virtual router");
  expect(mistakeIn(text("00:00:5e:00:53:01"))).toBe("");
});
