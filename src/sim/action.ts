/** What one does in a world: plain data, like a scene. `perform` of a world says what is wrong with one by a UsageError. */

import type { Technique } from "../cluster/techniques.ts";
import type { Settings } from "../impairment/settings.ts";

export type Action =
  | OfNode
  | OfAgent
  | OfServer
  | OfLink
  | OfDispatcher
  | OfClient
  | OfEtcd;

/** A machine, or the process of a dispatcher. */
export type OfNode =
  /** Its power fails: nothing comes from it any more, and what it knew is gone. A dispatcher's process, as by kill -9. */
  | { readonly do: "kill"; readonly node: string }
  /** It starts again. */
  | { readonly do: "heal"; readonly node: string }
  /** It gets no CPU: what comes waits, as far as there is room, and its timers are late. As by kill -STOP, and kill -CONT. */
  | { readonly do: "freeze" | "thaw"; readonly node: string }
  /** Its time runs at this rate: 0.5 is half as fast. 1 ends that. */
  | { readonly do: "pace"; readonly node: string; readonly rate: number }
  /** Somebody sets its wall clock on, or back. */
  | { readonly do: "clock"; readonly node: string; readonly ms: number }
  /** Its port takes packets up to this size. */
  | { readonly do: "mtu"; readonly node: string; readonly port?: string; readonly mtu: number };

/** The agent of a backend, without its machine. */
export type OfAgent =
  /** As kill -9: the filter goes on with what it has until its lease is over. */
  | { readonly do: "kill-agent"; readonly node: string }
  /** It takes its leave. */
  | { readonly do: "stop-agent"; readonly node: string }
  | { readonly do: "start-agent"; readonly node: string };

/** How a backend or a host is set up. */
export type OfServer =
  /** A server of it ends, or starts. */
  | { readonly do: "server"; readonly node: string; readonly port: number; readonly isOpen: boolean }
  /** Does it keep silent about what it has on its loopback? */
  | { readonly do: "silence"; readonly node: string; readonly isSilent: boolean }
  /** What it has on its loopback from now on. */
  | { readonly do: "loopback"; readonly node: string; readonly addresses: readonly string[] };

/** A link by its name (scene.ts). `from`: only the direction that begins at this node. */
export type OfLink =
  | { readonly do: "cut" | "restore"; readonly link: string; readonly from?: string }
  | {
    readonly do: "link";
    readonly link: string;
    readonly from?: string;
    readonly settings: Partial<Settings>;
  };

/** What people do at a dispatcher. Without `node`: at each one that runs. */
export type OfDispatcher =
  | { readonly do: "drain" | "undrain" | "down"; readonly node?: string; readonly backend: string }
  | { readonly do: "weight"; readonly node?: string; readonly backend: string; readonly weight: number }
  | {
    readonly do: "technique";
    readonly node?: string;
    readonly technique: Technique;
    /** Default: all. */
    readonly cluster?: string;
  }
  /** Its file has this text from now on, and it goes on by it. Without a text: it reads the file again. */
  | { readonly do: "reload"; readonly node?: string; readonly config?: string }
  /** It ends in order, and starts again. */
  | { readonly do: "restart"; readonly node: string }
  | { readonly do: "stop"; readonly node: string }
  /** Another process takes over from it, without a frame lost. */
  | { readonly do: "upgrade"; readonly node: string };

/** What clients do. A connection has a name of its own within its client. */
export type OfClient =
  | {
    readonly do: "connect";
    readonly client: string;
    /** Default: a number that counts up. */
    readonly name?: string;
    /** An address of the cluster, or another one. */
    readonly to: string;
    readonly port: number;
  }
  /** Octets over an open connection, which the server answers. */
  | { readonly do: "send"; readonly client: string; readonly name: string; readonly octets?: number }
  | { readonly do: "close"; readonly client: string; readonly name: string }
  /** Connects, asks, is answered, closes. */
  | { readonly do: "request"; readonly client: string; readonly to: string; readonly port: number }
  /** One UDP datagram, which the server answers. */
  | {
    readonly do: "datagram";
    readonly client: string;
    readonly to: string;
    readonly port: number;
    readonly octets?: number;
  }
  | { readonly do: "ping"; readonly client: string; readonly to: string; readonly octets?: number };

/** `kill` and `heal` of its node take its quorum away and give it back. */
export type OfEtcd = /** The way of a dispatcher to it. */
  {
    readonly do: "etcd";
    readonly from: string;
    readonly isCut?: boolean;
    readonly slowMs?: number;
  };

/** What is done when. */
export interface Scheduled {
  /** Since the world began. */
  readonly atUs: number;
  readonly action: Action;
}
