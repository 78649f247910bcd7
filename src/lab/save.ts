/** What a node's configuration is now, as the lines of `exec` that make it again in a topology. */

import type { LabNode } from "./lab.ts";
import { QUICK_AND_PLAIN } from "./namespaces.ts";
import type { NodePlan } from "./topology.ts";
import { formatCommand } from "../system/programs.ts";

/** Every setting of the network that can be written, a line each. */
const SETTINGS = "find /proc/sys/net -type f -perm -200 -exec grep -Hs '' {} +";

/** Sections by name. What a setting is without anybody's doing shows a namespace that is new. */
const COLLECT = `
section() { echo "== $1"; shift; "$@"; }
section links ip -j -d link show
section addresses ip -j address show
for family in 4 6; do
  section "routes$family" ip -$family -o route show table all
  section "rules$family" ip -$family rule show
done
section neighbors ip neigh show nud permanent
section settings ${SETTINGS}
section fresh unshare --net sh -c "$FRESH"
section rules nft list ruleset
true`;

const FRESH = `${QUICK_AND_PLAIN}
${SETTINGS}`;

/** Shell lines, in the order in which they can be run. */
export async function savedLines(node: LabNode): Promise<string[]> {
  const printed = await node.exec("env", `FRESH=${FRESH}`, "sh", "-c", `{ ${COLLECT}\n} 2>/dev/null`);
  const sections = new Map(
    printed.split(/^== /m).slice(1).map((text) => {
      const end = text.indexOf("\n");
      return [text.slice(0, end), text.slice(end + 1).trim()] as const;
    }),
  );
  const of = (name: string) => sections.get(name) ?? "";
  const rows = (name: string) => of(name).split("\n").filter((row) => row !== "");
  const links = JSON.parse(of("links") || "[]") as Link[];
  const saved = new Set(
    links.filter(({ linkinfo }) => linkinfo?.info_kind !== "tun").map(({ ifname }) => ifname),
  );
  return [
    ...settings(rows("settings"), rows("fresh")),
    ...linkLines(links, node.plan),
    ...addressLines(JSON.parse(of("addresses") || "[]") as Addressed[], saved),
    ...rows("neighbors").map((row) => `ip neigh replace ${row.replace(/ PERMANENT\s*$/, " nud permanent")}`),
    ...[...rows("routes4"), ...rows("routes6")].flatMap((row) => routeLine(row, saved)).toSorted(
      nearestFirst,
    ),
    ...rows("rules4").flatMap((row) => ruleLine(row, "ip")),
    ...rows("rules6").flatMap((row) => ruleLine(row, "ip -6")),
    ...(of("rules") === "" ? [] : [`nft -f - <<'END'\n${of("rules").replaceAll("\t", "  ")}\nEND`]),
  ];
}

interface Link {
  readonly ifname: string;
  readonly address?: string;
  readonly mtu: number;
  readonly flags: readonly string[];
  readonly master?: string;
  /** The interface below it. */
  readonly link?: string;
  readonly linkinfo?: {
    readonly info_kind?: string;
    readonly info_data?: { readonly forward_delay?: number; readonly id?: number };
  };
}

interface Addressed {
  readonly ifname: string;
  readonly addr_info: readonly {
    readonly family: "inet" | "inet6";
    readonly local?: string;
    readonly prefixlen: number;
    readonly scope: string;
    readonly dynamic?: boolean;
  }[];
}

/** Those that are not as in a new namespace, nor follow from another one. */
function settings(rows: readonly string[], fresh: readonly string[]): string[] {
  const now = valuesOf(rows);
  // A new namespace has it from the machine, and machines differ (devconf_inherit_init_net).
  const before = valuesOf(fresh).set("net/ipv4/ip_forward", "0");
  return [...now].flatMap(([key, value]) => {
    const [, family = "", name = "", setting = ""] =
      /^net\/(ipv[46]\/(?:conf|neigh))\/([^/]+)\/(.+)$/.exec(key) ?? [];
    const beside = (other: string) => `net/${family}/${other}/${setting}`;
    const isOfInterface = family !== "" && name !== "all" && name !== "default";
    if (
      value ===
        (before.get(key) ??
          (isOfInterface ? before.get(beside("default")) ?? before.get(beside("lo")) : undefined))
    ) return [];
    if (isOfInterface && (setting === "mtu" || value === now.get(beside("default")))) return [];
    // These the kernel passes on by itself.
    if (setting === "forwarding" && name !== "all" && value === now.get(beside("all"))) return [];
    if (key === "net/ipv4/conf/all/forwarding") return [];
    const word = key.includes(".") ? key : key.replaceAll("/", ".");
    return [formatCommand(["sysctl", "-qw", `${word}=${value}`])];
  });
}

