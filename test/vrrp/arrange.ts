/** A pair of dispatchers on a segment in memory, with a router, a backend and a client, in virtual time. */

import pino from "pino";
import { Engine, parseConfig } from "oneip";
import { InlineAttachment } from "../../src/plane/inline_attachment.ts";
import type { Clock, Timer } from "../../src/system/clock.ts";
import { VirtualClock } from "../../src/system/virtual_clock.ts";
import { every } from "../../src/system/every.ts";
import type { FamilyStatus } from "../../src/vrrp/pair.ts";
import { Router, type SegmentPort, SharedSegment } from "../engine/shared_segment.ts";
import * as f from "../frames.ts";

export interface Line {
  readonly level: number;
  readonly msg: string;
  readonly event?: string;
  readonly family?: string;
  readonly reason?: string;
}

const WHO = {
  one: { mac: f.MAC.dispatcher, address: "10.0.0.2", address6: "2001:db8::2" },
  two: { mac: "02:00:00:00:00:03", address: "10.0.0.3", address6: "2001:db8::3" },
} as const;

const VRRP = { id: 51, addresses: [`${f.IP.shared}/24`, `${f.IP6.shared}/64`], interval: "50ms" };

/** The time of a machine that may stand still, as a process does that gets no CPU. */
class MachineTime implements Clock {
  readonly #clock: Clock;
  #isStanding = false;
  #missed: (() => void)[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get isStanding(): boolean {
    return this.#isStanding;
  }

  now(): number {
    return this.#clock.now();
  }

  sinceEpoch(): number {
    return this.#clock.sinceEpoch();
  }

  after(delayMs: number, call: () => void): Timer {
    let isCancelled = false;
    const timer = this.#clock.after(delayMs, () => {
      if (this.#isStanding) this.#missed.push(() => isCancelled || call());
      else call();
    });
    return {
      cancel: () => {
        isCancelled = true;
        timer.cancel();
      },
    };
  }

  stand(): void {
    this.#isStanding = true;
  }

  goOn(): void {
    this.#isStanding = false;
    for (const call of this.#missed.splice(0)) call();
  }
}

/** A dispatcher, and what it says. */
export class Started {
  engine!: Engine;
  readonly port: SegmentPort;
  readonly log: Line[] = [];
  readonly #time: MachineTime;
  readonly #attachment: InlineAttachment;

