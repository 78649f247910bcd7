/** The section `health`: how the dispatcher sees whether a backend serves. A cluster has one probe or several, and so may a backend. */

import * as z from "zod";
import type { Complain, Contents, Entry } from "../input/contents.ts";
import type { Port } from "../wire/port.ts";
import { key, keysOf, means, type Only, section } from "./key.ts";
import type { Probe } from "./meaning.ts";
import {
  address,
  choice,
  dnsName,
  durationWithin,
  filePath,
  hostHeader,
  list,
  octets,
  oneOrMore,
  port,
  requestPath,
  statusRange,
  text,
  wholeNumber,
  word,
  yesOrNo,
} from "./values.ts";

/** Types of DNS records that can be asked for: RFC 1035 section 3.2.2, RFC 3596. */
const RECORD_TYPES = ["A", "AAAA", "NS", "SOA", "MX", "TXT"] as const;

const TYPES = ["tcp", "icmp", "http", "https", "udp", "dns", "exec"] as const;
export type ProbeType = typeof TYPES[number];

/** Whose a key is, where it is not every type's. */
function only(...values: readonly ProbeType[]): Only {
  return { key: "type", values };
}

/** Keys that a type must have. */
const NEEDS: Readonly<Partial<Record<ProbeType, string>>> = { udp: "send", dns: "query", exec: "command" };

/** Of a type that has one; of the others the service ports are asked. */
const USUAL_PORT: Readonly<Partial<Record<ProbeType, number>>> = { http: 80, https: 443, dns: 53 };

const probe = section("use a mapping such as {type: tcp, port: 80}", {
  type: key(choice(...TYPES), {
    description:
      "How it is asked, each time at every cluster address, at the backend's MAC, as clients come to it. " +
      "`tcp`: a SYN; a SYN-ACK is health, and is reset, so that the server notes nothing. `icmp`: an echo request. " +
      "`http`, `https`: a request. `udp`: a datagram. `dns`: a question to a name server. " +
      "`exec`: a command on the dispatcher's machine, whose status 0 is health.",
    examples: ["tcp"],
  }),
  port: key(wholeNumber(1, 65_535).optional(), {
    only: only("tcp", "http", "https", "udp", "dns", "exec"),
    absent: "http 80, https 443, dns 53, exec none; tcp and udp each of the cluster's service ports",
    description: "The port that is asked. It need not be a service port.",
    examples: [80],
  }),
  interval: key(durationWithin(100, 3_600_000, "2s").prefault("2s"), {
    as: "intervalMs",
    description:
      "The time between the beginnings of two probes, a tenth more or less. A probe that still runs is waited for.",
    examples: ["2s"],
  }),
  timeout: key(durationWithin(50, 60_000, "1s").prefault("1s"), {
    as: "timeoutMs",
    description: "A probe that has not ended by then has failed.",
    examples: ["1s"],
  }),
  rise: key(wholeNumber(1, 100).default(2), {
    description:
      "So many successes in a row bring a backend up that is down. The first success after a start is enough.",
    examples: [2],
  }),
  fall: key(wholeNumber(1, 100).default(3), {
    description: "So many failures in a row bring it down.",
    examples: [3],
  }),
  method: key(choice("GET", "HEAD", "OPTIONS", "POST").default("GET"), {
    only: only("http", "https"),
    description: "Of the request of `http` and `https`, which has no body.",
    examples: ["HEAD"],
  }),
  path: key(requestPath.default("/"), {
    only: only("http", "https"),
    description: "What `http` and `https` ask for, with the query if there is one.",
    examples: ["/healthz"],
  }),
  host: key(hostHeader.optional(), {
    only: only("http", "https"),
    absent: "the cluster address",
    description: "The header `Host` of the request of `http` and `https`.",
    examples: ["www.example.com"],
  }),
  status: key(
    oneOrMore(statusRange, "use a status such as 200, a range such as 200-299, or a list of them").prefault(
      "200-399",
    ),
    {
      only: only("http", "https"),
      description: "The statuses of `http` and `https` that are health.",
      examples: [["200-299", "401"]],
    },
  ),
  body: key(text.optional(), {
    only: only("http", "https"),
    absent: "any body will do, and none is read",
    description: "Text that the first 65,536 octets of the body must have, for `http` and `https`.",
    examples: ["ready"],
  }),
  serverName: key(dnsName.optional(), {
    only: only("https"),
    absent: "the host of `host`",
    description:
      "The name that `https` asks for (SNI), and that the certificate must have. Without one the certificate must " +
      "have the cluster address.",
    examples: ["www.example.com"],
  }),
  ca: key(filePath.optional(), {
    only: only("https"),
    absent: "those that the runtime trusts",
    description: "A file with the certificates, in PEM, of the authorities that `https` trusts.",
    examples: ["/etc/oneip/ca.pem"],
  }),
  insecure: key(yesOrNo.default(false), {
    only: only("https"),
    description: "Whether `https` takes any certificate, an expired one and another one's too.",
    examples: [true],
  }),
  send: key(octets.optional(), {
    only: only("udp"),
    description: "What `udp` sends: each character is an octet, `\\x00` to `\\xff` in double quotes.",
    examples: ["ping"],
  }),
  expect: key(octets.optional(), {
    only: only("udp"),
    absent: "any answer will do",
    description:
      "What must be in the answer to `udp`, written like `send`. Without an answer a backend is not healthy.",
    examples: ["pong"],
  }),
  query: key(dnsName.optional(), {
    only: only("dns"),
    description: "The name that `dns` asks for. Whatever the record, the server must answer NOERROR.",
    examples: ["www.example.com"],
  }),
  record: key(choice(...RECORD_TYPES).default("A"), {
    only: only("dns"),
    description: "The type of record that `dns` asks for.",
    examples: ["AAAA"],
  }),
  answer: key(address.optional(), {
    only: only("dns"),
    absent: "any answer with NOERROR will do",
    description: "An address that the answer to `dns` must have.",
    examples: ["192.0.2.1"],
  }),
  command: key(list(word, "at least the program").optional(), {
    only: only("exec"),
    description:
      "The program of `exec` and its arguments, a word each; no shell reads them. Its environment names the backend; with " +
      "`port` it reaches that port of the cluster address at this backend through ONEIP_PROXY_ADDRESS and ONEIP_PROXY_PORT. " +
      "At its time-out it is killed, with all that it has started.",
    examples: [["/usr/local/bin/check", "--fast"]],
  }),
});

