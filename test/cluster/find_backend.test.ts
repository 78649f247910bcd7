import { expect, test } from "vitest";
import { findBackend } from "../../src/cluster/find_backend.ts";
import { parseConfig } from "../../src/config/config.ts";

const { clusters } = parseConfig(
  `
dispatcher: {addresses: [10.0.0.2/24]}
clusters:
  - name: web
    addresses: [10.0.0.100]
    backends: [{name: one, address: 10.0.0.11}, {name: web2, address: 10.0.0.12}, {name: web3, address: 10.0.0.13}]
  - name: mail
    addresses: [10.0.0.101]
    backends: [{name: one, address: 10.0.0.11}, {name: mail2, address: 10.0.0.14}]
`,
  "test",
  "test",
);

test("by its name, or by its cluster's and its own", () => {
  for (const text of ["web2", "web/web2"]) {
    const { cluster, backend } = findBackend(clusters, text);
    expect([cluster.name, backend.name]).toEqual(["web", "web2"]);
  }
  expect(findBackend(clusters, "mail/one").cluster.name).toBe("mail");
});

test.each([
  ["one", 'Several clusters have a backend "one"; use web/one or mail/one'],
  ["wbe2", 'There is no backend "wbe2"; use web2 or one or web3'],
  ["web/mail2", 'There is no backend "mail2" in cluster "web"; use web2 or one or web3'],
  ["wbe/web2", 'There is no cluster "wbe"; use web or mail'],
])("%s: %s", (text, message) => {
  expect(() => findBackend(clusters, text)).toThrow(message);
});
