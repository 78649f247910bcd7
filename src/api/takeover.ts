/**
 * A new process takes over from the running one, without a lost frame. Over one connection to its control socket:
 *
 *     new                                               old
 *     its file is right, and for the same device
 *     takeover ────────────────────────────────────────▶
 *        ◀────────────────────── descriptors of the TAP's queues
 *     its workers stand ready
 *     takeoverRecord ──────────────────────────────────▶ only its workers are at work from now on
 *        ◀──────────────────────────────── what it knows
 *     computes its tables
 *     takeoverLate ────────────────────────────────────▶ lets frames wait in the queues
 *        ◀────────────────────────── what workers wrote
 *     its workers go on
 *     takeoverDone ────────────────────────────────────▶ leaves the control socket, and ends
 *
 * The old one alone decides whose the frames are. When the connection ends before takeoverDone, or that takes too long, it goes on, and
 * refuses takeoverDone (handing_over.ts). When it dies, nobody decides any more: then the new one goes on, with what it has heard by then.
 */

import type { Logger } from "pino";
import { requireSameDevice } from "../cluster/config_changes.ts";
import type { Config } from "../config/config.ts";
import { configData, type PrintedConfig } from "../config/print.ts";
import { DescriptorSocket } from "../device/handed_descriptors.ts";
import { Engine } from "../engine/engine.ts";
import { type EngineRecord, type LateRecord, RECORD_VERSION } from "../engine/record.ts";
import { recordIn } from "../system/record_text.ts";
import { UsageError } from "../input/errors.ts";
import { ownAddresses } from "../link/link.ts";
import { TapAttachment } from "../plane/tap_attachment.ts";
import { type Clock, REAL_CLOCK, shifted } from "../system/clock.ts";
import { within } from "../system/within.ts";
import type { CommandName, Input, Output } from "./contract.ts";
import { EVENT_NAMES } from "./event_names.ts";
import type { DispatcherEvent } from "./events.ts";
import type { Started } from "./running.ts";
import { type Conversation, converse, GoneError, takeoverPath } from "./client.ts";

/** Of the conversation. */
export const TAKEOVER_VERSION = 1;

/**
 * So long frames may wait in the queues, from takeoverLate to takeoverDone; then the old one goes on. A queue of 4096 holds what comes in
 * that time at 1,000 frames a second.
 */
export const PAUSE_MS = 3000;

/** What the old one knows, and what has happened to it. */
export interface HandedRecord extends EngineRecord {
  readonly events: readonly DispatcherEvent[];
}

/** Hears of the old one's events. */
export type Heir = (events: readonly DispatcherEvent[]) => void;

/** So long an answer may take. */
const ANSWER_MS = 30_000;

/**
 * Takes over from the dispatcher that answers at `path`. Resolves when frames are being forwarded here and the path is free. Throws, and
 * leaves the running one at work, UsageError when there is none or the configuration is for another device.
 */
export async function takeOver(path: string, config: Config, log: Logger, heir: Heir): Promise<Started> {
  const conversation = await converse(path);
  const ask = <N extends CommandName>(command: N, input: Input<N>): Promise<Output<N>> =>
    within(
      REAL_CLOCK,
      ANSWER_MS,
      conversation.ask(command, input),
      `The running dispatcher has not answered for ${ANSWER_MS / 1000} s, and was not taken over`,
    );
  try {
    const running = await ask("configuration", {}) as unknown as PrintedConfig;
    requireSameDevice(running.dispatcher, configData(config).dispatcher);
    const { tap, fds, nowMs } = await handed(path, config, ask);
    const attachment = new TapAttachment(config.dispatcher, { ...tap, descriptors: fds });
    const clock = shifted(REAL_CLOCK, nowMs - REAL_CLOCK.now());
    const engine = await Engine.ready(config, log, { attachment, clock });
    await goOn(engine, clock, log, { ask, decided: () => conversation.ask("takeoverDone", {}), heir });
    return { engine, attachment, clock };
  } finally {
    conversation.end();
  }
}

type Ask = Conversation["ask"];

/** The running dispatcher, as the other side of the conversation. */
export interface Old {
  readonly ask: Ask;
  /** We forward: it agrees, however long it takes to say so, or refuses. */
  decided(): Promise<unknown>;
  readonly heir: Heir;
}

interface Handed extends Output<"takeover"> {
  readonly fds: readonly number[];
}

async function handed(path: string, config: Config, ask: Ask): Promise<Handed> {
  const socket = new DescriptorSocket(takeoverPath(path));
  try {
    const answer = await ask("takeover", {
      version: TAKEOVER_VERSION,
      pid: process.pid,
      socket: socket.path,
      addresses: ownAddresses(config),
    });
    return { ...answer, fds: socket.receive().descriptors };
  } finally {
    socket.close();
  }
}

/** In place of the old one. Throws, and leaves the device to it, when it goes on itself. */
export async function goOn(engine: Engine, clock: Clock, log: Logger, old: Old): Promise<void> {
  try {
    const known = await unlessGone(old.ask("takeoverRecord", {}));
    const isUnderstood = known?.version === RECORD_VERSION;
    const record = isUnderstood ? recordIn<HandedRecord>(known.record) : undefined;
    // The old one may be the newer program, and know more names.
    if (record !== undefined) old.heir(record.events.filter(({ name }) => EVENT_NAMES.includes(name)));
    await engine.prepare(record);
    const beganMs = clock.now();
    const late = await unlessGone(old.ask("takeoverLate", {}));
    const lateRecord = isUnderstood && late !== undefined ? recordIn<LateRecord>(late.record) : undefined;
    if (late !== undefined && clock.now() - beganMs > PAUSE_MS) throw tooLate();
    await engine.goOn(lateRecord);
    const pausedMs = Math.round(clock.now() - beganMs);
    const done = await unlessGone(old.decided());
    log.info({ event: "takeover.done", pausedMs }, "taken over from the running dispatcher");
    if (known !== undefined && !isUnderstood) {
      log.warn(
        { event: "takeover.forgotten", version: known.version, understood: RECORD_VERSION },
        "what the other dispatcher knew was not understood: connections in transition may be cut",
      );
    }
    if (done === undefined) {
      log.warn(
        { event: "takeover.bereaved", knew: known !== undefined, counted: late !== undefined },
        "the other dispatcher died meanwhile: this one goes on with what it had heard from it by then",
      );
    }
  } catch (error) {
    await engine.leave();
    throw error;
  }
}

/** The answer; undefined when the other one has ended. */
async function unlessGone<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof GoneError) return undefined;
    throw error;
  }
}

function tooLate(): UsageError {
  return new UsageError(
    `Frames had to wait for more than ${
      PAUSE_MS / 1000
    } s, so the running dispatcher goes on; take over again when this machine has time`,
  );
}
