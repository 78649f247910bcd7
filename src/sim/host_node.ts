/** A client, a host or a backend in a world: the machine (net/host.ts), its servers and clients, and a backend's filter with its agent. */

import { UsageError } from "../input/errors.ts";
import type { BucketSet } from "../filter/rules/bucket_set.ts";
import { isIpv6, type Mac } from "../wire/address.ts";
import type { AgentProcess } from "./agent_process.ts";
import { Client, type ClientConnection, type ClientEvents } from "./client.ts";
import { FilterAndAgent, type FilterOptions } from "./filter_and_agent.ts";
import { Loopback } from "./loopback.ts";
import { countersOf } from "./host_counters.ts";
import { addInterface } from "./interfaces.ts";
import { Host } from "./net/host.ts";
import type { Interface } from "./net/interface.ts";
import type { Port } from "./net/port.ts";
import type { WorldNode } from "./node.ts";
import type { SceneBackend, SceneHost, SceneServer } from "./scene.ts";
import { serveTcp, serveUdp, USUAL_SERVERS } from "./server.ts";
import { requireAddress } from "./values.ts";

/** What a host is given by its world. */
export interface HostOptions extends FilterOptions {
  readonly seed: number;
  readonly events: ClientEvents;
}

/** A machine with one port, and what runs on it. */
export class HostNode implements WorldNode {
  readonly kind: "client" | "host" | "backend";
  readonly name: string;
  readonly ports: ReadonlyMap<string, Port>;
  /** What it does on its links, and the TCP, UDP and ICMP above. */
  readonly host: Host;
  readonly #client: Client;
  readonly #interface: Interface;
  readonly #servers: readonly SceneServer[];
  readonly #filter: FilterAndAgent | undefined;
  readonly #loopback: Loopback;
  #isFrozen = false;

