/** Linux: the method of `oneip backend setup`, and two others with what they cost. */

import type { Method } from "./recipe.ts";

export const LINUX: readonly Method[] = [
  {
    name: "alias and ARP silence",
    cost: "nothing for any packet; this is what `oneip backend setup` does",
    steps: [
      {
        title: "silence",
        ipv4: ["sysctl -w net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2"],
        note:
          "Set this before the alias. The larger value of `all` and the receiving interface counts; conf.lo changes nothing. " +
          "arp_ignore 3, which IBM prefers, is silent only with scope host. arp_announce 1 is not enough where the cluster " +
          "address lies in the link's own network. IPv6 needs nothing",
        basis: "tried",
      },
      {
        title: "alias",
        ipv4: ["ip address add CLUSTER/32 dev lo scope host"],
        ipv6: ["ip address add CLUSTER/128 dev lo"],
        note: "bind UDP servers to the cluster address; otherwise they answer from the backend's own",
        basis: "tried",
      },
      {
        title: "extra route",
        ipv4: [
          "ip route show table all | oneip backend check --routes - --cluster CLUSTER",
          "ip route del local NETWORK dev lo table local",
        ],
        ipv6: ["ip route del NETWORK dev lo"],
        note:
          "only a wrong mask brings an extra route; `ip route` alone does not show the one of IPv4, which is in table local",
        basis: "tried",
      },
      {
        title: "persistence",
        lines: [
          "oneip backend setup --cluster CLUSTER --persist systemd-networkd",
          "oneip backend setup --cluster CLUSTER --persist ifupdown",
        ],
        basis: "tried",
      },
      {
        title: "undo",
        ipv4: ["ip address del CLUSTER/32 dev lo"],
        ipv6: ["ip address del CLUSTER/128 dev lo"],
        note: "`oneip backend teardown` restores what was there before",
        basis: "tried",
      },
      {
        title: "undo",
        ipv4: ["sysctl -w net.ipv4.conf.all.arp_ignore=0 net.ipv4.conf.all.arp_announce=0"],
        note: "only when the last alias is gone",
        basis: "tried",
      },
    ],
  },
  {
    name: "nftables redirect, no alias",
    cost:
      "connection tracking and address translation of every packet. Servers see their primary address as their own: they cannot " +
      "tell two cluster addresses on one port apart, nor listen on the cluster address. `oneip backend check` reports the alias as missing",
    steps: [
      {
        title: "silence",
        note: "none needed: the machine does not have the address",
        basis: "tried",
      },
      {
        title: "alias",
        lines: [
          "nft add table inet oneip-redirect",
          "nft add chain inet oneip-redirect incoming '{ type nat hook prerouting priority dstnat; }'",
        ],
        ipv4: ["nft add rule inet oneip-redirect incoming ip daddr CLUSTER redirect"],
        ipv6: ["nft add rule inet oneip-redirect incoming ip6 daddr CLUSTER redirect"],
        note: "in place of the alias. The same with iptables: -t nat -A PREROUTING -d CLUSTER -j REDIRECT",
        basis: "tried",
      },
      {
        title: "persistence",
        lines: ["nft list table inet oneip-redirect > /etc/nftables.d/oneip-redirect.nft"],
        note: "and let /etc/nftables.conf include it",
        basis: "unconfirmed",
      },
      { title: "undo", lines: ["nft delete table inet oneip-redirect"], basis: "tried" },
    ],
  },
  {
    name: "ARP filter",
    cost:
      "a rule for every ARP frame, nothing for other packets. For machines whose ARP sysctls must stay; IPv4 only. `oneip " +
      "backend check` does not see the filter, and reports arp-ignore",
    steps: [
      {
        title: "silence",
        ipv4: [
          "nft add table arp oneip-silence",
          "nft add chain arp oneip-silence incoming '{ type filter hook input priority filter; }'",
          "nft add chain arp oneip-silence outgoing '{ type filter hook output priority filter; }'",
          "nft add rule arp oneip-silence incoming arp daddr ip CLUSTER drop",
          "nft add rule arp oneip-silence outgoing arp saddr ip CLUSTER arp saddr ip set PRIMARY",
        ],
        note: "PRIMARY is the backend's own address. With arptables: -A INPUT -d CLUSTER -j DROP and " +
          "-A OUTPUT -s CLUSTER -j mangle --mangle-ip-s PRIMARY (Red Hat's form)",
        basis: "tried",
      },
      {
        title: "alias",
        ipv4: ["ip address add CLUSTER/32 dev lo"],
        ipv6: ["ip address add CLUSTER/128 dev lo"],
        basis: "tried",
      },
      {
        title: "persistence",
        ipv4: ["nft list table arp oneip-silence > /etc/nftables.d/oneip-silence.nft"],
        note: "and let /etc/nftables.conf include it",
        basis: "unconfirmed",
      },
      {
        title: "undo",
        ipv4: ["ip address del CLUSTER/32 dev lo", "nft delete table arp oneip-silence"],
        ipv6: ["ip address del CLUSTER/128 dev lo"],
        basis: "tried",
      },
    ],
  },
];
