/** A client, a host or a backend in a world: the machine (net/host.ts), its servers and clients, and a backend's filter with its agent. */

import type { Logger } from "pino";
import { type ClusterConfig, mayBroadcast } from "../config/config.ts";
import { UsageError } from "../input/errors.ts";
import { allOwnedBuckets } from "../filter/rules/ownership.ts";
import type { BucketSet } from "../filter/rules/bucket_set.ts";
import { ClusterMap } from "../cluster/cluster_map.ts";
import type { Random } from "../system/random.ts";
import type { VirtualClock } from "../system/virtual_clock.ts";
import { hostLength, isIpv6, type Mac, parseMac } from "../wire/address.ts";
import { AgentProcess } from "./agent_process.ts";
import { Client, type ClientConnection, type ClientEvents } from "./client.ts";
import { LinkSocket } from "./link_socket.ts";
import { Host } from "./net/host.ts";
import type { Interface } from "./net/interface.ts";
import { MachineClock } from "./net/machine_clock.ts";
import type { Port } from "./net/port.ts";
import { KernelTables } from "./nft.ts";
import type { WorldNode } from "./node.ts";
import type { SceneBackend, SceneHost, SceneServer } from "./scene.ts";
import { serveTcp, serveUdp } from "./server.ts";
import type { Texts } from "./texts.ts";

/** What a host is given by its world. */
export interface HostOptions {
  readonly name: string;
  readonly seed: number;
  readonly texts: Texts;
  readonly time: VirtualClock;
  readonly random: Random;
  readonly log: Logger;
  readonly events: ClientEvents;
}

