/** The state of a Linux machine as far as it matters to a backend. Faults are found in this state alone. */

import { readdirSync, readFileSync } from "node:fs";
import { isIpv6, parseIp } from "../../wire/address.ts";
import { parseIpRoutes } from "../routes/ip_routes.ts";
import { runChecked } from "../../system/programs.ts";
import { type Firewall, readFirewall } from "./ruleset.ts";
import type { Route } from "../routes/routes.ts";

export interface Snapshot {
  readonly interfaces: readonly HostInterface[];
  /** Of both families and all tables. */
  readonly routes: readonly Route[];
  /** Published (proxy) neighbor entries. */
  readonly published: readonly { readonly address: string; readonly interface: string }[];
  readonly listeners: readonly Listener[];
  /** By name, such as "net.ipv4.conf.all.arp_ignore". Those that the kernel does not have are missing. */
  readonly sysctls: ReadonlyMap<string, number>;
  readonly firewall: Firewall;
}

/** An interface of the machine, as `ip address` shows it. */
export interface HostInterface {
  readonly name: string;
  /** A loopback, or an interface without ARP and neighbor discovery: nobody is told of an address there. */
  readonly isQuiet: boolean;
  /** It is up, and neighbors can ask there who has an address. A port of a bridge or bond is none. */
  readonly isLink: boolean;
  readonly mtu: number;
  readonly addresses: readonly HostAddress[];
}

export interface HostAddress {
  readonly address: string;
  readonly prefixLength: number;
  /** "global", "link", "host". */
  readonly scope: string;
  /** Duplicate detection found another machine with this address. */
  readonly isDuplicate: boolean;
}

/** A socket that waits for clients. */
export interface Listener {
  readonly protocol: "tcp" | "udp";
  /** Canonical text; "*" for all addresses of both families. */
  readonly address: string;
  readonly port: number;
}

/** The sysctls of each interface that matter to a backend, by family. */
const PER_INTERFACE = {
  ipv4: [
    "arp_ignore",
    "arp_announce",
    "proxy_arp",
    "forwarding",
    "rp_filter",
    "drop_unicast_in_l2_multicast",
  ],
  ipv6: ["proxy_ndp", "forwarding", "drop_unicast_in_l2_multicast"],
};

/** Asks this machine. Throws CommandError, and an error that names the package of a missing program. */
export async function takeSnapshot(): Promise<Snapshot> {
  const [addresses, routes4, routes6, proxies4, proxies6, sockets, firewall] = await Promise.all([
    runChecked(["ip", "-j", "-d", "address", "show"]),
    runChecked(["ip", "-4", "route", "show", "table", "all"]),
    runChecked(["ip", "-6", "route", "show", "table", "all"]),
    runChecked(["ip", "-j", "-4", "neigh", "show", "proxy"]),
    runChecked(["ip", "-j", "-6", "neigh", "show", "proxy"]),
    runChecked(["ss", "-Hlntu"]),
    readFirewall(),
  ]);
  return {
    interfaces: parseInterfaces(addresses),
    routes: [...parseIpRoutes(routes4), ...parseIpRoutes(routes6, true)],
    published: [...parsePublished(proxies4), ...parsePublished(proxies6)],
    listeners: parseListeners(sockets),
    sysctls: readSysctls(),
    firewall,
  };
}

/** As sysctl(8) writes it: a dot within an interface's name becomes a slash. */
export function sysctlName(family: "ipv4" | "ipv6", interfaceName: string, key: string): string {
  return `net.${family}.conf.${interfaceName.replaceAll(".", "/")}.${key}`;
}

function readSysctl(name: string): number | undefined {
  try {
    const path = name.replaceAll(/[./]/g, (mark) => mark === "." ? "/" : ".");
    return Number(readFileSync(`/proc/sys/${path}`, "utf8"));
  } catch {
    return undefined; // This kernel, or this interface, has no such thing.
  }
}

function readSysctls(): Map<string, number> {
  const found = new Map<string, number>();
  for (const family of ["ipv4", "ipv6"] as const) {
    for (const interfaceName of interfacesWithSysctls(family)) {
      for (const key of PER_INTERFACE[family]) {
        const name = sysctlName(family, interfaceName, key);
        const value = readSysctl(name);
        if (value !== undefined) found.set(name, value);
      }
    }
  }
  return found;
}

function interfacesWithSysctls(family: string): string[] {
  try {
    return readdirSync(`/proc/sys/net/${family}/conf`);
  } catch {
    return []; // A kernel without that family.
  }
}

interface IpAddressRow {
  readonly ifname: string;
  readonly flags: readonly string[];
  readonly mtu: number;
  readonly master?: string;
  readonly linkinfo?: { readonly info_slave_kind?: string };
  readonly link_type: string;
  readonly addr_info: readonly {
    readonly local?: string;
    readonly prefixlen: number;
    readonly scope: string;
    readonly dadfailed?: boolean;
  }[];
}

export function parseInterfaces(json: string): HostInterface[] {
  return (JSON.parse(json) as IpAddressRow[]).map(({ ifname, flags, mtu, addr_info, ...row }) => ({
    name: ifname,
    isQuiet: isQuiet(flags),
    isLink: row.link_type === "ether" && !isQuiet(flags) && flags.includes("UP") && !isPort(row),
    mtu,
    addresses: addr_info.flatMap(({ local, prefixlen, scope, dadfailed }) => {
      const address = parseIp(local ?? "");
      return address === undefined
        ? []
        : [{ address, prefixLength: prefixlen, scope, isDuplicate: dadfailed === true }];
    }),
  }));
}

/** Its addresses are those of its bridge or bond. An interface of a VRF has its own. */
function isPort({ master, linkinfo }: Pick<IpAddressRow, "master" | "linkinfo">): boolean {
  return master !== undefined && linkinfo?.info_slave_kind !== "vrf";
}

function isQuiet(flags: readonly string[]): boolean {
  return flags.includes("LOOPBACK") || flags.includes("NOARP");
}

function parsePublished(json: string): { address: string; interface: string }[] {
  const rows = JSON.parse(json.trim() || "[]") as { dst: string; dev: string }[];
  return rows.flatMap(({ dst, dev }) => {
    const address = parseIp(dst);
    return address === undefined ? [] : [{ address, interface: dev }];
  });
}

/**
 * The rows of `ss -Hlntu`; the fifth column is the socket's own address, "*" for one that takes both families:
 *
 *     tcp   LISTEN 0      511          0.0.0.0:80         0.0.0.0:*
 *     udp   UNCONN 0      0                  *:53               *:*
 */
export function parseListeners(text: string): Listener[] {
  return text.split("\n").flatMap((line) => {
    const [protocol, , , , local = ""] = line.trim().split(/\s+/);
    const [, host = "", zone, port] = /^\[?([^\]%]*?)\]?(?:%([^\]:]+)\]?)?:(\d+)$/.exec(local) ?? [];
    const address = host === "*" ? "*" : parseIp(host);
    if ((protocol !== "tcp" && protocol !== "udp") || address === undefined || zone === "lo") return [];
    return [{ protocol, address, port: Number(port) }];
  });
}

/** "ipv4" or "ipv6", as the kernel's folders are named. */
export function familyOf(address: string): "ipv4" | "ipv6" {
  return isIpv6(address) ? "ipv6" : "ipv4";
}
