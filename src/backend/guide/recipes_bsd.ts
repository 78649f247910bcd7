/** FreeBSD, OpenBSD, NetBSD, macOS. */

import { LVS_HOWTO, type Method, ROUTE_CHECK, type Step } from "./recipe.ts";

const COST = "nothing for any packet";

/** These systems do not answer on the link for an address of the loopback interface. */
const SILENT: Step = {
  title: "silence",
  note:
    "nothing to do: the kernel answers ARP and neighbor solicitations only for addresses of the interface on which they came",
  basis: "unconfirmed",
};

const EXTRA_ROUTE: Step = {
  title: "extra route",
  ipv4: [ROUTE_CHECK, "route delete -net NETWORK CLUSTER"],
  ipv6: [ROUTE_CHECK, "route delete -inet6 -net NETWORK CLUSTER"],
  note: "only a mask that holds more than the address brings an extra route",
  basis: "unconfirmed",
};

export const FREEBSD: readonly Method[] = [{
  name: "alias on lo0",
  cost: COST,
  steps: [
    SILENT,
    {
      title: "alias",
      ipv4: ["ifconfig lo0 alias CLUSTER netmask 255.255.255.255 -arp up"],
      basis: { from: `${LVS_HOWTO.from} (FreeBSD 3.2)` },
    },
    { title: "alias", ipv6: ["ifconfig lo0 inet6 CLUSTER prefixlen 128 alias"], basis: "unconfirmed" },
    EXTRA_ROUTE,
    {
      title: "persistence",
      ipv4: ['sysrc ifconfig_lo0_alias0="inet CLUSTER netmask 255.255.255.255"'],
      note: "count the aliases from 0 without a gap",
      basis: { from: "FreeBSD Handbook, virtual hosts" },
    },
    {
      title: "persistence",
      ipv6: ['sysrc ifconfig_lo0_alias1="inet6 CLUSTER prefixlen 128"'],
      basis: "unconfirmed",
    },
    {
      title: "undo",
      ipv4: ["ifconfig lo0 -alias CLUSTER", "sysrc -x ifconfig_lo0_alias0"],
      ipv6: ["ifconfig lo0 inet6 CLUSTER -alias", "sysrc -x ifconfig_lo0_alias1"],
      basis: "unconfirmed",
    },
  ],
}];

export const OPENBSD: readonly Method[] = [{
  name: "alias on lo1",
  cost: COST,
  steps: [
    SILENT,
    {
      title: "alias",
      lines: ["ifconfig lo1 create"],
      ipv4: ["ifconfig lo1 inet CLUSTER netmask 255.255.255.255 alias"],
      note: "leave lo0 alone, and never set link1: it would take the whole network of the mask",
      basis: { from: "OpenBSD lo(4)" },
    },
    { title: "alias", ipv6: ["ifconfig lo1 inet6 CLUSTER prefixlen 128 alias"], basis: "unconfirmed" },
    EXTRA_ROUTE,
    {
      title: "persistence",
      ipv4: ['echo "inet alias CLUSTER 255.255.255.255" >> /etc/hostname.lo1'],
      ipv6: ['echo "inet6 alias CLUSTER 128" >> /etc/hostname.lo1'],
      basis: "unconfirmed",
    },
    { title: "undo", lines: ["ifconfig lo1 destroy", "rm /etc/hostname.lo1"], basis: "unconfirmed" },
  ],
}];

export const NETBSD: readonly Method[] = [{
  name: "alias on lo0",
  cost: COST,
  steps: [
    SILENT,
    {
      title: "alias",
      ipv4: ["ifconfig lo0 inet CLUSTER netmask 255.255.255.255 alias"],
      ipv6: ["ifconfig lo0 inet6 CLUSTER prefixlen 128 alias"],
      basis: "unconfirmed",
    },
    EXTRA_ROUTE,
    {
      title: "persistence",
      ipv4: ['echo "inet CLUSTER netmask 255.255.255.255 alias" >> /etc/ifconfig.lo0'],
      ipv6: ['echo "inet6 CLUSTER prefixlen 128 alias" >> /etc/ifconfig.lo0'],
      basis: "unconfirmed",
    },
    {
      title: "undo",
      ipv4: ["ifconfig lo0 inet CLUSTER -alias"],
      ipv6: ["ifconfig lo0 inet6 CLUSTER -alias"],
      note: "then remove the line from /etc/ifconfig.lo0",
      basis: "unconfirmed",
    },
  ],
}];

export const MACOS: readonly Method[] = [{
  name: "alias on lo0",
  cost: COST,
  steps: [
    SILENT,
    {
      title: "alias",
      ipv4: ["ifconfig lo0 alias CLUSTER 255.255.255.255"],
      ipv6: ["ifconfig lo0 inet6 CLUSTER prefixlen 128 alias"],
      basis: "unconfirmed",
    },
    EXTRA_ROUTE,
    {
      title: "persistence",
      note: "write a property list in /Library/LaunchDaemons that runs the alias command at load",
      basis: "unconfirmed",
    },
    {
      title: "undo",
      ipv4: ["ifconfig lo0 -alias CLUSTER"],
      ipv6: ["ifconfig lo0 inet6 CLUSTER -alias"],
      basis: "unconfirmed",
    },
  ],
}];
