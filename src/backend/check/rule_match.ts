/** Does a rule of nftables match a packet? Known, or not known where the rule asks for more than is known of the packet. */

import { contains, parseIp } from "../../wire/address.ts";
import type { Rule, Statement } from "./ruleset.ts";
import { familyOf } from "./snapshot.ts";

/** A client's first packet to a cluster address, or the answer to it. */
export interface Packet {
  readonly way: "in" | "out";
  readonly cluster: string;
  /** Undefined where no service port is known. */
  readonly service: { readonly port: number; readonly protocol: "tcp" | "udp" } | undefined;
  /** The interfaces by which clients' packets come. */
  readonly links: readonly string[];
  /** It may come in a frame to all backends. */
  readonly mayBroadcast: boolean;
}

/** True, false, or undefined where it is not known. */
type Known = boolean | undefined;

/** What a rule does with a packet. */
export interface Step {
  readonly matches: Known;
  readonly verdict: Verdict;
}

export interface Verdict {
  readonly kind: "accept" | "drop" | "return" | "jump" | "goto" | "none";
  /** The chain to which it goes. */
  readonly target?: string;
}

/** They neither ask nor decide anything. */
const INERT = ["counter", "log", "mangle", "notrack", "continue"];

/** The verdicts to which a rule may come. A rule with a map has several, of which at most one is taken. */
export function stepsOf(
  { statements }: Rule,
  packet: Packet,
  sets: ReadonlyMap<string, readonly unknown[]>,
): Step[] {
  let matches: Known = true;
  for (const statement of statements) {
    const [[kind = "", body] = []] = Object.entries(statement);
    const verdict = verdictOf(statement);
    if (verdict !== undefined) return [{ matches, verdict }];
    if (kind === "vmap") {
      const { key, data } = body as { key: Statement; data: unknown };
      return elementsOf(data, sets).map((pair) => {
        const [value, to] = pair as [unknown, Statement];
        return {
          matches: and(matches, isAny(valuesOf(key, packet), value, sets)),
          verdict: verdictOf(to) ?? { kind: "none" },
        };
      });
    }
    if (kind === "match") matches = and(matches, isMatch(body as Match, packet, sets));
    else if (!INERT.includes(kind)) matches = and(matches, undefined);
  }
  return [{ matches, verdict: { kind: "none" } }];
}

function verdictOf(statement: Statement): Verdict | undefined {
  const [[kind = "", body] = []] = Object.entries(statement);
  switch (kind) {
    case "accept":
    case "drop":
    case "return":
      return { kind };
    case "reject":
      return { kind: "drop" };
    case "xt": { // What iptables rejects is nothing of nft's own.
      const { type, name } = (body ?? {}) as { type?: string; name?: string };
      return type === "target" && name === "REJECT" ? { kind: "drop" } : undefined;
    }
    case "jump":
    case "goto":
      return { kind, target: (body as { target: string }).target };
  }
  return undefined;
}

interface Match {
  readonly op: string;
  readonly left: Statement;
  readonly right: unknown;
}

function isMatch(
  { op, left, right }: Match,
  packet: Packet,
  sets: ReadonlyMap<string, readonly unknown[]>,
): Known {
  const values = valuesOf(left, packet);
  if (values?.length === 0) return false; // It asks for a header that the packet does not have.
  const found = isAny(values, right, sets);
  if (op === "==" || op === "in") return found;
  return op === "!=" && found !== undefined ? !found : undefined;
}

/** What the packet may have there; undefined where that is not known, empty where it has no such field. */
function valuesOf(left: Statement, packet: Packet): readonly (string | number)[] | undefined {
  const [[kind = "", body] = []] = Object.entries(left);
  const { key, protocol, field, result, flags } = body as Readonly<Record<string, unknown>>;
  const family = familyOf(packet.cluster);
  const { way, cluster, service } = packet;
  switch (kind === "payload" ? `${protocol} ${field}` : `${kind} ${key ?? `${result} ${flags}`}`) {
    case `${family === "ipv4" ? "ip" : "ip6"} ${way === "in" ? "daddr" : "saddr"}`:
      return [cluster];
    case `${service?.protocol} ${way === "in" ? "dport" : "sport"}`:
    case `th ${way === "in" ? "dport" : "sport"}`:
      return service && [service.port];
    case "meta l4proto":
    case `${family === "ipv4" ? "ip protocol" : "ip6 nexthdr"}`:
      return service && [service.protocol];
    case "meta nfproto":
      return [family];
    case "meta protocol":
      return [family === "ipv4" ? "ip" : "ip6"];
    case "meta iif":
    case "meta iifname":
      return way === "in" ? packet.links : undefined;
    case "meta pkttype":
      return way === "in" && !packet.mayBroadcast ? ["host"] : undefined;
    case "ct state":
      return [way === "in" ? "new" : "established"];
    case "fib type daddr":
      return way === "in" ? ["local"] : undefined;
  }
  const isOfOtherFamily = protocol === "ip" && family === "ipv6" || protocol === "ip6" && family === "ipv4";
  const isOfOtherProtocol = service !== undefined && typeof protocol === "string" &&
    ["tcp", "udp", "icmp", "icmpv6"].includes(protocol) && protocol !== service.protocol;
  return kind === "payload" && (isOfOtherFamily || isOfOtherProtocol) ? [] : undefined;
}

/**
 * Is the packet's value among those of the rule? Where the packet has one of several, such as its interface, all or none of them
 * must be among them.
 */
function isAny(
  values: readonly (string | number)[] | undefined,
  right: unknown,
  sets: ReadonlyMap<string, readonly unknown[]>,
): Known {
  if (values === undefined) return undefined;
  const elements = elementsOf(right, sets);
  const found = values.map((value) => or(elements.map((element) => isSame(value, element))));
  if (found.every((one) => one === false)) return false;
  return found.every((one) => one === true) ? true : undefined;
}

/** The elements of a value, of a set in the rule, or of a named one. */
function elementsOf(right: unknown, sets: ReadonlyMap<string, readonly unknown[]>): readonly unknown[] {
  if (typeof right === "string" && right.startsWith("@")) return sets.get(right.slice(1)) ?? [];
  if (Array.isArray(right)) return right;
  const set = (right as { set?: unknown } | null)?.set;
  return set === undefined ? [right] : [set].flat();
}

function isSame(value: string | number, element: unknown): Known {
  if (typeof element === "number") return value === element;
  if (typeof element === "string") {
    if (element.endsWith("*")) return String(value).startsWith(element.slice(0, -1));
    return value === (parseIp(element) ?? element);
  }
  const { elem, prefix, range } = element as {
    elem?: { val: unknown };
    prefix?: { addr: string; len: number };
    range?: [unknown, unknown];
  };
  if (elem !== undefined) return isSame(value, elem.val);
  const network = prefix && parseIp(prefix.addr);
  if (network !== undefined) {
    return contains({ address: network, prefixLength: prefix!.len }, String(value));
  }
  const [least, most] = range ?? [];
  if (typeof least !== "number" || typeof most !== "number" || typeof value !== "number") return undefined;
  return value >= least && value <= most;
}

function and(a: Known, b: Known): Known {
  if (a === false || b === false) return false;
  return a === true && b === true ? true : undefined;
}

function or(all: readonly Known[]): Known {
  if (all.includes(true)) return true;
  return all.includes(undefined) ? undefined : false;
}
