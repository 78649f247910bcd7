/**
 * What to tell a router, so that its frames for a cluster address reach all backends: a permanent neighbor entry with a
 * broadcast or multicast MAC. Permanent, because a router must not believe an ARP reply with such a MAC (RFC 1812 section
 * 3.3.2). `isConfirmed`: seen to work by this project; the rest is as the system's documentation has it.
 */

import { formatMac, isIpv6, type Mac } from "../wire/address.ts";

export interface RouterRecipe {
  readonly system: "Linux" | "Cisco IOS" | "Juniper Junos" | "FreeBSD";
  readonly isConfirmed: boolean;
  /** Words in capitals are the reader's own. */
  readonly commands: readonly string[];
  readonly notes: readonly string[];
}

/** `addresses` are canonical text, `group` is the MAC that reaches all backends. */
export function routerGuide(addresses: readonly string[], group: Mac): RouterRecipe[] {
  const mac = formatMac(group.high, group.low);
  const isBroadcast = mac === "ff:ff:ff:ff:ff:ff";
  const digits = mac.replaceAll(":", "");
  const dotted = digits.match(/..../g)!.join(".");
  const each = (v4: (address: string) => string[], v6: (address: string) => string[]) =>
    addresses.flatMap((address) => isIpv6(address) ? v6(address) : v4(address));
  return [
    {
      system: "Linux",
      isConfirmed: true,
      commands: each(
        (address) => [
          `ip route replace ${address}/32 dev INTERFACE`,
          `ip neigh replace ${address} lladdr ${mac} dev INTERFACE nud permanent`,
        ],
        (address) => [
          `ip -6 route replace ${address}/128 dev INTERFACE`,
          `ip -6 neigh replace ${address} lladdr ${mac} dev INTERFACE nud permanent`,
        ],
      ),
      notes: [
        "The route is needed only where the cluster address is outside the interface's own network.",
        "Both go when the interface goes down or the machine restarts: put them where it configures the interface.",
      ],
    },
    {
      system: "Cisco IOS",
      isConfirmed: false,
      commands: each(
        (address) => [`arp ${address} ${dotted} arpa`],
        (address) => [`ipv6 neighbor ${address} INTERFACE ${dotted}`],
      ),
      notes: [
        ...(isBroadcast
          ? [
            "Documented for multicast MACs; whether it takes the broadcast MAC depends on platform and release.",
          ]
          : [
            `Where the switch does not flood it: mac address-table static ${dotted} vlan VLAN interface PORTS`,
          ]),
        "An address outside the interface's own network needs a route to the interface as well.",
      ],
    },
    {
      system: "Juniper Junos",
      isConfirmed: false,
      commands: each(
        (address) => [
          `set interfaces INTERFACE unit UNIT family inet address OWN/LENGTH arp ${address} ${
            isBroadcast ? "mac" : "multicast-mac"
          } ${mac}`,
        ],
        (address) => [
          `set interfaces INTERFACE unit UNIT family inet6 address OWN/LENGTH ndp ${address} ${
            isBroadcast ? "mac" : "multicast-mac"
          } ${mac}`,
        ],
      ),
      notes: [
        "The cluster address must be within OWN/LENGTH.",
        ...(isBroadcast
          ? ["Its documentation knows `mac` and `multicast-mac`, and says nothing of the broadcast MAC."]
          : []),
      ],
    },
    {
      system: "FreeBSD",
      isConfirmed: false,
      commands: each((address) => [`arp -s ${address} ${mac}`], (address) => [`ndp -s ${address} ${mac}`]),
      notes: [
        "The cluster address must be within the network of an interface. An entry goes with the link: repeat it after each change.",
        "sysctl net.link.ether.inet.allow_multicast=1 is about learned entries and should not be needed.",
      ],
    },
  ];
}
