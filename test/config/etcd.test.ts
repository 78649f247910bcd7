/** The key `fleet.etcd`: what it means, what its mistakes are told, and clusters that come from another text than the file. */

import { expect, test } from "vitest";
import { InputError } from "oneip";
import { type Config, parseConfig, parseInSteps } from "../../src/config/config.ts";
import { configData, configFile } from "../../src/config/print.ts";
import { finish } from "../../src/table/steps.ts";

const TEXT = `dispatcher: {addresses: [10.0.0.2/24], mac: 02:00:00:00:00:02}
clusters:
  - {name: web, addresses: [10.1.0.100], backends: [{name: web1, address: 10.0.0.11}]}
`;

const withEtcd = (etcd: string) => `${TEXT}fleet:\n  etcd: ${etcd}\n`;
const parse = (etcd: string): Config => parseConfig(withEtcd(etcd), "a.yaml", "test");

test("a list of members is a mapping with all else by default, and is printed as that", () => {
  const members = ["http://10.0.0.5:2379", "http://[2001:db8::5]:2379"];
  const config = parse(JSON.stringify(members));
  expect(config.fleet?.etcd).toEqual({
    ...{ endpoints: members, prefix: "/oneip", name: undefined, user: undefined, passwordFile: undefined },
    ...{ ca: undefined, certificate: undefined, key: undefined },
  });
  expect(configFile(config).fleet).toEqual({ etcd: { endpoints: members, prefix: "/oneip" } });
  expect(configData(config).fleet).toMatchObject({ etcd: { endpoints: members, user: null } });
  expect(parseConfig(JSON.stringify(configFile(config)), "", "test")).toEqual(config);
});

test.each([
  [
    "[]",
    '5:9: "fleet.etcd" is wrong, found an empty list, list the members such as [http://10.0.0.5:2379], or use a mapping such as {endpoints: [http://10.0.0.5:2379]}',
  ],
  [
    "10.0.0.5:2379",
    '5:9: "fleet.etcd" is wrong, found "10.0.0.5:2379", list the members such as [http://10.0.0.5:2379], or use a mapping such as {endpoints: [http://10.0.0.5:2379]}',
  ],
  [
    '["http://10.0.0.5"]',
    '5:10: "fleet.etcd[0]" is wrong, found "http://10.0.0.5", use the address of a member such as http://10.0.0.5:2379',
  ],
  [
    "{endpoints: [http://10.0.0.5:2379], prefix: oneip}",
    '5:53: "fleet.etcd.prefix" is wrong, found "oneip", use letters, digits, dots, dashes, underscores and slashes, such as /oneip',
  ],
  [
    "{endpoints: [http://10.0.0.5:2379], user: a}",
    "5:51: fleet.etcd.user needs fleet.etcd.passwordFile, found nothing there, add it or leave both out",
  ],
  [
    "{endpoints: [https://10.0.0.5:2379], key: a}",
    "5:51: fleet.etcd.key needs fleet.etcd.certificate, found nothing there, add it or leave both out",
  ],
  [
    "{endpoints: [http://10.0.0.5:2379], ca: a}",
    "5:49: fleet.etcd.ca is for https, found only members at http, use https:// or leave it out",
  ],
  [
    "{endpoint: [http://10.0.0.5:2379]}",
    '5:9: "fleet.etcd.endpoints" is missing, found nothing, list one to nine members such as [http://10.0.0.5:2379]',
  ],
])("%s is told its mistake", (etcd, message) => {
  expect(() => parse(etcd)).toThrow(InputError);
  expect(() => parse(etcd)).toThrow(`a.yaml:${message}`);
});

const joined = (shared: string) =>
  finish(
    parseInSteps(withEtcd("[http://10.0.0.5:2379]"), "a.yaml", "test", {
      text: shared,
      name: "etcd's revision 7",
    }),
  );

test("what is shared stands in place of the file's clusters, and its mistakes have its places", () => {
  const { config, read } = joined(
    "# shared\nclusters:\n  - {name: mail, addresses: [10.1.0.5], backends: [{name: m1, address: 10.0.0.7}]}\n",
  );
  expect(config.clusters.map(({ name }) => name)).toEqual(["mail"]);
  expect(config.dispatcher.addresses[0]!.address).toBe("10.0.0.2");
  expect(read.placeOf(["clusters", 0, "name"])).toEqual({ file: "etcd's revision 7", line: 3, column: 12 });
  expect(read.placeOf(["dispatcher", "mac"])).toEqual({ file: "a.yaml", line: 1, column: 45 });
  expect(() =>
    joined("clusters:\n  - {name: mail, addresses: [10.1.0.5], backends: [{name: m1, address: 10.9.0.7}]}\n")
  ).toThrow(
    "etcd's revision 7:2:72: The backend is not on the link",
  );
});

test.each([
  [
    "dispatcher: {}\nclusters: []\n",
    'etcd\'s revision 7:1:1: What is shared is "clusters", found "dispatcher", use that alone',
  ],
  ["nonsense", 'etcd\'s revision 7:1:1: What is shared is "clusters", found none, use that alone'],
  ["clusters: [", "etcd's revision 7:1:12: This is not YAML"],
  ["clusters: 7", 'etcd\'s revision 7:1:11: "clusters" is wrong, found 7, list at least one cluster'],
  ["", 'etcd\'s revision 7:1:1: What is shared is "clusters", found none, use that alone'],
])("what is shared as %j is refused", (shared, message) => {
  expect(() => joined(shared)).toThrow(message);
});
