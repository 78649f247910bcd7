/** What a configuration is warned of, and what it is not. */

import { expect, test } from "vitest";
import { parseInSteps } from "../../src/config/config.ts";
import { EXAMPLE } from "../../src/config/example.ts";
import { type Warning, warningsOf } from "../../src/config/warnings.ts";
import { finish } from "../../src/table/steps.ts";

const TEXT = `
dispatcher:
  addresses: [10.0.0.2/24]
clusters:
  - name: web
    addresses: [10.0.0.100]
    backends:
      - {name: web1, address: 10.0.0.11}
`.trimStart();

function warningsIn(text: string): Warning[] {
  const { config, read } = finish(parseInSteps(text, "oneip.yaml", "machine"));
  return warningsOf(config, read);
}

/** `id line:column key` of each. */
function warned(text: string): string[] {
  return warningsIn(text).map(({ id, line, column, key }) => `${id} ${line}:${column} ${key}`);
}

test("a plain cluster with a private address is warned of nothing, nor is the example", () => {
  expect(warned(TEXT)).toEqual([]);
  expect(warned(EXAMPLE)).toEqual([]);
});

test("seed 0 is warned of where an address is public, at the key or at the cluster that lacks it", () => {
  const open = TEXT.replace("10.0.0.100", "10.0.0.100, 203.0.113.80");
  expect(warned(open)).toEqual(["known-seed 4:5 clusters[0].seed"]);
  expect(warned(open.replace("    backends", "    seed: 0\n    backends"))).toEqual([
    "known-seed 6:11 clusters[0].seed",
  ]);
  expect(warned(open.replace("    backends", "    seed: 7\n    backends"))).toEqual([]);
  for (const address of ["172.16.0.1", "192.168.1.1", "100.64.0.1", "fd00::1"]) {
    expect(warned(TEXT.replace("10.0.0.100", `"${address}"`)).join(), address).not.toContain("known-seed");
  }
});

test("hashing more than a /64 of a client's address is warned of, where clients have IPv6", () => {
  const text = TEXT.replace("[10.0.0.100]", '["fd00::100"]\n    mask: {ipv6: 128}');
  expect(warned(text)).toEqual(["whole-ipv6 6:18 clusters[0].mask.ipv6"]);
  expect(warned(text.replace("128", "64"))).toEqual([]);
  expect(warned(TEXT.replace("    backends", "    mask: {ipv6: 128}\n    backends"))).toEqual([]);
});

test("modulo is warned of", () => {
  expect(warned(TEXT.replace("    backends", "    algorithm: modulo\n    backends"))).toEqual([
    "modulo 6:16 clusters[0].algorithm",
  ]);
});

test("a way to a backend whose MTU cannot be is warned of", () => {
  const withMtu = (mtu: number) => warned(TEXT.replace("10.0.0.11", `10.0.0.11, mtu: ${mtu}`));
  expect(withMtu(1501)).toEqual(["mtu 7:47 clusters[0].backends[0].mtu"]);
  expect(withMtu(551)).toEqual(["mtu 7:47 clusters[0].backends[0].mtu"]);
  expect([...withMtu(1500), ...withMtu(552)]).toEqual([]);
});

test("in a fleet an address of the link is warned of, and a last resort that is never used", () => {
  const text = (fleet: string) =>
    TEXT.replace("    backends", "    noBackend: last-resort\n    backends") + fleet;
  expect(warned(text("fleet: {bird: {}}\n"))).toEqual([
    "on-link 5:17 clusters[0].addresses[0]",
    "last-resort 6:16 clusters[0].noBackend",
  ]);
  expect(warned(text("fleet: {}\n"))).toEqual(["on-link 5:17 clusters[0].addresses[0]"]);
  expect(
    warned(text("fleet: {bird: {}}\n").replace("10.0.0.100", "10.1.0.100").replace("last-resort", "reject")),
  )
    .toEqual([]);
});

test("a password that goes to etcd without TLS is warned of", () => {
  const withEtcd = (endpoint: string) =>
    warned(
      TEXT.replace("10.0.0.100", "10.1.0.100") +
        `fleet:\n  etcd: {endpoints: ["${endpoint}"], user: oneip, passwordFile: password}\n`,
    );
  expect(withEtcd("http://10.0.0.5:2379")).toEqual([
    "plain-etcd 9:74 fleet.etcd.passwordFile",
  ]);
  expect(withEtcd("https://10.0.0.5:2379")).toEqual([]);
  expect(withEtcd("http://127.0.0.1:2379")).toEqual([]);
});

test("an API that other machines reach without TLS is warned of", () => {
  const withApi = (api: string) => warned(`${TEXT}api: ${api}\n`);
  expect(withApi("{listen: [127.0.0.1:80, 10.0.0.5:80], tokenFile: t}")).toEqual([
    "plain-api 8:15 api.listen",
  ]);
  expect(withApi("{listen: 10.0.0.5:80, tokenFile: t, tls: {certificate: c, key: k}}")).toEqual([]);
  expect(withApi('{listen: [127.0.0.1:80, "[::1]:80"]}')).toEqual([]);
});

test("a pair that advertises very often is warned of", () => {
  const pair = (interval: string) =>
    TEXT.replace("clusters:", `  vrrp: {id: 51, addresses: [10.0.0.4/24], interval: ${interval}}\nclusters:`);
  expect(warned(pair("20ms"))).toEqual(["short-interval 3:54 dispatcher.vrrp.interval"]);
  expect(warned(pair("30ms"))).toEqual([]);
});

test("a warning has the shape of a fault, and a place", () => {
  const [warning] = warningsIn(TEXT.replace("    backends", "    algorithm: modulo\n    backends"));
  expect(warning).toEqual({
    id: "modulo",
    file: "oneip.yaml",
    line: 6,
    column: 16,
    key: "clusters[0].algorithm",
    found: "cluster web has the algorithm modulo",
    why: expect.stringContaining("most of all clients"),
    decide: expect.stringContaining("use maglev"),
  });
});
