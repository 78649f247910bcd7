/** A router in a world. */

import { UsageError } from "../input/errors.ts";
import type { VirtualClock } from "../system/virtual_clock.ts";
import { countersOf } from "./host_counters.ts";
import { addInterface } from "./interfaces.ts";
import { Host } from "./net/host.ts";
import type { Interface } from "./net/interface.ts";
import type { Port } from "./net/port.ts";
import type { WorldNode } from "./node.ts";
import type { SceneRouter } from "./scene.ts";

/** A router: a machine that forwards. */
export class RouterNode implements WorldNode {
  readonly kind = "router";
  readonly name: string;
  readonly ports: ReadonlyMap<string, Port>;
  /** What it does as a machine with addresses: it forwards, and answers for them. */
  readonly host: Host;
  readonly #interfaces = new Map<string, Interface>();

  /** Throws UsageError for what the scene says wrongly. */
  constructor({ ports, routes = [] }: SceneRouter, name: string, time: VirtualClock, seed: number) {
    this.name = name;
    this.host = new Host(time, name, { forwards: true, seed });
    for (const [port, about] of Object.entries(ports)) {
      this.#interfaces.set(port, addInterface(this.host, port, about));
    }
    for (const { to, via } of routes) this.host.ip.addRoute(to, via);
    this.ports = new Map([...this.#interfaces].map(([port, { port: made }]) => [port, made]));
  }

  get isRunning(): boolean {
    return this.host.isUp;
  }

  portFor(name: string | undefined): Port | undefined {
    return name === undefined ? undefined : this.ports.get(name);
  }

  kill(): void {
    if (!this.isRunning) throw new UsageError(`"${this.name}" does not run`);
    this.host.kill();
  }

  heal(): Promise<void> {
    if (this.isRunning) return Promise.reject(new UsageError(`"${this.name}" runs already`));
    this.host.heal();
    return Promise.resolve();
  }

  /** Of this interface, in octets. */
  setMtu(port: string, mtu: number): void {
    this.#interfaces.get(port)!.mtu = mtu;
  }

  counters(): Record<string, number> {
    return countersOf(this.host);
  }
}
