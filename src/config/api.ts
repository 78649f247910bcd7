/** The section `api`: where the API is to be reached by TCP, and by whom. */

import * as z from "zod";
import type { Complain, Contents } from "../input/contents.ts";
import { isIpv6, isLoopback, isUnspecified } from "../wire/address.ts";
import { key, section } from "./key.ts";
import { MOST } from "./limits.ts";
import { linksOf } from "./links.ts";
import { address, endpoint, filePath, oneOrMore } from "./values.ts";

/** One may stand there without a list. */
const LISTENERS = ["api.listen", "api.listen[]"];

const tls = section("use a mapping such as {certificate: /etc/oneip/api.pem, key: /etc/oneip/api.key}", {
  certificate: key(filePath, {
    description:
      "The file with the certificate in PEM, and behind it those that lead to its authority. Its names are those by which the API is asked.",
    examples: ["/etc/oneip/api.pem"],
  }),
  key: key(filePath, {
    description: "The file with its private key in PEM.",
    examples: ["/etc/oneip/api.key"],
  }),
});

export const api = section("use a mapping such as {listen: 127.0.0.1:8080}", {
  listen: key(
    oneOrMore(endpoint, "use an address and a port such as 127.0.0.1:8080, or a list of them").prefault([]),
    {
      description:
        "Where the API is reached by TCP, beside its socket (docs/api.md). `0.0.0.0` and `[::]` are all addresses of the " +
        `machine. There may be ${MOST.listeners}.`,
      examples: [["127.0.0.1:8080", "[::1]:8080"], "10.0.0.5:8443"],
      checks: [listenersAreFew, listenersDoNotMeet, listenersAreMachines, strangersNeedToken],
    },
  ),
  tokenFile: key(filePath.optional(), {
    absent: "none, so that over TCP one can only read, and only from this machine",
    description: "The file with the token that everything over TCP needs, but for reads from this machine: " +
      "32 characters or more. Nobody but the dispatcher's user may be able to read or to write it.",
    examples: ["/etc/oneip/token"],
  }),
  tls: key(tls.optional(), {
    absent: "none, and token and answers can be read on their way",
    description: "HTTPS in place of HTTP, with this certificate.",
    examples: [{ certificate: "/etc/oneip/api.pem", key: "/etc/oneip/api.key" }],
  }),
});

const listenersIn = (contents: Contents) => LISTENERS.flatMap((place) => contents.all(place, endpoint));

function listenersAreFew(contents: Contents, complain: Complain): void {
  const found = listenersIn(contents).length;
  if (found <= MOST.listeners) return;
  complain(["api", "listen"], `There are too many addresses, found ${found}, use ${MOST.listeners} at most`);
}

/** All addresses of a family are also each one of them. */
function listenersDoNotMeet(contents: Contents, complain: Complain): void {
  const before: z.output<typeof endpoint>[] = [];
  for (const { path, written, value } of listenersIn(contents)) {
    const other = before.find(({ address, port }) =>
      port === value.port && isIpv6(address) === isIpv6(value.address) &&
      (address === value.address || [address, value.address].some(isUnspecified))
    );
    if (other !== undefined) {
      complain(path, `The port is taken by an address before, found ${written}, leave one of them out`);
    }
    before.push(value);
  }
}

/** The dispatcher's own addresses are the path's, and the clusters' the backends': no socket of this machine can have them. */
function listenersAreMachines(contents: Contents, complain: Complain): void {
  const links = linksOf(contents);
  const clusters = new Set(contents.all("clusters[].addresses[]", address).map(({ value }) => value));
  for (const { path, written, value } of listenersIn(contents)) {
    const whose = links.isOwn(value.address)
      ? "the dispatcher's"
      : clusters.has(value.address)
      ? "a cluster's"
      : undefined;
    if (whose === undefined) continue;
    complain(
      path,
      `The address is ${whose}, not this machine's, found ${written}, use one of the machine's own`,
    );
  }
}

function strangersNeedToken(contents: Contents, complain: Complain): void {
  if (contents.at(["api", "tokenFile"], z.unknown()) !== undefined) return;
  for (const { path, written, value } of listenersIn(contents)) {
    if (isLoopback(value.address)) continue;
    complain(
      path,
      `Other machines can ask there and there is no token, found ${written}, add api.tokenFile or use 127.0.0.1 or [::1]`,
    );
  }
}
