/** The rows that `ip route` prints on Linux. */

import { hostLength, parseCidr, parseIp } from "../../wire/address.ts";
import type { Route } from "./routes.ts";

/** Types that a row begins with; one without is a plain, unicast route. */
const TYPES = /^(local|broadcast|multicast|anycast|unreachable|blackhole|prohibit|throw|nat)\s+/;

/**
 *     local 10.0.0.0/24 dev lo table local proto kernel scope host src 10.0.0.100
 *
 * Other lines are skipped. `isIpv6` says which family "default" means where the row does not show it.
 */
export function parseIpRoutes(text: string, isIpv6 = false): Route[] {
  return text.split("\n").flatMap((line) => {
    const type = TYPES.exec(line.trim())?.[1];
    const [written = "", ...words] = line.trim().replace(TYPES, "").split(/\s+/);
    const after = (word: string) => words[words.indexOf(word) + 1] as string | undefined;
    const value = (word: string) => words.includes(word) ? after(word) : undefined;
    const gateway = parseIp(
      value("via") === "inet6" ? words[words.indexOf("inet6") + 1]! : value("via") ?? "",
    );
    const source = parseIp(value("src") ?? "");
    const family = isIpv6 || [gateway, source].some((address) => address?.includes(":"));
    const network = written === "default"
      ? { address: family ? "::" : "0.0.0.0", prefixLength: 0 }
      : parseCidr(written, 0) ?? hostOf(written);
    if (network === undefined || !/\b(dev|via|nexthop|metric|proto|scope|table)\b/.test(line)) return [];
    const table = value("table");
    return [{
      network,
      text: written,
      gateway,
      interface: value("dev") ?? "",
      ...(source === undefined ? {} : { source }),
      ...(type === undefined ? {} : { type }),
      ...(table === undefined || table === "main" ? {} : { table }),
    }];
  });
}

function hostOf(text: string) {
  const address = parseIp(text);
  return address === undefined ? undefined : { address, prefixLength: hostLength(address) };
}