export const probes = oneOrMore(probe, "use a probe such as {type: tcp, port: 80}, or a list of probes");

/** What a cluster is probed by that has service ports and no `health`. */
const DEFAULT: Probe = probe.parse({ type: "tcp" });

/** The ports that a probe asks: its own or its type's, or the service ports of its protocol; 0 where it asks none. */
export function portsOf({ type, port }: Probe, ports: readonly Port[] = []): readonly number[] {
  if (type === "icmp" || (type === "exec" && port === undefined)) return [0];
  const own = port ?? USUAL_PORT[type];
  return own === undefined
    ? ports.filter(({ protocol }) => protocol === type).map(({ port }) => port)
    : [own];
}

interface Probed {
  readonly health: readonly Probe[] | undefined;
  readonly ports: readonly Port[] | undefined;
}

/** Is it probed by TCP at its service ports, because it does not say how? */
export function isProbedByDefault({ health, ports = [] }: Probed): boolean {
  return health === undefined && ports.some(({ protocol }) => protocol === "tcp");
}

/** The probes of a backend: its own, or those of its cluster. */
export function probesOf(cluster: Probed, backend: Pick<Probed, "health">): readonly Probe[] {
  return backend.health ?? cluster.health ?? (isProbedByDefault(cluster) ? [DEFAULT] : []);
}

/** A probe as it is written, and its path. */
type Written = Entry<Readonly<Record<string, unknown>>>;

const PLACES = ["clusters[].health", "clusters[].backends[].health"];
const mapping = z.record(z.string(), z.unknown());

/** What one value of a probe does not show by itself. */
export function probesAreWhole(contents: Contents, complain: Complain): void {
  for (
    const written of PLACES.flatMap((place) => [place, `${place}[]`]).flatMap((place) =>
      contents.all(place, mapping)
    )
  ) {
    const type = z.enum(TYPES).safeParse(written.value["type"]).data;
    if (type === undefined) continue;
    keysAreOfType(written, type, complain);
    portIsThere(written, type, contents, complain);
  }
}

function keysAreOfType({ path, value }: Written, type: ProbeType, complain: Complain): void {
  for (const key of keysOf(probe) ?? []) {
    const { name, only } = key;
    if (only === undefined || value[name] === undefined || means(key, { type })) continue;
    complain(
      [...path, name],
      `A probe of type ${type} has no ${name}, found ${JSON.stringify(value[name])}, ` +
        `leave it out or use type ${only.values.join(" or ")}`,
    );
  }
  const needed = NEEDS[type];
  if (needed === undefined || value[needed] !== undefined) return;
  complain(
    path,
    `A probe of type ${type} needs ${needed}, found none, use ${needed}: ${
      EXAMPLE_OF[needed]
    } or what the server knows`,
  );
}

const EXAMPLE_OF: Readonly<Record<string, string>> = {
  send: "ping",
  query: "www.example.com",
  command: "[/usr/local/bin/check]",
};

function portIsThere(
  { path, value }: Written,
  type: ProbeType,
  contents: Contents,
  complain: Complain,
): void {
  if (type !== "tcp" && type !== "udp" || value["port"] !== undefined) return;
  const ports = contents.at([...path.slice(0, 2), "ports"], z.array(port))?.value ?? [];
  if (ports.some(({ protocol }) => protocol === type)) return;
  complain(
    path,
    `The probe has no port, found no service port of ${type} either, use port: 80 or what the server has`,
  );
}
