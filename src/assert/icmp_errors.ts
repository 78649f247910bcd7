/** Errors that somebody on the way sent to a client by ICMP. */

import type { Observation } from "../observe/protocol.ts";
import { isIpv6 } from "../wire/address.ts";
import * as icmpv4 from "../wire/icmpv4.ts";
import * as icmpv6 from "../wire/icmpv6.ts";
import { formatPlace } from "./finding.ts";
import { keyOf, originsOf } from "./way.ts";

/** Type and code as 16 bits. */
const NAMES4: Readonly<Record<number, string>> = {
  0x300: "network unreachable",
  0x301: "host unreachable",
  0x302: "protocol unreachable",
  0x303: "port unreachable",
  0x304: "fragmentation needed",
  0x30a: "host prohibited",
  0x30d: "communication prohibited",
  0xb00: "time exceeded",
};

const NAMES6: Readonly<Record<number, string>> = {
  0x100: "no route",
  0x101: "communication prohibited",
  0x103: "address unreachable",
  0x104: "port unreachable",
  0x200: "packet too big",
  0x300: "time exceeded",
};

/** One line for each kind of error from each machine. */
export function errorsTo(client: string | undefined, observations: readonly Observation[]): string[] {
  const isError = ({ src, flags }: Observation) => (isIpv6(src) ? icmpv6 : icmpv4).isError(flags >>> 8);
  const errors = observations.filter((one) => one.kind === "icmp" && one.dst === client && isError(one));
  const origins = [...Map.groupBy(errors, keyOf).values()].flatMap(originsOf);
  const lines = origins.map((origin) => {
    const { src, flags, node } = origin;
    const name = (isIpv6(src) ? NAMES6 : NAMES4)[flags] ?? `ICMP type ${flags >>> 8}, code ${flags & 255}`;
    return `${node} says "${name}" at ${formatPlace(origin)}, as ${src}`;
  });
  return [...new Set(lines)];
}
