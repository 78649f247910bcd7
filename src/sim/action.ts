/** What one does in a world: plain data, like a scene. */

import type { Technique } from "../cluster/techniques.ts";
import type { Settings } from "../impairment/settings.ts";

/** Something that is done at one moment. */
export type Action = OfNode | OfAgent | OfServer | OfLink | OfDispatcher | OfClient | OfEtcd;

/** A machine; of a dispatcher the process. */
export type OfNode =
  /** Its power fails: nothing comes from it any more, and what it knew is gone. A dispatcher's process, as by kill -9. */
  | { readonly do: "kill"; readonly node: string }
  /** It starts again, a host perhaps with another network card. */
  | { readonly do: "heal"; readonly node: string; readonly mac?: string }
  /** It gets no CPU: what comes waits, as far as there is room, and its timers are late. As by kill -STOP, and kill -CONT. */
  | { readonly do: "freeze" | "thaw"; readonly node: string }
  /** Each of its timers comes so late from now on. */
  | { readonly do: "slow"; readonly node: string; readonly ms: number }
  /** So many of its seconds pass in one from now on: the crystal of its clock is bad. */
  | { readonly do: "rate"; readonly node: string; readonly rate: number }
  /** Somebody sets its wall clock on, or back. */
  | { readonly do: "clock"; readonly node: string; readonly ms: number }
  /** Of a host or a router: its port takes packets up to this size. */
  | { readonly do: "mtu"; readonly node: string; readonly port?: string; readonly mtu: number };

/** The agent of a backend, without its machine. */
export type OfAgent =
  /** As kill -9: the filter goes on with what it has until its lease is over. */
  | { readonly do: "kill-agent"; readonly node: string }
  /** It takes its leave. */
  | { readonly do: "stop-agent"; readonly node: string }
  | { readonly do: "start-agent"; readonly node: string }
  | { readonly do: "freeze-agent" | "thaw-agent"; readonly node: string };

/** How a backend or a host is set up. */
export type OfServer =
  /** Its servers at a port end, or start. */
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
  /** It ends in order. `heal` starts it again. */
  | { readonly do: "stop"; readonly node: string }
  /** It ends in order, and starts again. */
  | { readonly do: "restart"; readonly node: string }
  /** Another process takes over from it, without a frame lost. */
  | { readonly do: "upgrade"; readonly node: string };

/** From where and where to. `from`: one of the client's addresses, default the first of the family. */
interface Way {
  readonly client: string;
  readonly from?: string;
  readonly to: string;
}

/** What clients do. A connection has a name of its own within its client. */
export type OfClient =
  /** `name`: default a number that counts up. */
  | Way & { readonly do: "connect"; readonly name?: string; readonly port: number }
  /** A request over an open connection: so many octets, which are answered with so many. */
  | {
    readonly do: "send";
    readonly client: string;
    readonly name: string;
    readonly octets?: number;
    readonly answer?: number;
    /** So many octets of it are not sent before `resume`. */
    readonly heldBack?: number;
  }
  /** It reads no more, so that the server must wait; and reads on, and sends what was held back. */
  | { readonly do: "pause" | "resume"; readonly client: string; readonly name: string }
  | { readonly do: "close"; readonly client: string; readonly name: string }
  /** Connects, asks, is answered, closes. */
  | Way & {
    readonly do: "request";
    readonly port: number;
    readonly octets?: number;
    readonly answer?: number;
  }
  /** The same again and again, from now on; `everyMs` 0 ends it. From each of the client's addresses in turn, unless `from` names one. */
  | Way & { readonly do: "ask"; readonly port: number; readonly everyMs: number; readonly answer?: number }
  /** One UDP datagram, which the server answers. */
  | Way & { readonly do: "datagram"; readonly port: number; readonly octets?: number }
  | Way & {
    readonly do: "ping";
    readonly octets?: number;
    readonly ttl?: number;
    /** No router may cut it. */
    readonly isWhole?: boolean;
  };

/** The way of a dispatcher to etcd. `kill` and `heal` of etcd's own node take its quorum away and give it back. */
export interface OfEtcd {
  readonly do: "etcd";
  readonly from: string;
  readonly isCut?: boolean;
  readonly slowMs?: number;
}

/** What is done when. */
export interface Scheduled {
  /** Since the world began. It is done before whatever else happens just then. */
  readonly atUs: number;
  readonly action: Action;
}
