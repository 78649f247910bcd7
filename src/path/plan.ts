/** What the path is told once, when it starts. Plain data: it crosses to a worker as it is. Addresses are canonical text. */

import type { TableSize } from "../table/forwarding_table.ts";
import type { Cidr, Mac } from "../wire/address.ts";
import type { Port } from "../wire/port.ts";

/** One cluster, as the path needs it. */
export interface ClusterPlan {
  readonly addresses: readonly string[];
  /** A power of two, 2..65536. */
  readonly buckets: number;
  /** Of the hash; int32. */
  readonly seed: number;
  /** How many leading bits of a client's address are hashed, by family. */
  readonly mask: { readonly ipv4: number; readonly ipv6: number };
  /** The service ports; undefined when all are open. */
  readonly ports: readonly Port[] | undefined;
  /** What becomes of packets to other ports. */
  readonly closed: "reject" | "drop";
  /** To whom UDP and the rest go while a bucket is in transition: at once to its new owner, or, what is older, to the old one. */
  readonly transition: { readonly udp: "follow" | "stay" };
}

/** Answers a second, by kind. */
export interface RateLimits {
  readonly timeExceeded: number;
  readonly unreachable: number;
  readonly tooBig: number;
  readonly parameterProblem: number;
  readonly reset: number;
}

export interface VrrpPlan {
  /** 1 to 255. */
  readonly id: number;
  /** The active one has them besides those of the clusters. In IPv6 a link-local one is among them. */
  readonly addresses: readonly string[];
  /** The other dispatcher, if it tells what it knows: its address and the UDP port. */
  readonly peer?: { readonly address: string; readonly port: number } | undefined;
}

/** What the path needs to know of a configuration: plain data, because it crosses to the workers. */
export interface Plan {
  readonly mac: Mac;
  /** A virtio header (wire/virtio.ts) stands right before each frame, and frames may be super-frames. */
  readonly offloads: boolean;
  /** The VLAN whose tag every frame carries; undefined: no tag, or one of priority only. */
  readonly vlan: number | undefined;
  /** The dispatcher's own, of both families; the first of each is the source of its ICMP errors. */
  readonly addresses: readonly Cidr[];
  /** The gateways' neighbors. */
  readonly gateway: { readonly ipv4: number | undefined; readonly ipv6: number | undefined };
  /** Other networks, and the neighbor that is the next hop. */
  readonly routes: readonly { readonly prefix: Cidr; readonly neighbor: number }[];
  readonly clusters: readonly ClusterPlan[];
  /** Nobody on the link is told by ARP or neighbor discovery where the clusters' addresses are: routers have routes to them. */
  readonly areClustersByRoute: boolean;
  /** The largest packet on the way to each neighbor. */
  readonly mtus: readonly number[];
  readonly rateLimits: RateLimits;
  /** What is shared with another dispatcher; undefined: this one is alone. */
  readonly vrrp: VrrpPlan | undefined;
}

/** How large the table is by which the path goes. */
export function tableSizeOf({ clusters, mtus }: Plan): TableSize {
  return {
    clusters: clusters.length,
    buckets: clusters.reduce((sum, { buckets }) => sum + buckets, 0),
    neighbors: mtus.length,
  };
}