/** A server of a backend of which the scene does not say otherwise. */
const USUAL_SERVERS: readonly SceneServer[] = [{ protocol: "tcp", port: 80 }, { protocol: "udp", port: 80 }];

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
  readonly #filter: Filter | undefined;
  #isSilent: boolean;
  #isFrozen = false;

  /** Throws UsageError for what the scene says wrongly, and InputError for a mistake in a configuration. */
  constructor(scene: SceneHost | SceneBackend, options: HostOptions) {
    const { name, time, seed, events } = options;
    this.kind = scene.kind;
    this.name = name;
    this.host = new Host(time, name, { seed });
    const mac = scene.mac === undefined ? undefined : macIn(scene.mac, name);
    this.#interface = this.host.addInterface("eth0", scene.addresses, mac);
    this.#interface.mtu = scene.mtu ?? this.#interface.mtu;
    this.ports = new Map([["eth0", this.#interface.port]]);
    for (const gateway of scene.gateways ?? []) {
      this.host.ip.addRoute(isIpv6(gateway) ? "::/0" : "0.0.0.0/0", [gateway]);
    }
    this.#client = new Client(this.host, events);
    this.#servers = scene.servers ?? (scene.kind === "backend" ? USUAL_SERVERS : []);
    for (const server of this.#servers) this.#serve(server);
    this.#isSilent = scene.kind !== "backend" || scene.isSilent !== false;
    if (scene.kind === "backend") this.#hold(scene.loopback);
    this.#keepSilent();
    this.#filter = scene.kind === "backend" && scene.filter !== undefined
      ? new Filter(scene.filter, options, this.host, this.#interface)
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
    return this.#isSilent;
  }

  /** What it has on its loopback, or in its place on its interface. */
  get loopback(): readonly string[] {
    return this.#loopback;
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
    this.#isSilent = isSilent;
    this.#keepSilent();
    this.setLoopback(this.#loopback);
  }

  /** It has these addresses there from now on, and no others. */
  setLoopback(addresses: readonly string[]): void {
    for (const address of this.#loopback) this.host.ip.removeAddress(address);
    this.#hold(addresses);
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
    const { counters } = this.host.ip;
    const { overflows, resets } = this.host.tcp;
    const own: Record<string, number> = { ...counters, overflows, resets, ...this.#client.counters() };
    for (const [alarm, count] of Object.entries(this.agent?.alarms ?? {})) own[`alarms.${alarm}`] = count;
    return own;
  }

  #serve({ protocol, port }: SceneServer): void {
    if (protocol === "tcp") serveTcp(this.host, port);
    else serveUdp(this.host, port);
  }

  #loopback: readonly string[] = [];

  /** Linux answers neighbor solicitations only for what the interface itself has, so that IPv6 is loud from there alone. */
  #hold(addresses: readonly string[]): void {
    this.#loopback = addresses;
    for (const address of addresses) {
      const isLoud = isIpv6(address) && !this.#isSilent;
      this.host.ip.addAddress(isLoud ? this.#interface : undefined, `${address}/${hostLength(address)}`);
    }
  }

  #keepSilent(): void {
    this.#interface.arpIgnore = this.#isSilent ? 1 : 0;
    this.#interface.arpAnnounce = this.#isSilent ? 2 : 0;
  }

  #filterWithAgent(): Filter {
    if (this.#filter?.cluster.agent !== undefined) return this.#filter;
    throw new UsageError(`"${this.name}" has no agent`);
  }
}

/** A backend's filter in its kernel, and the agent that holds it. */
class Filter {
  readonly cluster: ClusterConfig;
  readonly kernel: KernelTables;
  agent: AgentProcess | undefined;
  readonly #scene: NonNullable<SceneBackend["filter"]>;
  readonly #backend: string;
  readonly #options: HostOptions;
  readonly #host: Host;
  readonly #interface: Interface;
  readonly #socket: LinkSocket;
  /** Of the process that runs. */
  #clock: MachineClock;
  #wallMs = 0;
  #rate = 1;

  constructor(
    scene: NonNullable<SceneBackend["filter"]>,
    options: HostOptions,
    host: Host,
    on: Interface,
  ) {
    const { name, texts, time } = options;
    this.#scene = scene;
    this.#options = options;
    this.#host = host;
    this.#interface = on;
    this.#backend = scene.backend ?? name;
    const config = texts.config(scene.config, name);
    const cluster = config.clusters.find((one) => one.name === scene.cluster);
    if (cluster === undefined || !cluster.backends.some((one) => one.name === this.#backend)) {
      throw new UsageError(
        `The filter of "${name}": ${scene.config} has no cluster "${scene.cluster}" with a backend "${this.#backend}"`,
      );
    }
    if (!mayBroadcast(cluster)) {
      throw new UsageError(
        `The filter of "${name}": cluster "${cluster.name}" needs technique broadcast, or fallback broadcast`,
      );
    }
    this.cluster = cluster;
    this.#socket = new LinkSocket(on.port);
    this.kernel = new KernelTables(config, cluster, this.#backend, time);
    this.#clock = new MachineClock(time);
  }

  /** The machine starts: with it the agent, or the filter that was applied once and for all. */
  begin(): void {
    if (this.cluster.agent !== undefined) return this.startAgent();
    const all = allOwnedBuckets(new ClusterMap(this.cluster), () => true);
    this.kernel.hold(all.get(this.#backend)!);
  }

  lets(octets: Uint8Array<ArrayBuffer>, length: number): "pass" | "to-us" | "drop" {
    this.#socket.hear(octets, length);
    return this.kernel.lets(octets, length);
  }

  startAgent(): void {
    if (this.agent !== undefined) throw new UsageError(`The agent of "${this.#options.name}" runs already`);
    const { name, texts, time, random, log } = this.#options;
    const clock = new MachineClock(time);
    clock.setWall(this.#wallMs);
    clock.lateMs = this.#host.clock.lateMs;
    clock.rate = this.#rate;
    this.#clock = clock;
    const { agent } = this.cluster;
    const { port } = agent!;
    const self = this.cluster.backends.find((one) => one.name === this.#backend)!.address;
    const process = new AgentProcess({
      config: texts.config(this.#scene.config, name),
      cluster: this.cluster,
      backend: this.#backend,
      kernel: this.kernel,
      ...{ clock, random, log },
      readText: (file) => texts.read(file),
      send: (datagram, to) => {
        this.#host.udp.send({ local: self, localPort: port, remote: to, remotePort: port }, datagram);
      },
      hasLink: () => this.#interface.port.isUp,
      mac: this.#interface.port.mac,
      link: this.#socket,
    });
    this.agent = process;
    this.#host.udp.listen(port, {
      received: (data, { remote }) => {
        if (clock.isFrozen) return;
        time.pause();
        process.hear(data.slice(), remote);
      },
    });
    this.#socket.open();
    process.start();
  }

  killAgent(): void {
    if (this.agent === undefined) throw new UsageError(`The agent of "${this.#options.name}" does not run`);
    this.#end();
  }

  async stopAgent(): Promise<void> {
    const { agent } = this;
    if (agent === undefined) throw new UsageError(`The agent of "${this.#options.name}" does not run`);
    await agent.stop();
    if (this.agent === agent) this.#end();
  }

  freeze(): void {
    this.#clock.freeze();
  }

  thaw(): void {
    if (this.agent !== undefined) this.#clock.thaw();
  }

  /** The agent, and all else of the machine. */
  freezeMachine(): void {
    this.freeze();
    this.kernel.freeze();
  }

  thawMachine(): void {
    this.thaw();
    this.kernel.thaw();
  }

  slow(ms: number): void {
    this.#clock.lateMs = ms;
  }

  setRate(rate: number): void {
    this.#rate = rate;
    this.#clock.rate = rate;
    this.kernel.setRate(rate);
  }

  setWall(byMs: number): void {
    this.#wallMs += byMs;
    this.#clock.setWall(byMs);
  }

  /** The machine dies. */
  forget(): void {
    if (this.agent !== undefined) this.#end();
    this.kernel.forget();
  }

  #end(): void {
    // Whatever it still waits for never comes.
    this.#clock.freeze();
    this.agent = undefined;
    this.#socket.close();
    this.#host.udp.stopListening(this.cluster.agent!.port);
  }
}

function macIn(text: string, name: string): Mac {
  const mac = parseMac(text);
  if (mac !== undefined) return mac;
  throw new UsageError(`"${name}": "${text}" is no MAC address; use one such as 02:00:00:00:01:11`);
}
