/**
 * What to tell a router, so that its frames for a cluster address reach all backends: a permanent neighbor entry with a
 * broadcast or multicast MAC. Permanent, because a router must not believe an ARP reply with such a MAC (RFC 1812 section
 * 3.3.2). `isConfirmed`: seen to work by this project; the rest is as the system's documentation has it.
 */

import { formatMac, isIpv6, type Mac } from "../../wire/address.ts";

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
  return [linux(addresses, mac), cisco(addresses, mac), junos(addresses, mac), freebsd(addresses, mac)];
}

function linux(addresses: readonly string[], mac: string): RouterRecipe {
  return {
    system: "Linux",
    isConfirmed: true,
    commands: byFamily(
      addresses,
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
  };
}

function cisco(addresses: readonly string[], mac: string): RouterRecipe {
  const dotted = mac.replaceAll(":", "").match(/..../g)!.join(".");
  return {
    system: "Cisco IOS",
    isConfirmed: false,
    commands: byFamily(
      addresses,
      (address) => [`arp ${address} ${dotted} arpa`],
      (address) => [`ipv6 neighbor ${address} INTERFACE ${dotted}`],
    ),
    notes: [
      isBroadcast(mac)
        ? "Documented for multicast MACs; whether it takes the broadcast MAC depends on platform and release."
        : `Where the switch does not flood it: mac address-table static ${dotted} vlan VLAN interface PORTS`,
      "An address outside the interface's own network needs a route to the interface as well.",
    ],
  };
}

function junos(addresses: readonly string[], mac: string): RouterRecipe {
  const key = isBroadcast(mac) ? "mac" : "multicast-mac";
  const set = (family: string, protocol: string, address: string) =>
    `set interfaces INTERFACE unit UNIT family ${family} address OWN/LENGTH ${protocol} ${address} ${key} ${mac}`;
  return {
    system: "Juniper Junos",
    isConfirmed: false,
    commands: byFamily(
      addresses,
      (address) => [set("inet", "arp", address)],
      (address) => [set("inet6", "ndp", address)],
    ),
    notes: [
      "The cluster address must be within OWN/LENGTH.",
      ...(isBroadcast(mac)
        ? ["Its documentation knows `mac` and `multicast-mac`, and says nothing of the broadcast MAC."]
        : []),
    ],
  };
}

function freebsd(addresses: readonly string[], mac: string): RouterRecipe {
  return {
    system: "FreeBSD",
    isConfirmed: false,
    commands: byFamily(
      addresses,
      (address) => [`arp -s ${address} ${mac}`],
      (address) => [`ndp -s ${address} ${mac}`],
    ),
    notes: [
      "The cluster address must be within the network of an interface. An entry goes with the link: repeat it after each change.",
      "sysctl net.link.ether.inet.allow_multicast=1 is about learned entries and should not be needed.",
    ],
  };
}

function byFamily(
  addresses: readonly string[],
  ipv4: (address: string) => string[],
  ipv6: (address: string) => string[],
): string[] {
  return addresses.flatMap((address) => isIpv6(address) ? ipv6(address) : ipv4(address));
}

function isBroadcast(mac: string): boolean {
  return mac === "ff:ff:ff:ff:ff:ff";
}
