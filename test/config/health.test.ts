/** The key `health`: what it means, and what its mistakes are told. */

import { expect, test } from "vitest";
import { parseConfig } from "../../src/config/config.ts";
import { isProbedByDefault, portsOf, probesOf } from "../../src/config/health.ts";
import { configData, writtenConfig } from "../../src/config/print.ts";
import { InputError } from "../../src/input/errors.ts";

/** `health` stands in the cluster's mapping, `own` in the backend's. */
const fileOf = (health: string, own = "") =>
  `
dispatcher: {addresses: [10.0.0.2/24]}
clusters:
  - name: web
    addresses: [10.0.0.100]
    ${health}
    backends: [{name: web1, address: 10.0.0.11${own === "" ? "" : `, ${own}`}}]
`.trimStart();

function clusterOf(health: string, own?: string) {
  return parseConfig(fileOf(health, own), "oneip.yaml", "machine").clusters[0]!;
}

function mistakesOf(health: string, own?: string): string[] {
  try {
    clusterOf(health, own);
    return [];
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return error.message.split("\n");
  }
}

test("one probe, a list of several, none", () => {
  const tcp = { type: "tcp", port: 80, intervalMs: 2000, timeoutMs: 1000, rise: 2, fall: 3 };
  expect(clusterOf("health: {type: tcp, port: 80}").health).toMatchObject([tcp]);
  expect(clusterOf("health: [{type: tcp, port: 80}, {type: icmp, interval: 5s, fall: 1}]").health)
    .toMatchObject([
      tcp,
      { type: "icmp", intervalMs: 5000, fall: 1 },
    ]);
  expect(clusterOf("health: []").health).toEqual([]);
});

test("a backend's own probes stand in place of the cluster's", () => {
  const cluster = clusterOf("health: {type: icmp}", "health: {type: tcp, port: 8080}");
  expect(probesOf(cluster, cluster.backends[0]!)).toMatchObject([{ type: "tcp", port: 8080 }]);
  expect(probesOf(cluster, { health: undefined })).toMatchObject([{ type: "icmp" }]);
  expect(probesOf(cluster, { health: [] })).toEqual([]);
});

test("without health: tcp at the TCP service ports, where there are some", () => {
  const cluster = clusterOf("ports: [80/tcp, 53/udp, 443/tcp]");
  const [probe] = probesOf(cluster, cluster.backends[0]!);
  expect(portsOf(probe!, cluster.ports)).toEqual([80, 443]);
  expect(isProbedByDefault(cluster)).toBe(true);
  for (const without of ["buckets: 16", "ports: [53/udp]", "ports: [80/tcp]\n    health: []"]) {
    expect(isProbedByDefault(clusterOf(without))).toBe(false);
    expect(probesOf(clusterOf(without), { health: undefined })).toEqual([]);
  }
});

test("the ports of each type", () => {
  const portsFor = (health: string) => portsOf(clusterOf(`health: ${health}`).health![0]!);
  expect(portsFor("{type: icmp}")).toEqual([0]);
  expect(portsFor("{type: http}")).toEqual([80]);
  expect(portsFor("{type: https}")).toEqual([443]);
  expect(portsFor("{type: dns, query: a.example}")).toEqual([53]);
  expect(portsFor("{type: exec, command: ['true']}")).toEqual([0]);
  expect(portsFor("{type: http, port: 8080}")).toEqual([8080]);
});

test("what it comes to is printed, and can be read again", () => {
  const config = parseConfig(
    fileOf("health: {type: http, status: [200, 301-302], interval: 500ms}", "health: {type: icmp}"),
    "oneip.yaml",
    "machine",
  );
  expect(writtenConfig(config).clusters[0]!["health"]).toMatchObject([
    {
      type: "http",
      status: ["200", "301-302"],
      interval: "500ms",
      path: "/",
      port: expect.stringContaining("http 80"),
    },
  ]);
  expect(configData(config).clusters[0]).toMatchObject({
    health: [{ type: "http", intervalMs: 500, port: null }],
    backends: [{ health: [{ type: "icmp" }] }],
  });
  expect(writtenConfig(parseConfig(fileOf("ports: [80/tcp]"), "oneip.yaml", "machine")).clusters[0])
    .toMatchObject({
      health: "tcp at the TCP service ports",
      backends: [{ health: "the cluster's" }],
    });
});

