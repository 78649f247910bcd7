/** What the page shows of a world at a moment, as plain data. */

import type { BackendStatus, ClusterStatus } from "../../engine/status.ts";
import type { Buckets } from "../../engine/buckets.ts";
import type { NeighborStatus } from "../../engine/neighbors.ts";
import type { Settings } from "../../impairment/settings.ts";
import type { ConnectionState } from "../../sim/net/host_connection.ts";

export interface View {
  readonly machines: readonly MachineView[];
  readonly links: readonly LinkView[];
  readonly connections: readonly ConnectionView[];
  /** Clients that ask again and again. */
  readonly asking: ReadonlySet<string>;
  /** Of the dispatcher that is shown; none where none runs. */
  readonly dispatcher: DispatcherView | undefined;
  /** Of the first cluster: who owns what, as the dispatcher or the agents have it. */
  readonly buckets: Buckets | undefined;
  /** The cluster's addresses and a port of it, for clients. */
  readonly targets: readonly string[];
  readonly port: number;
}

export interface MachineView {
  readonly name: string;
  readonly kind: "client" | "host" | "router" | "switch" | "backend" | "dispatcher";
  readonly state: "on" | "off" | "frozen";
  /** Below its name in the drawing: what is special about it now, or its address. */
  readonly note: string;
  /** Something is not as it should be. */
  readonly isWrong: boolean;
  readonly addresses: readonly string[];
  readonly mac: string;
  /** Names of links. */
  readonly links: readonly string[];
  /** Who it believes has which address. */
  readonly knows: readonly { readonly address: string; readonly mac: string; readonly who: string }[];
  readonly backend?: {
    readonly index: number;
    readonly loopback: readonly string[];
    readonly usualLoopback: readonly string[];
    readonly isSilent: boolean;
    readonly servers: readonly {
      readonly protocol: string;
      readonly port: number;
      readonly isOpen: boolean;
    }[];
    readonly status: BackendStatus | undefined;
    /** Undefined where there is none. */
    readonly agent: { readonly isRunning: boolean; readonly live: string } | undefined;
  };
}

export interface LinkView {
  readonly name: string;
  readonly ends: readonly [string, string];
  /** From the first end, and from the second. */
  readonly settings: readonly [Settings, Settings];
  /** Those of its ends that have an MTU: a switch has none. */
  readonly ports: readonly { readonly node: string; readonly port: string }[];
  /** The smallest of them. */
  readonly mtu: number;
  readonly state: "fine" | "bad" | "down";
  readonly label: string;
}

export interface ConnectionView {
  readonly client: string;
  readonly name: string;
  readonly from: string;
  readonly to: string;
  readonly state: ConnectionState;
  /** The backend that answered, once one has. */
  readonly by: string | undefined;
  /** Its client closes it only when told to. */
  readonly isKept: boolean;
}

export interface DispatcherView {
  readonly name: string;
  readonly config: string;
  readonly cluster: ClusterStatus | undefined;
  readonly algorithm: string;
  readonly hasHealth: boolean;
  readonly neighbors: readonly NeighborStatus[];
  /** By verdict. */
  readonly verdicts: Readonly<Record<string, number>>;
  readonly bucketsInTransition: number;
  readonly connectionsRemembered: number;
}

/** Not as it is by itself. */
export function stateOf(settings: readonly [Settings, Settings]): LinkView["state"] {
  if (settings.every(({ down }) => down === true)) return "down";
  const isBad = ({ loss, reorder, duplicate, corrupt, down }: Settings) =>
    down !== false || loss > 0 || reorder > 0 || duplicate > 0 || corrupt > 0;
  return settings.some(isBad) ? "bad" : "fine";
}