  constructor(segment: SharedSegment, clock: Clock) {
    this.#time = new MachineTime(clock);
    this.port = segment.join(() => this.#time.isStanding || this.#attachment.work());
    this.#attachment = new InlineAttachment(this.port, this.#time);
  }

  async start(config: ReturnType<typeof parseConfig>): Promise<void> {
    const logger = pino({ base: null }, { write: (line: string) => void this.log.push(JSON.parse(line)) });
    const surroundings = { attachment: this.#attachment, clock: this.#time };
    this.engine = await Engine.start(config, logger, surroundings);
    this.engine.failed.catch(() => {});
  }

  families(): readonly FamilyStatus[] {
    return this.engine.status().pair!.families;
  }

  /** By family. */
  states(): string[] {
    return this.families().map(({ state }) => state);
  }

  events(name: string): Line[] {
    return this.log.filter(({ event }) => event === name);
  }

  /** As with kill -9: nothing comes from it any more. */
  vanish(): void {
    this.port.isCut = true;
  }

  /** As with kill -STOP. */
  freeze(): void {
    this.#time.stand();
  }

  /** As with kill -CONT: its workers read what has come meanwhile before or after its timers are due. */
  thaw({ timersFirst = true } = {}): void {
    if (!timersFirst) this.#attachment.work();
    this.#time.goOn();
    this.#attachment.work();
  }
}

export class Arrangement {
  readonly clock = new VirtualClock();
  readonly segment = new SharedSegment(this.clock);
  readonly router = new Router(this.segment);
  /** Of those that start from now on. */
  verify = "off";
  readonly #backend: SegmentPort;
  readonly #client: SegmentPort;
  readonly #slot = new Uint8Array(2048);
  readonly #started: Started[] = [];
  /** When the backend got a frame of the client, each once. */
  readonly #served: number[] = [];
  readonly #known = new Set<string>();
  #number = 0;

  constructor() {
    this.#backend = this.segment.join(() => this.#serve());
    this.#client = this.segment.join(() => {});
  }

  /** `vrrp`: other keys of that section; null: it is alone. `cluster`: of the cluster; `more`: other sections. */
  async start(
    who: keyof typeof WHO,
    vrrp: object | null = {},
    cluster: object = {},
    more: object = {},
  ): Promise<Started> {
    const started = new Started(this.segment, this.clock);
    await started.start(this.config(who, vrrp, cluster, more));
    this.#started.push(started);
    return started;
  }

  /** Both, of which the first one is active. */
  async pair(vrrp: object = {}, cluster: object = {}): Promise<[one: Started, two: Started]> {
    const one = await this.start("one", vrrp, cluster);
    await this.clock.advance(2000);
    const two = await this.start("two", vrrp, cluster);
    await this.clock.advance(2000);
    return [one, two];
  }

  config(who: keyof typeof WHO, vrrp: object | null = {}, cluster: object = {}, more: object = {}) {
    const { mac, address, address6 } = WHO[who];
    return parseConfig(
      JSON.stringify({
        dispatcher: {
          mac,
          addresses: [`${address}/24`, `${address6}/64`],
          gateway: f.IP.router,
          verify: this.verify,
          ...(vrrp === null ? {} : { vrrp: { ...VRRP, ...vrrp } }),
        },
        clusters: [{
          name: "web",
          addresses: [f.IP.cluster, f.IP6.cluster],
          backends: [{ name: "web1", address: f.IP.backend1 }],
          ...cluster,
        }],
        ...more,
      }),
      "test",
      "test",
    );
  }

  /** For so long a client sends a frame each millisecond to where the router believes the cluster to be. The longest pause, in milliseconds. */
  async pauseDuring(ms: number, meanwhile: () => void | Promise<void>): Promise<number> {
    this.#served.length = 0;
    const timer = every(this.clock, 1, () => {
      const frame = f.ethernet(f.ipv4(f.udp(f.u32(++this.#number))), {
        dst: this.router.neighbors.get(f.IP.cluster) ?? f.MAC.broadcast,
      });
      this.#client.write(frame, frame.length);
    });
    await this.clock.advance(50);
    const beganMs = this.clock.now();
    await meanwhile();
    await this.clock.advance(ms);
    timer.cancel();
    const times = [...this.#served.filter((at) => at > beganMs - 20), this.clock.now()];
    return Math.max(...times.slice(1).map((at, index) => at - times[index]!));
  }

  /** Answers who asks for it, and takes frames of the client. */
  #serve(): void {
    const slot = this.#slot;
    while (this.#backend.read(slot) > 0) {
      const type = (slot[12]! << 8) | slot[13]!;
      if (type === f.ETHERTYPE.arp && slot[21] === 1 && f.ipAt(slot, 38) === f.IP.backend1) {
        const [mac, ip] = [f.macAt(slot, 22), f.ipAt(slot, 28)];
        const answer = f.ethernet(
          f.arp({
            operation: 2,
            senderMac: f.MAC.backend1,
            senderIp: f.IP.backend1,
            targetMac: mac,
            targetIp: ip,
          }),
          { dst: mac, src: f.MAC.backend1, type: f.ETHERTYPE.arp },
        );
        this.#backend.write(answer, answer.length);
      }
      if (type !== f.ETHERTYPE.ipv4 || f.macAt(slot, 0) !== f.MAC.backend1) continue;
      const number = f.hex(slot.subarray(42, 46));
      if (this.#known.has(number)) continue;
      this.#known.add(number);
      this.#served.push(this.clock.now());
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const started of this.#started) started.thaw();
    const ended = this.#started.map(({ engine }) => engine.stop());
    await this.clock.advance(20_000);
    await Promise.all(ended);
  }
}