  /** Throws UsageError for what the scene says wrongly, and InputError for a mistake in a configuration. */
  constructor(scene: SceneHost | SceneBackend, options: HostOptions) {
    const { name, time, seed, events } = options;
    this.kind = scene.kind;
    this.name = name;
    this.host = new Host(time, name, { seed });
    this.#interface = addInterface(this.host, "eth0", scene);
    this.ports = new Map([["eth0", this.#interface.port]]);
    for (const gateway of scene.gateways ?? []) {
      this.host.ip.addRoute(isIpv6(gateway) ? "::/0" : "0.0.0.0/0", [gateway]);
    }
    this.#client = new Client(this.host, events);
    this.#servers = scene.servers ?? (scene.kind === "backend" ? USUAL_SERVERS : []);
    for (const server of this.#servers) this.#serve(server);
    const isSilent = scene.kind !== "backend" || scene.isSilent !== false;
    this.#loopback = new Loopback(this.host.ip, this.#interface, isSilent);
    if (scene.kind === "backend") this.#loopback.hold(scene.loopback.map(requireAddress));
    this.#filter = scene.kind === "backend" && scene.filter !== undefined
      ? new FilterAndAgent(scene.filter, options, this.host, this.#interface)
      : undefined;
    this.#interface.filter = (octets, length) => {
      if (this.#isFrozen) return "drop";
      return this.#filter?.lets(octets, length) ?? "pass";
    };
  }

  portFor(name = "eth0"): Port | undefined {
    return this.ports.get(name);
  }

  get isRunning(): boolean {
    return this.host.isUp;
  }

  /** The whole machine stands still. */
  get isFrozen(): boolean {
    return this.#isFrozen;
  }

  /** It never answers ARP for what is on its loopback, as a backend must not. */
  get isSilent(): boolean {
    return this.#loopback.isSilent;
  }

  /** What it has on its loopback, or in its place on its interface. */
  get loopback(): readonly string[] {
    return this.#loopback.addresses;
  }

  /** The connections of its clients: those that are not over, and the last ones that are. */
  get connections(): readonly ClientConnection[] {
    return this.#client.connections;
  }

  /** The buckets that its filter lets in now; undefined where it has none. */
  get taken(): BucketSet | undefined {
    return this.#filter?.kernel.taken;
  }

  /** What it has told its kernel takes effect in a moment. */
  get isFiltering(): boolean {
    return this.#filter?.kernel.isTold ?? false;
  }

  /** The agent that runs; undefined while none does. */
  get agent(): AgentProcess | undefined {
    return this.#filter?.agent;
  }

  /** When the world begins. */
  begin(): void {
    this.#filter?.begin();
  }

  kill(): void {
    if (!this.isRunning) throw new UsageError(`"${this.name}" does not run`);
    this.#client.forget();
    this.#filter?.forget();
    this.host.kill();
    this.#isFrozen = false;
    this.host.clock.thaw();
  }

  /** `mac`: of another network card. */
  heal(mac?: Mac): Promise<void> {
    if (this.isRunning) return Promise.reject(new UsageError(`"${this.name}" runs already`));
    if (mac !== undefined) this.host.ip.setMac(this.#interface, mac);
    this.host.heal();
    for (const server of this.#servers) this.#serve(server);
    this.#filter?.begin();
    return Promise.resolve();
  }

  /** The whole machine stands still: what comes meanwhile is lost. */
  freeze(): void {
    this.#isFrozen = true;
    this.host.clock.freeze();
    this.#filter?.freezeMachine();
  }

  /** It goes on, with what has been due meanwhile. */
  thaw(): void {
    this.#isFrozen = false;
    this.host.clock.thaw();
    this.#filter?.thawMachine();
  }

  /** The timers of its programs are so late. */
  slow(ms: number): void {
    this.host.clock.lateMs = ms;
    this.#filter?.slow(ms);
  }

  /** So many of its seconds pass in one from now on. */
  setRate(rate: number): void {
    this.host.clock.rate = rate;
    this.#filter?.setRate(rate);
  }

  /** Its wall clock is set by so much. */
  setWall(byMs: number): void {
    this.host.clock.setWall(byMs);
    this.#filter?.setWall(byMs);
  }

  /** Of its one interface. */
  setMtu(_port: string, mtu: number): void {
    this.#interface.mtu = mtu;
  }

  /** A server's process ends, or starts. */
  setServer(port: number, isOpen: boolean): void {
    const servers = this.#servers.filter((server) => server.port === port);
    if (servers.length === 0) throw new UsageError(`"${this.name}" has no server at port ${port}`);
    for (const server of servers) {
      if (isOpen) this.#serve(server);
      else if (server.protocol === "tcp") this.host.tcp.stopListening(port);
      else this.host.udp.stopListening(port);
    }
  }

  /** Whether it keeps silent about what is on its loopback. */
  setSilent(isSilent: boolean): void {
    this.#loopback.setSilent(isSilent);
  }

  /** It has these addresses there from now on, and no others. */
  setLoopback(addresses: readonly string[]): void {
    this.#loopback.hold(addresses);
  }

  /** Throws UsageError when it has no agent, running or not. */
  requireAgent(): void {
    this.#filterWithAgent();
  }

  /** Its agent starts. Throws UsageError when the machine does not run, or has none. */
  startAgent(): void {
    if (!this.isRunning) throw new UsageError(`"${this.name}" does not run`);
    this.#filterWithAgent().startAgent();
  }

  /** As kill -9: the filter in its kernel stays as it is. */
  killAgent(): void {
    this.#filterWithAgent().killAgent();
  }

  /** It ends in order, and gives its buckets to the others. */
  stopAgent(): Promise<void> {
    return this.#filterWithAgent().stopAgent();
  }

  /** As kill -STOP: the filter in its kernel stays until its lease ends. */
  freezeAgent(): void {
    this.#filterWithAgent().freeze();
  }

  /** As kill -CONT. */
  thawAgent(): void {
    this.#filterWithAgent().thaw();
  }

  /** Throws UsageError when it has no address `from`, or none of the family of `to`. */
  requireWay(from: string | undefined, to: string): void {
    const own = this.#interface.addresses.map(({ address }) => address);
    if (from !== undefined && !own.includes(from)) {
      throw new UsageError(`"${this.name}" has no address ${from}; it has ${own.join(", ")}`);
    }
    if ((from === undefined ? own : [from]).some((address) => isIpv6(address) === isIpv6(to))) return;
    throw new UsageError(`"${this.name}" has no address of the family of ${to}`);
  }

  /** What its clients do. Throws UsageError while it is dead. */
  get client(): Client {
    if (!this.isRunning) throw new UsageError(`"${this.name}" does not run`);
    return this.#client;
  }

  counters(): Record<string, number> {
    const own = { ...countersOf(this.host), ...this.#client.counters() };
    for (const [alarm, count] of Object.entries(this.agent?.alarms ?? {})) own[`alarms.${alarm}`] = count;
    return own;
  }

  #serve({ protocol, port }: SceneServer): void {
    if (protocol === "tcp") serveTcp(this.host, port);
    else serveUdp(this.host, port);
  }

  #filterWithAgent(): FilterAndAgent {
    if (this.#filter?.cluster.agent !== undefined) return this.#filter;
    throw new UsageError(`"${this.name}" has no agent`);
  }
}
