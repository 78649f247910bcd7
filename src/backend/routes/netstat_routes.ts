/** The rows that `netstat -nr` prints on UNIX systems: BSD's columns, which each system has changed a little. */

import { type Cidr, parseCidr, parseIp } from "../../wire/address.ts";
import { parseMask } from "./mask.ts";
import type { Route } from "./routes.ts";

/** How the line with the columns' names begins. HP-UX with -v has the second form, a German system the third. */
const HEAD = /^\s*(Destination|Dest\/Netmask|Ziel)\s/;
const INTERFACE = /^(Iface|Interface|If|Netif)$/;

/**
 *     Destination   Gateway        Flags  Refs  Use  If   Exp  Groups     AIX
 *     9.27.176/24   9.27.176.131   U         0    0  lo0    -       -
 *
 *     Destination   Gateway   Genmask        Flags  MSS  Window  irtt  Iface     Linux
 *     10.0.0.0      0.0.0.0   255.255.255.0  U        0       0     0  eth0
 *
 * Empty where the text has no line with the columns' names.
 */
export function parseNetstatRoutes(text: string): Route[] {
  const routes: Route[] = [];
  let head: string[] | undefined;
  for (const line of text.split("\n")) {
    const words = line.trim().split(/\s+/);
    if (HEAD.test(line)) head = words;
    else if (head !== undefined) {
      const route = parseRow(words, head);
      if (route !== undefined) routes.push(route);
    }
  }
  return routes;
}

function parseRow(words: readonly string[], head: readonly string[]): Route | undefined {
  const [written = "", gateway = "", third = ""] = words;
  const mask = parseMask(third);
  const flags = mask === undefined ? third : words[3] ?? "";
  if (!/^[A-Za-z!0-9]+$/.test(flags)) return undefined;
  const network = mask === undefined
    ? parseNetwork(written, flags, gateway)
    : { address: parseIp(written) ?? "", prefixLength: mask };
  if (network === undefined || network.address === "") return undefined;
  const at = head.findIndex((word) => INTERFACE.test(word));
  const via = parseIp(gateway.replace(/%.*/, ""));
  return {
    network,
    text: written,
    // Linux writes 0.0.0.0 for no gateway.
    gateway: via === "0.0.0.0" ? undefined : via,
    interface: (mask === undefined ? words[at] : words.at(-1)) ?? "",
    // A route that rejects packets. The systems set some on the loopback interface on purpose.
    ...(/[RB!]/.test(flags) ? { type: "reject" } : {}),
  };
}

/** `default`, `10.0.0/24`, `127`, `10.0.0.0/255.255.255.0`, `fe80::%lo0/64`, a host, or a network without its mask. */
function parseNetwork(text: string, flags: string, gateway: string): Cidr | undefined {
  if (text === "default") return { address: gateway.includes(":") ? "::" : "0.0.0.0", prefixLength: 0 };
  const [base = "", length] = text.replace(/%[^/]*/, "").split("/");
  if (base.includes(":")) return parseCidr(`${base}/${length ?? 128}`, 0);
  if (!/^\d{1,3}(\.\d{1,3}){0,3}$/.test(base)) return undefined;
  const octets = base.split(".");
  const address = parseIp([...octets, "0", "0", "0"].slice(0, 4).join("."));
  if (address === undefined) return undefined;
  if (length !== undefined) return parseCidr(`${address}/${parseMask(length) ?? length}`, 0);
  if (flags.includes("H") || !address.endsWith(".0")) return { address, prefixLength: 32 };
  return { address, prefixLength: guessPrefixLength(address) };
}

/**
 * Solaris and HP-UX print no mask. A network is at most as wide as its class, or as the octets that are not 0; the wider of the
 * two may take in too much, but a row counts only if it also leads to the alias or the loopback interface.
 */
function guessPrefixLength(address: string): number {
  const octets = address.split(".").map(Number);
  const first = octets[0]!;
  if (first === 0) return 0;
  const byClass = first < 128 ? 8 : first < 192 ? 16 : first < 224 ? 24 : 4;
  return Math.min(byClass, 8 * (octets.findLastIndex((octet) => octet !== 0) + 1));
}
