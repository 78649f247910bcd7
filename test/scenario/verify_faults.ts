/** Faults of backends, built on purpose, and what a verification must say of each. */

import { CLUSTER, CLUSTER6 } from "./labs.ts";
import type { Machine } from "./verify_lab.ts";

export interface FaultCase extends Machine {
  /** Shell lines; $P and $P6 are its own addresses. */
  readonly build: readonly string[];
  /** Each fault that must be named, with the cluster address that suffers if not all do. Where several look alike, the one that it is. */
  readonly want: readonly string[];
  /** What a person does besides the printed commands. */
  readonly after?: readonly string[];
}

const ipv4 = "sysctl -qw net.ipv4.conf";
const noAlias = `ip address del ${CLUSTER}/32 dev lo`;
const noAlias6 = `ip address del ${CLUSTER6}/128 dev lo`;
const elsewhere = [
  "ip link add other type bridge",
  "ip link set other up",
  `ip route add ${CLUSTER} dev other`,
];
const drop = (rule: string) =>
  `nft 'table inet f { chain i { type filter hook input priority 0; ${rule}; }; }'`;
const pass = "nft flush ruleset";

export const CASES: readonly FaultCase[] = [
  { name: "sound1", build: [], want: [] },
  { name: "sound2", build: [], want: [] },
  { name: "arp-ignore", build: [`${ipv4}.all.arp_ignore=0`], want: [`arp-ignore ${CLUSTER}`] },
  {
    name: "alias-interface",
    build: [noAlias, `ip address add ${CLUSTER}/24 dev eth1`],
    want: [`alias-interface ${CLUSTER}`],
  },
  {
    name: "alias-scope",
    build: [`${ipv4}.all.arp_ignore=3`, noAlias, `ip address add ${CLUSTER}/32 dev lo`],
    want: [`alias-scope ${CLUSTER}`],
  },
  {
    name: "unprepared",
    build: [`${ipv4}.all.arp_ignore=0 net.ipv4.conf.all.arp_announce=0`],
    want: [`arp-ignore ${CLUSTER}`, `arp-announce ${CLUSTER}`],
  },
  { name: "arp-announce0", build: [`${ipv4}.all.arp_announce=0`], want: [`arp-announce ${CLUSTER}`] },
  { name: "arp-announce1", build: [`${ipv4}.all.arp_announce=1`], want: [`arp-announce ${CLUSTER}`] },
  { name: "alias-missing", build: [noAlias], want: [`alias-missing ${CLUSTER}`] },
  { name: "alias6-missing", build: [noAlias6], want: [`alias-missing ${CLUSTER6}`] },
  {
    name: "alias6-interface",
    build: [noAlias6, `ip address add ${CLUSTER6}/64 dev eth1`],
    want: [`alias-interface ${CLUSTER6}`],
  },
  {
    name: "passes-on",
    build: [
      noAlias,
      noAlias6,
      `ip route add unreachable ${CLUSTER}`,
      `ip route add unreachable ${CLUSTER6}`,
      `${ipv4}.all.forwarding=1 net.ipv6.conf.all.forwarding=1`,
    ],
    want: [`alias-missing ${CLUSTER}`, `alias-missing ${CLUSTER6}`],
  },
  {
    name: "proxy-arp",
    build: [noAlias, ...elsewhere, `${ipv4}.eth1.forwarding=1 net.ipv4.conf.eth1.proxy_arp=1`],
    want: [`proxy-arp ${CLUSTER}`, `alias-missing ${CLUSTER}`],
  },
  {
    name: "arp-published",
    build: [noAlias, ...elsewhere, `${ipv4}.eth1.forwarding=1`, `ip neigh add proxy ${CLUSTER} dev eth1`],
    want: [`arp-published ${CLUSTER}`, `alias-missing ${CLUSTER}`],
  },
  {
    name: "nd-published",
    build: [
      noAlias6,
      "sysctl -qw net.ipv6.conf.all.forwarding=1 net.ipv6.conf.eth1.proxy_ndp=1",
      `ip neigh add proxy ${CLUSTER6} dev eth1`,
      "ip link add other type bridge",
      "ip link set other up",
      `ip route add ${CLUSTER6} dev other`,
    ],
    want: [`arp-published ${CLUSTER6}`, `alias-missing ${CLUSTER6}`],
  },
  {
    name: "no-service",
    build: [],
    listen: [],
    want: [`no-service ${CLUSTER}`, `no-service ${CLUSTER6}`],
  },
  {
    name: "primary-only",
    build: [],
    listen: ["$P:80", "[$P6]:80"],
    want: [`no-service ${CLUSTER}`, `no-service ${CLUSTER6}`],
  },
  {
    name: "drops-port",
    build: [drop("tcp dport 80 drop")],
    after: [pass],
    want: [`firewall ${CLUSTER}`, `firewall ${CLUSTER6}`],
  },
  {
    name: "rejects-port",
    build: [drop("tcp dport 80 reject")],
    after: [pass],
    want: [`firewall ${CLUSTER}`, `firewall ${CLUSTER6}`],
  },
  {
    name: "drops-ping",
    build: [drop(`ip daddr ${CLUSTER} icmp type echo-request drop`)],
    after: [pass],
    want: [`firewall ${CLUSTER}`],
  },
  {
    name: "drops-cluster",
    build: [drop(`ip daddr ${CLUSTER} drop`)],
    after: [pass],
    want: [`firewall ${CLUSTER}`],
  },
  {
    name: "drops-all",
    build: [drop("meta l4proto { icmp, tcp } drop")],
    after: [pass],
    want: [`firewall ${CLUSTER}`, `firewall ${CLUSTER6}`],
  },
  {
    name: "wrong-source",
    build: [
      `nft 'table ip f { chain o { type filter hook output priority 0; ip saddr ${CLUSTER} ip saddr set '$P'; }; }'`,
    ],
    after: [pass],
    want: [`wrong-source ${CLUSTER}`],
  },
  {
    name: "unplugged",
    build: ["ip link set eth1 down"],
    after: ["ip link set eth1 up"],
    want: ["backend-down"],
  },
];
