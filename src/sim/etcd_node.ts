/** The etcd of a fleet, which its dispatchers reach past the links. */

import type { Post } from "../fleet/etcd/post.ts";
import { UsageError } from "../input/errors.ts";
import type { VirtualClock } from "../system/virtual_clock.ts";
import { MemoryEtcd, type Way } from "./memory_etcd.ts";
import type { Port } from "./net/port.ts";
import type { WorldNode } from "./node.ts";

export class EtcdNode implements WorldNode {
  readonly kind = "etcd";
  readonly name: string;
  readonly ports: ReadonlyMap<string, Port> = new Map();
  readonly etcd: MemoryEtcd;

  constructor(name: string, time: VirtualClock) {
    this.name = name;
    this.etcd = new MemoryEtcd(time);
  }

  /** It has a quorum. */
  get isRunning(): boolean {
    return !this.etcd.isHeadless;
  }

  portFor(): undefined {}

  /** A dispatcher's way to it. */
  by(way: Way): Post {
    return this.etcd.by(way);
  }

  /** Its quorum is lost: it takes no more words, and knows what it knew. */
  kill(): void {
    if (!this.isRunning) throw new UsageError(`"${this.name}" has no quorum already`);
    this.etcd.isHeadless = true;
  }

  heal(): Promise<void> {
    if (this.isRunning) return Promise.reject(new UsageError(`"${this.name}" has its quorum already`));
    this.etcd.isHeadless = false;
    return Promise.resolve();
  }

  counters(): Record<string, number> {
    return { revision: this.etcd.revision, ...this.etcd.asked };
  }
}