function valuesOf(rows: readonly string[]): Map<string, string> {
  return new Map(rows.flatMap((row) => {
    const [, key, value] = /^\/proc\/sys\/([^:]+):(.*)$/.exec(row) ?? [];
    return key === undefined || value === undefined ? [] : [[key, value.replaceAll(/\s+/g, " ")]];
  }));
}

/** Interfaces that the topology does not make, and what is changed of those that it makes. */
function linkLines(links: readonly Link[], plan: NodePlan): string[] {
  const planned = new Map(plan.interfaces.map((one) => [one.name, one]));
  const isOwn = ({ ifname }: Link) => ifname === "lo" || (plan.kind === "bridge" && ifname === "br0");
  const isTap = ({ linkinfo }: Link) => linkinfo?.info_kind === "tun";
  const made = links.filter((link) => !planned.has(link.ifname) && !isOwn(link) && !isTap(link));
  return [
    ...made.map(lineToMake),
    ...links.flatMap((link) => {
      const there = planned.get(link.ifname);
      if (there === undefined) return [];
      const { ifname, address, mtu, flags } = link;
      const words = [
        ...(address === there.mac ? [] : [`address ${address}`]),
        ...(mtu === (there.mtu ?? 1500) ? [] : [`mtu ${mtu}`]),
        ...(flags.includes("UP") ? [] : ["down"]),
      ];
      return words.length === 0 ? [] : [`ip link set dev ${ifname} ${words.join(" ")}`];
    }),
    ...links.filter((link) => link.master !== undefined && plan.kind !== "bridge" && !isTap(link)).map((
      { ifname, master },
    ) => `ip link set dev ${ifname} master ${master}`),
    ...made.filter(({ flags }) => flags.includes("UP")).map(({ ifname }) => `ip link set dev ${ifname} up`),
  ];
}

function lineToMake({ ifname, link, linkinfo }: Link): string {
  const { info_kind: kind, info_data: data } = linkinfo ?? {};
  switch (kind) {
    case "bridge":
      return `ip link add ${ifname} type bridge${data?.forward_delay === 0 ? " forward_delay 0" : ""}`;
    case "dummy":
      return `ip link add ${ifname} type dummy`;
    case "vlan":
      return `ip link add link ${link} name ${ifname} type vlan id ${data?.id}`;
    default:
      return `# ${ifname} is not saved: make it by a line of your own, it is of type ${kind ?? "unknown"}`;
  }
}

function addressLines(interfaces: readonly Addressed[], saved: ReadonlySet<string>): string[] {
  return interfaces.filter(({ ifname }) => saved.has(ifname)).flatMap(({ ifname, addr_info }) =>
    addr_info.filter(({ local = "", scope, dynamic = false }) =>
      scope !== "link" && !dynamic && !/^(127\.0\.0\.1|::1)$/.test(local)
    ).map(({ family, local, prefixlen, scope }) =>
      `ip address add ${local}/${prefixlen} dev ${ifname}${
        family === "inet" && scope !== "global" ? ` scope ${scope}` : ""
      }`
    )
  );
}

/** Without those that the kernel makes by itself, or that a routing daemon makes again. */
function routeLine(row: string, saved: ReadonlySet<string>): string[] {
  const [, protocol = "boot"] = / proto (\S+)/.exec(row) ?? [];
  const [, device] = / dev (\S+)/.exec(row) ?? [];
  if (!["boot", "static"].includes(protocol) || (device !== undefined && !saved.has(device))) return [];
  const words = row.replaceAll("\\", " ").replaceAll(/ (linkdown|dead|pref medium)\b/g, "").trim().split(
    /\s+/,
  );
  return [`ip ${row.includes(":") ? "-6 " : ""}route add ${words.join(" ")}`];
}

/** A gateway is reached by a route without one. */
function nearestFirst(a: string, b: string): number {
  return Number(/ via /.test(a)) - Number(/ via /.test(b));
}

/** The three that are always there have no others before them. */
function ruleLine(row: string, ip: string): string[] {
  const [, preference = "", rule = ""] = /^(\d+):\s+(.+)$/.exec(row) ?? [];
  if (["0", "32766", "32767", ""].includes(preference)) return [];
  return [`${ip} rule add pref ${preference} ${rule.trim()}`];
}
