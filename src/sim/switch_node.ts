/** A switch in a world. Its ports come with the links that end there. */

import { UsageError } from "../input/errors.ts";
import type { VirtualClock } from "../system/virtual_clock.ts";
import type { Port } from "./net/port.ts";
import { Switch } from "./net/switch.ts";
import type { WorldNode } from "./node.ts";

/** A switch, and whether it runs. */
export class SwitchNode implements WorldNode {
  readonly kind = "switch";
  readonly name: string;
  readonly ports: Map<string, Port> = new Map();
  /** What it has learned, and what it floods. */
  readonly switch: Switch;
  #isRunning = true;

  constructor(name: string, time: VirtualClock) {
    this.name = name;
    this.switch = new Switch(time, name);
  }

  get isRunning(): boolean {
    return this.#isRunning;
  }

  portFor(name: string = this.#freeName()): Port {
    const port = this.ports.get(name) ?? this.switch.addPort(name);
    this.ports.set(name, port);
    return port;
  }

  #freeName(): string {
    let number = this.ports.size + 1;
    while (this.ports.has(`p${number}`)) number++;
    return `p${number}`;
  }

  kill(): void {
    if (!this.#isRunning) throw new UsageError(`"${this.name}" does not run`);
    this.#isRunning = false;
    for (const port of this.switch.ports) port.isUp = false;
    this.switch.forget();
  }

  heal(): Promise<void> {
    if (this.#isRunning) return Promise.reject(new UsageError(`"${this.name}" runs already`));
    this.#isRunning = true;
    for (const port of this.switch.ports) port.isUp = true;
    return Promise.resolve();
  }

  counters(): Record<string, number> {
    const { forwarded, flooded, overflows } = this.switch;
    return { forwarded, flooded, overflows };
  }
}
