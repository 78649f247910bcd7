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
 * When the connection ends before takeoverDone, or that takes too long, the old one goes on (handing_over.ts).
 */

import { randomUUID } from "node:crypto";
import type { Logger } from "pino";
import { requireSameDevice } from "../cluster/config_changes.ts";
import type { Config } from "../config/config.ts";
import { configData, type PrintedConfig } from "../config/print.ts";
import { DescriptorSocket } from "../device/handed_descriptors.ts";
import { Engine } from "../engine/engine.ts";
import { type EngineRecord, type LateRecord, RECORD_VERSION, recordIn } from "../engine/record.ts";
import { UsageError } from "../input/errors.ts";
import { TapAttachment } from "../plane/tap_attachment.ts";
import { REAL_CLOCK, shifted } from "../system/clock.ts";
import { within } from "../system/within.ts";
import type { CommandName, Input, Output } from "./contract.ts";
import type { Started } from "./running.ts";
import { type Conversation, converse } from "./socket.ts";

/** Of the conversation. */
export const TAKEOVER_VERSION = 1;

/** So long an answer may take. */
const ANSWER_MS = 30_000;

/**
 * Takes over from the dispatcher that answers at `path`. Resolves when frames are being forwarded here and the path is free. Throws, and
 * leaves the running one at work, UsageError when there is none or the configuration is for another device.
 */
export async function takeOver(path: string, config: Config, log: Logger): Promise<Started> {
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
    return await goOn(await handed(path, ask), config, log, ask);
  } finally {
    conversation.end();
  }
}

type Ask = Conversation["ask"];

interface Handed extends Output<"takeover"> {
  readonly fds: readonly number[];
}

async function handed(path: string, ask: Ask): Promise<Handed> {
  const socket = new DescriptorSocket(`${path}.${randomUUID().slice(0, 8)}`);
  try {
    const answer = await ask("takeover", {
      version: TAKEOVER_VERSION,
      pid: process.pid,
      socket: socket.path,
    }).catch((error: Error) => {
      throw error.message.startsWith("There is no command")
        ? new UsageError("The running dispatcher is too old to be taken over: stop it, and start this one")
        : error;
    });
    return { ...answer, fds: socket.receive().descriptors };
  } finally {
    socket.close();
  }
}

async function goOn({ tap, fds, nowMs }: Handed, config: Config, log: Logger, ask: Ask): Promise<Started> {
  const attachment = new TapAttachment(config.dispatcher, { ...tap, descriptors: fds });
  const clock = shifted(REAL_CLOCK, nowMs - REAL_CLOCK.now());
  const engine = await Engine.ready(config, log, { attachment, clock });
  try {
    const { version, record } = await ask("takeoverRecord", {});
    const isUnderstood = version === RECORD_VERSION;
    await engine.prepare(isUnderstood ? recordIn<EngineRecord>(record) : undefined);
    const beganMs = clock.now();
    const late = (await ask("takeoverLate", {})).record;
    await engine.goOn(isUnderstood ? recordIn<LateRecord>(late) : undefined);
    const pausedMs = Math.round(clock.now() - beganMs);
    await ask("takeoverDone", {});
    log.info({ event: "takeover.done", pausedMs }, "taken over from the running dispatcher");
    if (!isUnderstood) {
      log.warn(
        { event: "takeover.forgotten", version, understood: RECORD_VERSION },
        "what the other dispatcher knew was not understood: connections in transition may be cut",
      );
    }
  } catch (error) {
    await engine.leave();
    throw error;
  }
  return { engine, attachment, clock };
}
