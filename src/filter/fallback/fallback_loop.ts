/** The fallback at work on a link: reads what comes, takes its turns by a clock, sends, and logs who answers. */

import type { Logger } from "pino";
import { type Cidr, contains, type Mac } from "../../wire/address.ts";
import * as ethernet from "../../wire/ethernet.ts";
import type { Device } from "../../device/device.ts";
import type { Clock, Timer } from "../../system/clock.ts";
import { every } from "../../system/every.ts";
import type { BackendConfig, ClusterConfig, Config } from "../../config/config.ts";
import type { Claim } from "../../link/claim.ts";
import { LinkFrames } from "../../link/link_frames.ts";
import type { Frame } from "../../link/own_frames.ts";
import { fallbackAddresses, nextHopsOf } from "./addresses.ts";
import { Fallback } from "./fallback.ts";

const TURN_MS = 250;
/** Frames of a socket that are read in a turn. While there are more, nothing is decided. */
const MOST_AT_ONCE = 500;
/** Octets. Longer than any neighbor discovery message that means something here. */
const LONGEST_FRAME = 2048;

export interface FallbackOptions {
  readonly config: Config;
  readonly cluster: ClusterConfig;
  /** The backend that this machine is. */
  readonly self: BackendConfig;
  /** Names of the live backends, in order. */
  readonly live: () => readonly string[];
  readonly clock: Clock;
  readonly log: Logger;
}

export class FallbackLoop {
  readonly #options: FallbackOptions;
  readonly #sockets: readonly Device[];
  readonly #frames: LinkFrames;
  /** The dispatcher's address on this machine's link. */
  readonly #link: Cidr;
  readonly #addresses: readonly string[];
  readonly #fallback = new Fallback();
  readonly #slot = new Uint8Array(LONGEST_FRAME);
  #wasAnswering = false;
  #timer: Timer | undefined;

  /** `mac` is this machine's. What all `sockets` hear is read; the first sends. */
  constructor(options: FallbackOptions, mac: Mac, sockets: readonly Device[]) {
    const { config, cluster, self } = options;
    const addresses = nextHopsOf(config);
    this.#options = options;
    this.#sockets = sockets;
    this.#link = addresses.find((link) => contains(link, self.address)) ?? addresses[0]!;
    this.#frames = new LinkFrames({
      mac,
      vlan: undefined,
      addresses: [{ address: self.address, prefixLength: this.#link.prefixLength }],
    });
    this.#addresses = fallbackAddresses(config, cluster);
  }

  start(): void {
    this.#timer = every(this.#options.clock, TURN_MS, () => this.#turn());
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #turn(): void {
    const { clock, cluster, live, self } = this.#options;
    const [first] = live();
    const isAllHeard = this.#sockets.map((socket) => this.#drain(socket)).every((isEmpty) => isEmpty);
    if (isAllHeard) {
      const { mustAsk, answers } = this.#fallback.turn(clock.now(), first === self.name);
      if (mustAsk) this.#send(this.#frames.question(this.#link.address, undefined));
      for (const question of answers) this.#send(this.#frames.answer(question, cluster.group));
    }
    this.#logChange(first);
  }

  /** Reads what waits; false when there is more. */
  #drain(socket: Device): boolean {
    for (let count = 0; count < MOST_AT_ONCE; count++) {
      const length = socket.read(this.#slot);
      if (length === 0) return true;
      this.#hear(this.#slot.subarray(0, length));
    }
    return false;
  }

  #hear(frame: Frame): void {
    const { clock, cluster } = this.#options;
    const nowMs = clock.now();
    const claim = this.#frames.claim(frame);
    if (claim !== undefined && this.#isOfDispatcher(claim)) this.#fallback.heardDispatcher(nowMs);
    const question = this.#frames.questionIn(frame);
    if (question === undefined || !this.#addresses.includes(question.address)) return;
    // A question of a backend is that of its agent: is the dispatcher there?
    if (cluster.backends.some(({ address }) => address === question.from)) return;
    this.#fallback.heardQuestion(question, nowMs);
  }

  /** A group's MAC is the word of a backend that answers in the dispatcher's place. */
  #isOfDispatcher({ address, mac }: Claim): boolean {
    return !ethernet.isGroup(mac.high) &&
      nextHopsOf(this.#options.config).some((own) => own.address === address);
  }

  #send(frame: Frame): void {
    this.#sockets[0]!.write(frame, frame.length);
  }

  #logChange(first: string | undefined): void {
    const { isAnswering } = this.#fallback;
    if (isAnswering === this.#wasAnswering) return;
    this.#wasAnswering = isAnswering;
    const { log, self } = this.#options;
    if (isAnswering) {
      log.info({ addresses: this.#addresses }, "the dispatcher is gone: answers for the cluster");
    } else if (first === self.name) log.info("the dispatcher is back");
    else log.info({ backend: first }, "another backend answers for the cluster");
  }
}
