/**
 * Carries the frames of faulty links from TAP to TAP: each link is a pair of them, one in the namespace of each end. What becomes of a
 * frame is decided in the room impairment.
 *
 * The TAPs have no offloads. So the kernel cuts what is longer than the MTU and completes each checksum before it hands a frame over, as
 * a network card does: a frame is what stands on a wire, and a flipped bit is found by whoever looks at the checksum.
 */

import { dropped } from "../../device/dropped.ts";
import { inNetworkNamespace } from "../../device/namespace.ts";
import { Poll } from "../../device/poll.ts";
import { Tap } from "../../device/tap.ts";
import { Direction, LONGEST_FRAME } from "../../impairment/direction.ts";
import type { LoggedDecisions } from "../../impairment/logged_decisions.ts";
import type { Settings } from "../../impairment/settings.ts";
import { ofName } from "../../table/hash.ts";
import { LogFile } from "./log_file.ts";
import { mistakeIn } from "./mistake_in.ts";
import type { CarriedEnd, CarriedLink, CarrierAnswer, CarrierRequest, DirectionState } from "./plan.ts";

/** Frames of a direction in a row, before the others have their turn. */
const BURST = 64;

/** One direction of a link, from a TAP to a TAP. */
class Line {
  readonly from: CarriedEnd;
  readonly to: CarriedEnd;
  readonly direction: Direction;
  readonly input: Tap;
  readonly #output: Tap;
  readonly #log: LogFile | undefined;
  readonly #playsBack: boolean;
  #untaken = 0;
  #missedBefore = 0;

  constructor(
    [from, to]: readonly [CarriedEnd, CarriedEnd],
    [input, output]: readonly [Tap, Tap],
    log: LogFile | undefined,
    playback: LoggedDecisions | undefined,
    nowUs: number,
  ) {
    this.from = from;
    this.to = to;
    this.direction = new Direction(ofName(from.name), from.settings, nowUs, playback);
    this.input = input;
    this.#output = output;
    this.#log = log;
    this.#playsBack = playback !== undefined;
  }

  /** Takes what the one end has sent. */
  read(slot: Uint8Array, nowUs: number): void {
    const { direction, input } = this;
    for (let count = 0; count < BURST; count++) {
      const length = input.read(slot);
      if (length === 0) return;
      const frame = direction.counts.frames;
      const copies = direction.receive(slot, length, nowUs);
      this.#log?.write(this.from.name, frame, direction.decision);
      for (let copy = 0; copy < copies; copy++) this.#write(slot, length);
    }
  }

  /** Gives the other end what is due. */
  write(slot: Uint8Array, nowUs: number): void {
    const { direction } = this;
    if (direction.dueUs > nowUs) return;
    for (let length = direction.take(slot, nowUs); length > 0; length = direction.take(slot, nowUs)) {
      this.#write(slot, length);
    }
  }

  /** Why these changes cannot be made. */
  mistakeIn(changes: Partial<Settings>): string | undefined {
    return this.#playsBack
      ? `The link of ${this.from.name} plays back a log, which decides alone`
      : mistakeIn({ ...this.direction.settings, ...changes });
  }

  set(changes: Partial<Settings>, nowUs: number): void {
    this.direction.set(changes, nowUs);
  }

  restart(nowUs: number): void {
    this.direction.restart(nowUs);
    this.#log?.restart();
    this.#untaken = 0;
    this.#missedBefore += this.#missed();
  }

  flush(): void {
    this.#log?.flush();
  }

  get state(): DirectionState {
    return {
      from: this.from.name,
      to: this.to.name,
      settings: this.direction.settings,
      counts: this.direction.counts,
      held: this.direction.held,
      missed: this.#missed(),
      untaken: this.#untaken,
      logFault: this.#log?.fault,
    };
  }

  #missed(): number {
    const { namespace } = this.from;
    try {
      return inNetworkNamespace(namespace, () => dropped(this.from.interface)) - this.#missedBefore;
    } catch {
      return 0; // The namespace is gone.
    }
  }

  #write(slot: Uint8Array, length: number): void {
    if (!this.#output.write(slot, length)) this.#untaken++;
  }
}

export class Carrier {
  readonly #lines: Line[];
  readonly #nowUs: () => number;
  readonly #slot = new Uint8Array(LONGEST_FRAME);
  readonly #poll: Poll;

  /**
   * Makes the TAPs, down and without addresses. `playbacks` are of each link's two directions. `controlFd`: says that somebody wants
   * something. `nowUs` never goes back. Throws TapError.
   */
  constructor(
    links: readonly CarriedLink[],
    playbacks: readonly (readonly [LoggedDecisions, LoggedDecisions] | undefined)[],
    controlFd: number,
    nowUs: () => number,
  ) {
    this.#nowUs = nowUs;
    this.#lines = links.flatMap(({ ends: [a, b], log }, index) => {
      const [atA, atB] = [openTap(a), openTap(b)];
      const file = log === undefined ? undefined : new LogFile(log);
      return [
        new Line([a, b], [atA, atB], file, playbacks[index]?.[0], nowUs()),
        new Line([b, a], [atB, atA], file, playbacks[index]?.[1], nowUs()),
      ];
    });
    this.#poll = new Poll([...this.#lines.map(({ input }) => input.fd), controlFd]);
  }

  /** Waits for frames, or until one is due, and carries them. True when somebody wants something. */
  carry(): boolean {
    const lines = this.#lines;
    let dueUs = Infinity;
    for (const line of lines) {
      line.flush();
      dueUs = Math.min(dueUs, line.direction.dueUs);
    }
    if (dueUs === Infinity) this.#poll.wait(-1);
    else this.#poll.waitUs(Math.max(0, dueUs - this.#nowUs()));
    const nowUs = this.#nowUs();
    for (let index = 0; index < lines.length; index++) {
      const line = lines[index]!;
      if (this.#poll.isReadable(index)) line.read(this.#slot, nowUs);
      // Somebody deleted the interface: the link is gone, until the lab comes up anew.
      else if (this.#poll.isBroken(index)) this.#poll.forget(index);
      line.write(this.#slot, nowUs);
    }
    return this.#poll.isReadable(lines.length);
  }

  answer({ of, set = {}, restart = false }: CarrierRequest): CarrierAnswer {
    const nowUs = this.#nowUs();
    const lines = this.#lines.filter(({ from }) => of.includes(from.name));
    const unknown = of.find((name) => lines.every(({ from }) => from.name !== name));
    if (unknown !== undefined) {
      return { error: `The lab came up without faults of ${unknown}; its topology is another one since` };
    }
    const changes = Object.entries(set).map(([name, changes]) => ({
      line: lines.find(({ from }) => from.name === name)!,
      changes,
    }));
    const mistake = changes.map(({ line, changes }) => line.mistakeIn(changes)).find((one) =>
      one !== undefined
    );
    if (mistake !== undefined) return { error: mistake };
    for (const { line, changes: changed } of changes) line.set(changed, nowUs);
    if (restart) { for (const line of this.#lines) line.restart(nowUs); }
    for (const line of lines) line.flush();
    return { directions: lines.map(({ state }) => state) };
  }
}

function openTap({ namespace, interface: name, mac }: CarriedEnd): Tap {
  return inNetworkNamespace(namespace, () => new Tap({ name, mac, up: false }));
}
