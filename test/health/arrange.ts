/** A prober in virtual time, with backends in memory. */

import { pino } from "pino";
import { parseConfig, parseMac } from "oneip";
import { type ProbedHealth, Prober, type Whereabouts } from "../../src/health/prober.ts";
import * as f from "../frames.ts";
import { MachineClock } from "../machine_clock.ts";
import { Random } from "../random.ts";
import { answersOf, type Backend } from "./segment.ts";

type Frame = Uint8Array<ArrayBuffer>;

/** A change, as `web1 down no-service: it refuses ...`. */
const describe = (backend: string, { state, reason, fault }: ProbedHealth) =>
  `${backend} ${state}${fault === null ? "" : ` ${fault}`}: ${reason}`;

export class ProbeBench {
  readonly clock = new MachineClock();
  readonly prober: Prober;
  readonly backends: Backend[];
  /** What was told, in order. */
  readonly changes: string[] = [];
  /** Frames of the prober, each with its time. */
  readonly sent: { readonly atMs: number; readonly frame: Frame }[] = [];
  readonly logged: string[] = [];
  /** Backends that are not found, by index. */
  readonly away = new Map<number, Whereabouts>();
  /** Answers stay where they are until `catchUp`. */
  isBusy = false;
  lost = 0;
  #waiting: Frame[] = [];
  readonly #byMac: ReadonlyMap<string, Backend>;
  readonly #indexOf: ReadonlyMap<string, number>;

  /** `cluster`: keys of the cluster; `count` backends web1, web2, ... that are as `Backend` says by default. */
  constructor(
    cluster: object,
    { count = 1, addresses = [f.IP.cluster] as readonly string[], keys = {} as object } = {},
  ) {
    this.backends = Array.from({ length: count }, (_, index): Backend => ({
      mac: `02:00:00:00:${hex(index >> 8)}:${hex(index & 255)}`,
      addresses: [...addresses],
      open: [80],
    }));
    this.#byMac = new Map(this.backends.map((backend) => [backend.mac, backend]));
    this.#indexOf = new Map(this.backends.map((_, index) => [addressOf(index), index]));
    const config = parseConfig(
      JSON.stringify({
        dispatcher: { mac: f.MAC.dispatcher, addresses: ["10.0.0.2/16", "2001:db8::2/64"] },
        clusters: [{
          name: "web",
          addresses,
          backends: this.backends.map((_, index) => ({
            name: `web${index + 1}`,
            address: addressOf(index),
            ...keys,
          })),
          ...cluster,
        }],
      }),
      "test",
      "test",
    );
    this.prober = new Prober({
      config,
      clock: this.clock,
      log: pino({ base: null }, { write: (line: string) => void this.logged.push(line) }),
      send: (frame) => this.#hear(frame),
      catchUp: () => this.catchUp(),
      whereIs: (address) => this.#whereIs(address),
      lost: () => this.lost,
      changed: (_cluster, backend, health) => this.changes.push(describe(backend, health)),
      random: new Random(1),
    });
  }

  catchUp(): void {
    for (const frame of this.#waiting.splice(0)) this.prober.heardPacket(frame);
  }

  /** A frame arrives after a millisecond. */
  deliver(frame: Frame): void {
    this.clock.after(1, () => {
      if (this.isBusy) this.#waiting.push(frame);
      else this.prober.heardPacket(frame);
    });
  }

  #hear(frame: Frame): void {
    this.sent.push({ atMs: this.clock.now(), frame });
    const backend = this.#byMac.get(f.hex(frame.subarray(0, 6)).replaceAll(" ", ":"));
    for (const answer of backend === undefined ? [] : answersOf(backend, frame)) this.deliver(answer);
  }

  #whereIs(address: string): Whereabouts {
    const index = this.#indexOf.get(address)!;
    return this.away.get(index) ?? parseMac(this.backends[index]!.mac)!;
  }
}

function addressOf(index: number): string {
  return `10.0.${1 + (index >> 8)}.${index & 255}`;
}

function hex(octet: number): string {
  return octet.toString(16).padStart(2, "0");
}
