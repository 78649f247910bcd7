/** All links of a world, and whoever watches them. */

import { LONGEST_FRAME } from "../../impairment/direction.ts";
import type { Settings } from "../../impairment/settings.ts";
import type { VirtualClock } from "../../system/virtual_clock.ts";
import type { Air, Tell } from "./lane.ts";
import { Link } from "./link.ts";
import type { Port } from "./port.ts";
import type { Watcher } from "./watcher.ts";

export class Network {
  readonly time: VirtualClock;
  readonly links: Link[] = [];
  readonly #seed: number;
  readonly #watchers = new Set<Watcher>();
  readonly #air: Air;

  /** `seed`: of the links' decisions, where their settings name none. */
  constructor(time: VirtualClock, seed = 0) {
    this.time = time;
    this.#seed = seed;
    this.#air = { time, slot: new Uint8Array(LONGEST_FRAME), sent: undefined, arrived: undefined };
  }

  /** Joins two ports, which must be free. */
  join(a: Port, b: Port, settings: Partial<Settings> = {}): Link {
    const link = new Link(this.#air, [a, b], { seed: this.#seed, ...settings });
    this.links.push(link);
    return link;
  }

  watch(watcher: Watcher): void {
    this.#watchers.add(watcher);
    this.#tellAll();
  }

  unwatch(watcher: Watcher): void {
    this.#watchers.delete(watcher);
    this.#tellAll();
  }

  /** Nobody is asked for each frame while nobody watches. */
  #tellAll(): void {
    for (const what of ["sent", "arrived"] as const) {
      const those = [...this.#watchers].filter((watcher) => watcher[what] !== undefined);
      const tell: Tell = (lane, number, octets, length) => {
        for (const watcher of those) watcher[what]!(lane, number, octets, length);
      };
      this.#air[what] = those.length === 0 ? undefined : tell;
    }
  }
}
