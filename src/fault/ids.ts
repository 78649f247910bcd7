/** The name of each fault and what it means: one list for whoever finds faults, on the backend or over the network. */

/**
 * In the order in which faults are reported and mended: first what makes the rest unknowable, then a backend's silence, then its
 * addresses and routes, then its servers. Each sentence has the machine at fault as its subject.
 */
export const FAULTS = {
  "own-address-taken": "another machine has an address of the dispatcher",
  "no-own-address": "the dispatcher has no address to ask from",
  "no-other-port": "the dispatcher's interface leads to no other machine",
  "backend-down": "the backend does not answer for its own address",
  "arp-ignore": "the backend answers ARP requests for the cluster address",
  "arp-announce": "the backend names the cluster address as its own in ARP requests",
  "arp-published": "the machine has a published (proxy) neighbor entry for the cluster address",
  "proxy-arp": "the machine is an ARP proxy for other machines' addresses on the link",
  "address-taken": "a machine that is no backend has the cluster address",
  "alias-missing": "the backend does not have the cluster address",
  "alias-interface": "the backend has the cluster address on an interface that answers for it",
  "dad-failed":
    "the backend does not use the cluster address, because duplicate detection found another owner",
  "alias-mask":
    "the backend has the cluster address with the mask of a whole network, which brings an extra route",
  "alias-scope": "the backend has the cluster address with scope global, which arp_ignore 3 does not silence",
  "extra-route": "the backend takes the network of the cluster address for itself",
  "no-default-route": "the backend has no route to the clients",
  "rp-filter": "the backend drops clients' packets because it would answer by another interface",
  "multicast-drop": "the backend drops packets that come in broadcast or multicast frames",
  "mtu": "the backend takes smaller frames, or sends larger ones, than the link carries",
  "wrong-source": "the backend answers from another address than the cluster address",
  "firewall": "the backend drops or rejects packets for the cluster address",
  "no-service": "no server of the backend listens on a service port of the cluster address",
} as const satisfies Readonly<Record<string, string>>;

/** The name of a fault, such as `backend-down`. */
export type FaultId = keyof typeof FAULTS;
