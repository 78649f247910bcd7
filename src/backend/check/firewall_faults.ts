/** What the packet filter drops of the clients' traffic: on the way in, and of the answers. */

import { type Fault, ON_THIS_MACHINE } from "../../fault/fault.ts";
import { TABLE_PREFIX } from "../../filter/rules/rules.ts";
import { type Expected, servingLinks } from "./expected.ts";
import { type Packet, stepsOf } from "./rule_match.ts";
import type { Chain, Rule } from "./ruleset.ts";
import { familyOf, type Snapshot } from "./snapshot.ts";

/** Something drops a packet: a rule, or a base chain at its end. */
interface Drop {
  readonly packet: Packet;
  readonly chain: Chain;
  readonly rule: Rule | undefined;
  /** Else it depends on what is not known here, such as the client. */
  readonly isSure: boolean;
}

const HOOKS = { in: ["ingress", "prerouting", "input"], out: ["output", "postrouting", "egress"] };

/** A fault for each rule or chain that drops the packets of every client. */
export function findFirewallFaults(snapshot: Snapshot, expected: Expected): Fault[] {
  const drops = dropsOf(snapshot, expected).filter(({ isSure }) => isSure);
  return groups(drops).map((group) => {
    const [{ chain, rule }] = group;
    const { family, table, name } = chain;
    const services = group.map(({ packet: { service } }) => service && `${service.port}/${service.protocol}`);
    const what = services.includes(undefined)
      ? "clients' traffic"
      : `port ${[...new Set(services)].join(", ")}`;
    return {
      ...ON_THIS_MACHINE,
      id: "firewall",
      clusters: [...new Set(group.map(({ packet }) => packet.cluster))],
      found: `${placeOf(chain)} drops ${what}: ${ruleOf(rule)}`,
      why: "clients get no answer, although the dispatcher finds this machine alive",
      mend: rule === undefined
        ? []
        : [["nft", "delete", "rule", family, table, name, "handle", String(rule.handle)]],
      decide: rule === undefined
        ? "accept the traffic in this chain, also in the file from which the firewall starts"
        : "decide whether the rule is wanted; whatever wrote it may write it again",
    };
  });
}

/** What may drop the packets of some clients, and what was not looked at. */
export function firewallNotes(snapshot: Snapshot, expected: Expected): string[] {
  const drops = dropsOf(snapshot, expected);
  const unsure = groups(drops).filter((group) => group.every(({ isSure }) => !isSure));
  return [
    ...unsure.map(([{ chain, rule }]) => `${placeOf(chain)} may drop some clients' traffic: ${ruleOf(rule)}`),
    ...snapshot.firewall.unseen,
  ];
}

function placeOf({ family, table, name }: Chain): string {
  return `nft table ${family} ${table}, chain ${name}`;
}

function ruleOf(rule: Rule | undefined): string {
  return rule === undefined ? "policy drop" : `"${rule.text}"`;
}

/** Those of one rule or one policy together. */
function groups(drops: readonly Drop[]): [Drop, ...Drop[]][] {
  const found = new Map<Rule | Chain, [Drop, ...Drop[]]>();
  for (const drop of drops) {
    const key = drop.rule ?? drop.chain;
    const group = found.get(key);
    if (group === undefined) found.set(key, [drop]);
    else group.push(drop);
  }
  return [...found.values()];
}

function dropsOf(snapshot: Snapshot, expected: Expected): Drop[] {
  // The filter of the technique broadcast drops other backends' clients, as it should.
  const chains = snapshot.firewall.chains.filter(({ table }) => !table.startsWith(TABLE_PREFIX));
  return packetsOf(snapshot, expected).flatMap((packet) =>
    chains.filter((chain) => isOnTheWay(chain, packet)).flatMap((chain) => dropsAt(chain, packet, chains))
  );
}

function packetsOf(snapshot: Snapshot, expected: Expected): Packet[] {
  return expected.clusters.flatMap(({ address, mayBroadcast, ports }) => {
    const links = servingLinks(snapshot, expected, familyOf(address)).map(({ name }) => name);
    const services = ports.length === 0 ? [undefined] : ports;
    return services.flatMap((service) =>
      (["in", "out"] as const).map((way) => ({ way, cluster: address, service, links, mayBroadcast }))
    );
  });
}

function isOnTheWay({ family, hook, devices }: Chain, { way, cluster, links }: Packet): boolean {
  const families = ["inet", "netdev", familyOf(cluster) === "ipv4" ? "ip" : "ip6"];
  return families.includes(family) && hook !== undefined && HOOKS[way].includes(hook) &&
    (devices.length === 0 || devices.some((device) => links.includes(device)));
}

/**
 * What drops the packet in a base chain. A rule of which it is not known whether it matches and drops leaves it sure that a packet
 * which comes further comes further; one that lets packets out of the chain does not.
 */
function dropsAt(base: Chain, packet: Packet, chains: readonly Chain[]): Drop[] {
  const drops: Drop[] = [];
  type Reach = "surely" | "maybe" | "never";

  /** How the packet leaves the chain at its end, if it comes in as `reach` says. */
  const walk = (chain: Chain, entry: Reach): Reach => {
    let reach = entry;
    for (const rule of chain.rules) {
      for (const { matches, verdict: { kind, target } } of stepsOf(rule, packet, chain.sets)) {
        if (matches === false || kind === "none") continue;
        const isSure = matches === true && reach === "surely";
        if (kind === "drop") drops.push({ packet, chain, rule, isSure });
        else if (matches === undefined) reach = "maybe";
        const next = chains.find((one) =>
          one.name === target && one.table === chain.table && one.family === chain.family
        );
        const after = next === undefined ? reach : walk(next, isSure ? "surely" : "maybe");
        if (matches === undefined) continue;
        if (kind === "accept" || kind === "drop") return "never";
        if (kind === "return" || kind === "goto") return after;
        reach = after;
        if (reach === "never") return "never";
        break; // A map gives one verdict.
      }
    }
    return reach;
  };

  const end = walk(base, "surely");
  if (base.drops && end !== "never") {
    drops.push({ packet, chain: base, rule: undefined, isSure: end === "surely" });
  }
  return drops;
}
