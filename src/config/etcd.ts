/** The key `fleet.etcd`: where the dispatchers of a fleet find what they share (docs/etcd.md). */

import * as z from "zod";
import type { Complain, Contents } from "../input/contents.ts";
import { key, section } from "./key.ts";
import { filePath, name } from "./values.ts";

/** etcd has five members at most, or seven. */
const MOST_ENDPOINTS = 9;

const endpointRemedy = "use the address of a member such as http://10.0.0.5:2379";

const endpoint = z.string(endpointRemedy).refine((text) => {
  const url = URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol) && url.port !== "" && url.pathname === "/" &&
    url.username === "" && url.search === "" && url.hash === "";
}, endpointRemedy);

const endpointsRemedy = "list one to nine members such as [http://10.0.0.5:2379]";

const endpoints = z.array(endpoint, endpointsRemedy).min(1, endpointsRemedy).max(
  MOST_ENDPOINTS,
  endpointsRemedy,
);

const prefixRemedy = "use letters, digits, dots, dashes, underscores and slashes, such as /oneip";

const prefix = z.string(prefixRemedy).regex(/^(\/[A-Za-z0-9._-]{1,63}){1,8}$/, prefixRemedy);

const userRemedy = "use a user's name in etcd such as oneip";

const mapping = section("use a mapping such as {endpoints: [http://10.0.0.5:2379]}", {
  endpoints: key(endpoints, {
    description:
      "The members of etcd, or some of them: they are asked in turn, until one answers. Their JSON gateway must be on.",
    examples: [["https://10.0.0.5:2379", "https://10.0.0.6:2379", "https://10.0.0.7:2379"]],
  }),
  prefix: key(prefix.default("/oneip"), {
    description: "With what the fleet's keys in etcd begin. Each fleet has one of its own.",
    examples: ["/oneip-paris"],
  }),
  name: key(name.optional(), {
    absent: "the host's name",
    description: "By what the other dispatchers know this one. Each has one of its own.",
    examples: ["d1"],
  }),
  user: key(z.string(userRemedy).regex(/^[^\r\n]{1,200}$/, userRemedy).optional(), {
    description: "The user in etcd, which may read and write what begins with the prefix.",
    examples: ["oneip"],
    checks: [userHasPassword],
  }),
  passwordFile: key(filePath.optional(), {
    description: "The file with that user's password, on one line.",
    examples: ["/etc/oneip/etcd.password"],
  }),
  ca: key(filePath.optional(), {
    absent: "the machine's authorities",
    description: "The file with the authority of the members' certificates, in PEM.",
    examples: ["/etc/oneip/etcd-ca.pem"],
    checks: [filesAreForTls],
  }),
  certificate: key(filePath.optional(), {
    description: "The file with this client's certificate in PEM, where etcd wants one.",
    examples: ["/etc/oneip/etcd.pem"],
    checks: [certificateHasKey],
  }),
  key: key(filePath.optional(), {
    description: "The file with its private key in PEM.",
    examples: ["/etc/oneip/etcd.key"],
  }),
});

export const etcd = z.union(
  [
    endpoints.transform((endpoints) => mapping.parse({ endpoints })),
    mapping,
  ],
  "list the members such as [http://10.0.0.5:2379], or use a mapping such as {endpoints: [http://10.0.0.5:2379]}",
);

const anything = z.unknown();

const AT = ["fleet", "etcd"];

function userHasPassword(contents: Contents, complain: Complain): void {
  needBoth(contents, complain, "user", "passwordFile");
}

function certificateHasKey(contents: Contents, complain: Complain): void {
  needBoth(contents, complain, "certificate", "key");
}

function needBoth(contents: Contents, complain: Complain, one: string, other: string): void {
  const [first, second] = [one, other].map((key) => contents.at([...AT, key], anything));
  if ((first === undefined) === (second === undefined)) return;
  const [there, missing] = first === undefined ? [other, one] : [one, other];
  complain(
    [...AT, there],
    `fleet.etcd.${there} needs fleet.etcd.${missing}, found nothing there, add it or leave both out`,
  );
}

function filesAreForTls(contents: Contents, complain: Complain): void {
  const members = contents.all("fleet.etcd.endpoints[]", endpoint);
  if (members.length === 0 || members.some(({ value }) => value.startsWith("https:"))) return;
  for (const key of ["ca", "certificate"]) {
    const found = contents.at([...AT, key], anything);
    if (found === undefined) continue;
    complain(
      found.path,
      `fleet.etcd.${key} is for https, found only members at http, use https:// or leave it out`,
    );
  }
}