/** What stands in the cluster or the backend, and what is said of it. */
const mistakes: readonly [health: string, own: string, message: string][] = [
  ["health: tcp", "", 'oneip.yaml:5:13: "clusters[0].health" is wrong, found "tcp", use a probe such as'],
  ["health: {port: 80}", "", '"clusters[0].health.type" is missing, found nothing, use tcp, icmp, http'],
  [
    "health: {type: ping}",
    "",
    'oneip.yaml:5:20: "clusters[0].health.type" is wrong, found "ping", use tcp, icmp',
  ],
  [
    "health: [{type: icmp}, {type: ping}]",
    "",
    '"clusters[0].health[1].type" is wrong, found "ping", use tcp',
  ],
  ["health: {type: icmp, prot: 80}", "", 'Unknown key in "clusters[0].health", found "prot", use type, port'],
  [
    "health: [{type: icmp, prot: 80}]",
    "",
    'Unknown key in "clusters[0].health[0]", found "prot", use type, port',
  ],
  ["health: {type: tcp, port: 0}", "", "use a whole number from 1 to 65535"],
  ["health: {type: icmp, interval: 1ms}", "", "use a duration from 100ms to 1h such as 2s"],
  ["health: {type: icmp, timeout: 2h}", "", "use a duration from 50ms to 1m such as 1s"],
  ["health: {type: icmp, rise: 0}", "", "use a whole number from 1 to 100"],
  [
    "health: {type: icmp, port: 80}",
    "",
    "A probe of type icmp has no port, found 80, leave it out or use type tcp",
  ],
  [
    "health: {type: tcp, port: 80, path: /x}",
    "",
    'has no path, found "/x", leave it out or use type http or https',
  ],
  ["health: {type: tcp}", "", "The probe has no port, found no service port of tcp either, use port: 80"],
  [
    "ports: [80/tcp]",
    "health: [{type: udp, send: x}]",
    "The probe has no port, found no service port of udp either",
  ],
  ["health: {type: udp, port: 9}", "", "A probe of type udp needs send, found none, use send: ping"],
  ["health: {type: dns}", "", "A probe of type dns needs query, found none"],
  ["health: {type: exec}", "", "A probe of type exec needs command, found none"],
  ["health: {type: http, path: healthz}", "", "use a path such as /healthz, without spaces"],
  [
    "health: {type: http, status: 600}",
    "",
    "use a status such as 200, a range such as 200-299, or a list of them",
  ],
  ["health: {type: http, status: [200, 299-200]}", "", "use a status such as 200 or a range such as 200-299"],
  ["health: {type: http, host: 'a b'}", "", "use a host such as www.example.com"],
  ["health: {type: dns, query: 'a..b'}", "", "use a name such as www.example.com"],
  ["health: {type: dns, query: a.b, answer: x}", "", "use an address such as 10.0.0.11"],
  ["health: {type: exec, command: /bin/true}", "", "list at least the program"],
  ["buckets: 16", "health: {type: tcp}", "The probe has no port"],
  ["buckets: 16", "health: {type: icmp, fall: x}", '"clusters[0].backends[0].health.fall" is wrong'],
];

for (const [health, own, message] of mistakes) {
  test(`told: ${health}${own === "" ? "" : `, backend ${own}`}`, () => {
    const found = mistakesOf(health, own);
    expect(found.join("\n")).toContain(message);
    expect(found).toHaveLength(1);
  });
}
