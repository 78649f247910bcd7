/**
 * The network of wire.yaml as a scenario sees it: what one may do there, and what one may notice. There are two of them, of namespaces with
 * real programs (in_namespaces.ts) and of src/sim (in_simulator.ts). Nothing here tells which one it is, or how long something takes.
 */

import type { Technique } from "../../../src/cluster/techniques.ts";
import type { Observation } from "../../../src/observe/protocol.ts";

export type Dispatcher = "lb1" | "lb2";
export type Server = "web1" | "web2" | "web3";

/** A line of a dispatcher's log that has a name. */
export type Event = { readonly event: string } & Readonly<Record<string, unknown>>;

export interface Ping {
  readonly ttl?: number;
  /** Octets in the echo request. */
  readonly size?: number;
  /** It may be fragmented. */
  readonly mayFragment?: boolean;
}

export interface Network {
  /** A request from each of these addresses of the client, over a connection of its own: which backend answered, or "nobody". */
  request(clients: readonly string[], port?: number): Promise<Record<string, string>>;
  /** Opens four connections from each: `idle`, `keep-alive`, `download` and `upload`, and holds them in their middle. */
  hold(clients: readonly string[]): Promise<void>;
  /** All that are held go on to their end. By `CLIENT KIND`: who served it, or how it was cut. */
  goOn(): Promise<Record<string, string>>;
  /** One echo request to the cluster address; resolves when anything has come back. Was it the reply? */
  ping(client: string, options?: Ping): Promise<boolean>;
  /** Some hundred packets are asked for: how many octets came. */
  download(client: string): Promise<number>;

  /** The dispatcher runs. */
  start(dispatcher: Dispatcher): Promise<void>;
  /** SIGTERM, or SIGKILL. */
  stop(dispatcher: Dispatcher, how: "asked" | "killed"): Promise<void>;
  /** By command. */
  drain(dispatcher: Dispatcher, server: Server): Promise<void>;
  undrain(dispatcher: Dispatcher, server: Server): Promise<void>;
  technique(dispatcher: Dispatcher, technique: Technique): Promise<void>;
  /** Its file is changed, and it is told to read it: its refusal, or that there was none. */
  reload(dispatcher: Dispatcher, change: (text: string) => string): Promise<string>;
  stateOf(dispatcher: Dispatcher, server: Server): Promise<ServerState>;
  /** Frames by verdict, since it was started last. */
  verdicts(dispatcher: Dispatcher): Promise<Readonly<Record<string, number>>>;
  /** Of a backup: would it go on by what the active one has? */
  isInformed(dispatcher: Dispatcher): Promise<boolean>;
  /** What it has told since it was started last. */
  events(dispatcher: Dispatcher): Promise<readonly Event[]>;

  /** The service dies, or is there again. */
  kill(server: Server): Promise<void>;
  revive(server: Server): Promise<void>;
  /** The machine's link. */
  unplug(server: Server): Promise<void>;
  plugIn(server: Server): Promise<void>;
  /** The filters of the technique `broadcast`, with their agents; resolves when each has its share. */
  startAgents(): Promise<void>;
  stopAgents(): Promise<void>;

  /** Of the router's link to the client. */
  narrow(mtu: number): Promise<void>;
  /** It forgets where all are on the link of the cluster, so that it asks. */
  routerForgets(): Promise<void>;
  /** Where the router would send what is for this address. */
  routerKnows(address: string): Promise<string | undefined>;

  /** What was seen on all links while something was done. */
  watch<T>(action: () => Promise<T>): Promise<Watched<T>>;
  /** Waits for what comes by itself. */
  until<T>(what: string, condition: () => Promise<T | false | undefined>): Promise<T>;
}

/** Of a server, as a dispatcher says it. */
export interface ServerState {
  readonly state: string;
  readonly why: string;
  readonly buckets: number;
  readonly live: boolean;
}

export interface Watched<T> {
  readonly result: T;
  /** Connections' beginnings and ends, echoes, errors, datagrams, claims. */
  readonly observations: readonly Observation[];
}
