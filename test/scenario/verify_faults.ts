/** A segment on which each backend has one fault, built on purpose, and what a verification must say of it. */

import { CLUSTER, CLUSTER6 } from "./labs.ts";

export interface FaultCase {
  /** The backend is called like that. */
  readonly name: string;
  /** Shell lines; $P and $P6 are its own addresses. */
  readonly build: readonly string[];
  /** Each fault that must be named, with the cluster address where that matters; the first may be an alternative. */
  readonly want: readonly string[];
  /** What a person does besides the printed commands. */
  readonly after?: readonly string[];
  /** Where nginx listens; all addresses by default. */
  readonly listen?: readonly string[];
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
    want: ["backend-down null"],
  },
];

/** Own addresses of the backend with this number. */
export const primary = (index: number) => ({
  P: `10.0.0.${index + 11}`,
  P6: `2001:db8::${(index + 11).toString(16)}`,
});

/** Every backend sound; the faults come when the lab is up. `folder`: for nginx. */
export function topologyOf(folder: string): string {
  const nodes = CASES.map(({ name }, index) => {
    const { P, P6 } = primary(index);
    return `
    ${name}:
      exec:
        - sysctl -qw net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2
        - ip address add ${P}/24 dev eth1
        - ip address add ${P6}/64 dev eth1
        - ip route add default via 10.0.0.1
        - ip address add ${CLUSTER}/32 dev lo scope host
        - ip address add ${CLUSTER6}/128 dev lo
        - nginx -e ${folder}/${name}.log -c ${folder}/${name}.conf`;
  });
  return `
name: verify
topology:
  nodes:
    lan: {kind: bridge}
    stranger: {exec: [ip address add 10.0.0.250/24 dev eth1]}
    lb:
      exec:
        - ip link add br0 type bridge forward_delay 0
        - ip link set eth1 master br0
        - ip link set br0 up${nodes.join("")}
  links:
${
    ["lb", "stranger", ...CASES.map(({ name }) => name)].map((name) =>
      `    - endpoints: ["${name}:eth1", "lan:${name.slice(0, 15)}"]`
    ).join("\n")
  }
`;
}

export function nginxOf(
  folder: string,
  { name, listen = ["[::]:80 ipv6only=off"] }: FaultCase,
  index: number,
): string {
  const { P, P6 } = primary(index);
  const servers = listen.map((at) =>
    `server { listen ${at.replace("$P6", P6).replace("$P", P)}; return 200 ${name}; }`
  );
  return `daemon on; master_process off; pid ${folder}/${name}.pid; error_log ${folder}/${name}.log; events {}
    http { access_log off; ${servers.join(" ")} }`;
}

export const CONFIG = `
dispatcher:
  interface: oneip0
  bridge: br0
  mac: 02:00:00:00:00:02
  addresses: [10.0.0.2/24, "2001:db8::2/64"]
clusters:
  - name: web
    addresses: [${CLUSTER}, "${CLUSTER6}"]
    ports: [80/tcp]
    backends:
${CASES.map(({ name }, index) => `      - {name: ${name}, address: ${primary(index).P}}`).join("\n")}
`;
