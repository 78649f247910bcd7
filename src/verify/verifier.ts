/** Verifies for a running dispatcher: when somebody asks, and whenever a backend appears. One verification at a time. */

import type { Logger } from "pino";
import type { Config } from "../config/config.ts";
import type { ExchangeEvents } from "../link/exchange.ts";
import type { Claim } from "../link/claim.ts";
import type { LinkFrames } from "../link/link_frames.ts";
import type { Frame } from "../link/own_frames.ts";
import type { Clock } from "../system/clock.ts";
import type { Random } from "../system/random.ts";
import { PacketFrames } from "../link/packet_frames.ts";
import { Limits } from "../path/limits.ts";
import * as verdict from "../path/verdict.ts";
import { Verification } from "./verification.ts";
import { faultData } from "../fault/fault.ts";
import { FAULTS } from "../fault/ids.ts";
import type { VerificationReport } from "./report.ts";

export class Verifier {
  readonly #config: Config;
  readonly #frames: LinkFrames;
  readonly #packets: PacketFrames;
  readonly #limits: Limits;
  readonly #events: ExchangeEvents;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #log: Logger;
  #current: Verification | undefined;
  #last: Promise<unknown> = Promise.resolve();
  /** Addresses of backends that have appeared since they were last verified. */
  readonly #appeared = new Set<string>();
  #stopped = false;

  constructor(
    config: Config,
    frames: LinkFrames,
    events: ExchangeEvents,
    clock: Clock,
    random: Random,
    log: Logger,
  ) {
    this.#config = config;
    this.#frames = frames;
    this.#packets = new PacketFrames(config.dispatcher, random);
    this.#limits = new Limits(config.dispatcher.rateLimits, () => clock.now() | 0);
    this.#events = events;
    this.#clock = clock;
    this.#random = random;
    this.#log = log;
  }

  /** Verifies everything. */
  verify(): Promise<VerificationReport> {
    return this.#inTurn((verification) => verification.run());
  }

  /** Verifies everything and logs what it finds. */
  async watch(): Promise<void> {
    this.#tell(await this.verify());
  }

  /** A backend has answered for its address that had not, or from another MAC: verifies it and logs what it finds. */
  async appeared(address: string): Promise<void> {
    this.#appeared.add(address);
    // Whatever comes while another verification runs is done in one, unless that has seen it.
    await this.#last;
    const addresses = new Set(this.#appeared);
    if (addresses.size === 0) return;
    this.#appeared.clear();
    this.#tell(await this.#inTurn((verification) => verification.runFor(addresses)));
  }

  /** A machine says that it has an address. */
  heardClaim(claim: Claim): void {
    this.#current?.heardClaim(claim);
  }

  /**
   * An IP packet to us that may answer a question. A SYN-ACK is reset: always when it answers a SYN of ours, else as other TCP to
   * us is, within the rate limit.
   */
  heardPacket(frame: Frame): void {
    const answer = this.#packets.answer(frame);
    const reset = this.#packets.resetOf(frame);
    if (reset !== undefined && (answer?.kind === "open" || this.#limits.allow(verdict.RESET))) {
      this.#events.send(reset);
    }
    if (answer !== undefined) this.#current?.heardAnswer(answer);
  }

  stop(): void {
    this.#stopped = true;
    this.#current?.stop();
  }

  #inTurn(run: (verification: Verification) => Promise<VerificationReport>): Promise<VerificationReport> {
    const turn = this.#last.then(async () => {
      const verification = new Verification({
        config: this.#config,
        clock: this.#clock,
        random: this.#random,
        frames: this.#frames,
        packets: this.#packets,
        send: (frame) => this.#events.send(frame),
        catchUp: () => this.#events.catchUp(),
        question: (address) => this.#frames.question(address, undefined),
      });
      this.#current = verification;
      if (this.#stopped) verification.stop();
      const report = await run(verification);
      this.#current = undefined;
      for (const { address, mac } of report.backends) if (mac !== null) this.#appeared.delete(address);
      return report;
    });
    this.#last = turn.catch(() => {}); // Whoever asked hears of it.
    return turn;
  }

  #tell({ backends, faults, untried }: VerificationReport): void {
    if (this.#stopped) return;
    for (const fault of faults) {
      this.#log.warn(faultData(fault), `verification found a fault: ${FAULTS[fault.id]}`);
    }
    const names = backends.map(({ name }) => name);
    if (faults.length === 0) this.#log.info({ backends: names, untried }, "verified, no fault found");
  }
}
