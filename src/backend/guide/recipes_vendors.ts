/** Windows, AIX, HP-UX, Solaris: mostly as IBM documents them for its Dispatcher, whose backends are set up the same way. */

import { IBM, IBM_ROUTE, LVS_HOWTO, type Method, ROUTE_CHECK, type Step } from "./recipe.ts";

const COST = "nothing for any packet";

const SILENT: Step = {
  title: "silence",
  note: "nothing to do: ARP never answers for an address on the loopback",
  basis: IBM,
};

export const WINDOWS: readonly Method[] = [{
  name: "alias on a loopback adapter",
  cost: COST,
  steps: [
    SILENT,
    {
      title: "alias",
      lines: [
        'netsh interface ipv4 set interface "NET" weakhostreceive=enabled',
        'netsh interface ipv4 set interface "LOOPBACK" weakhostreceive=enabled',
        'netsh interface ipv4 set interface "LOOPBACK" weakhostsend=enabled',
      ],
      note:
        "first, in the Device Manager, add as legacy hardware the Microsoft KM-TEST Loopback Adapter (before 2012: Microsoft Loopback Adapter); NET and LOOPBACK are the " +
        "names of the real adapter and of that one. Windows 2003 and before need no weakhost lines. Let the firewall pass the " +
        "service on the loopback adapter",
      basis: { from: "Loadbalancer.org and Barracuda, direct server return on Windows" },
    },
    {
      title: "alias",
      ipv4: ['netsh interface ipv4 add address "LOOPBACK" CLUSTER 255.255.255.255'],
      ipv6: [
        'netsh interface ipv6 set interface "NET" weakhostreceive=enabled',
        'netsh interface ipv6 set interface "LOOPBACK" weakhostreceive=enabled',
        'netsh interface ipv6 set interface "LOOPBACK" weakhostsend=enabled',
        'netsh interface ipv6 add address "LOOPBACK" CLUSTER/128',
      ],
      basis: "unconfirmed",
    },
    {
      title: "extra route",
      ipv4: [
        "route print > routes.txt",
        "oneip backend check --routes routes.txt --cluster CLUSTER",
        "route delete NETWORK CLUSTER",
      ],
      note:
        "Windows 2003 cannot delete routes: leave the extra route there; if routing suffers, remove the alias and add it again with " +
        "another mask. A multicast route through the alias is right",
      basis: IBM_ROUTE,
    },
    { title: "persistence", note: "netsh keeps addresses and settings", basis: "unconfirmed" },
    {
      title: "undo",
      ipv4: ['netsh interface ipv4 delete address "LOOPBACK" CLUSTER'],
      ipv6: ['netsh interface ipv6 delete address "LOOPBACK" CLUSTER'],
      basis: "unconfirmed",
    },
  ],
}];

export const AIX: readonly Method[] = [{
  name: "alias on lo0",
  cost: COST,
  steps: [
    SILENT,
    {
      title: "alias",
      ipv4: ["ifconfig lo0 alias CLUSTER netmask 255.255.255.255"],
      ipv6: ["ifconfig lo0 inet6 CLUSTER/128 alias"],
      note: "a wrong or missing mask brings the extra route",
      basis: IBM,
    },
    {
      title: "extra route",
      ipv4: [ROUTE_CHECK, "route delete -net NETWORK CLUSTER"],
      note: "of two routes for the network, keep the one through the real interface",
      basis: IBM_ROUTE,
    },
    { title: "persistence", note: "add the alias command to the end of /etc/rc.net", basis: IBM },
    {
      title: "undo",
      ipv4: ["ifconfig lo0 delete CLUSTER"],
      ipv6: ["ifconfig lo0 inet6 CLUSTER/128 delete"],
      basis: "unconfirmed",
    },
  ],
}];

export const HPUX: readonly Method[] = [{
  name: "alias on lo0:1",
  cost: COST,
  steps: [
    SILENT,
    {
      title: "alias",
      ipv4: ["ifconfig lo0:1 CLUSTER up"],
      ipv6: ["ifconfig lo0:1 inet6 CLUSTER up prefix 128"],
      note: "the next cluster address goes to lo0:2",
      basis: IBM,
    },
    {
      title: "extra route",
      ipv4: [ROUTE_CHECK, "route delete CLUSTER CLUSTER"],
      basis: "unconfirmed",
    },
    {
      title: "persistence",
      ipv4: [
        'echo "INTERFACE_NAME[1]=lo0:1 IP_ADDRESS[1]=CLUSTER SUBNET_MASK[1]=255.255.255.255" >> /etc/rc.config.d/netconf',
      ],
      note: "use an index that is not taken",
      basis: "unconfirmed",
    },
    { title: "undo", ipv4: ["ifconfig lo0:1 0.0.0.0"], basis: "unconfirmed" },
  ],
}];

export const SOLARIS: readonly Method[] = [{
  name: "alias on lo0:1",
  cost: COST,
  steps: [
    SILENT,
    {
      title: "alias",
      ipv4: ["ifconfig lo0:1 CLUSTER 127.0.0.1 up"],
      note: "Solaris 8 and later need `ifconfig lo0:1 plumb` first",
      basis: { from: `Cisco's form for its equivalent mode; ${LVS_HOWTO.from} has netmask 255.255.255.255` },
    },
    {
      title: "alias",
      ipv6: ["ifconfig lo0:1 inet6 plumb", "ifconfig lo0:1 inet6 CLUSTER/128 up"],
      basis: "unconfirmed",
    },
    {
      title: "extra route",
      ipv4: [ROUTE_CHECK, "route delete -net NETWORK CLUSTER"],
      basis: "unconfirmed",
    },
    {
      title: "persistence",
      ipv4: ["ipadm create-addr -T static -a CLUSTER/32 lo0/cluster"],
      ipv6: ["ipadm create-addr -T static -a CLUSTER/128 lo0/cluster6"],
      note: "Solaris 11, in place of ifconfig; before that a file /etc/hostname.lo0:1 with the address",
      basis: "unconfirmed",
    },
    {
      title: "undo",
      ipv4: ["ifconfig lo0:1 unplumb"],
      ipv6: ["ifconfig lo0:1 inet6 unplumb"],
      basis: "unconfirmed",
    },
  ],
}];
