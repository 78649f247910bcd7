/**
 * The old side of a takeover dies at any step: over a real control socket, between engines on a simulated link. A killed process is to the
 * other one a connection that has ended, and workers that are no more. The death of the new side is in handing_over.test.ts.
 */

import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pino from "pino";
import { expect, test } from "vitest";
import type { Engine } from "oneip";
import { converse } from "../../src/api/client.ts";
import { CONTRACT } from "../../src/api/contract.ts";
import { goOn } from "../../src/api/takeover.ts";
import { RECORD_VERSION } from "../../src/engine/record.ts";
import { textOf } from "../../src/system/record_text.ts";
import { clusterOf, machines, Run } from "../engine/run.ts";
import * as f from "../frames.ts";

const MACHINES = machines(2);
const FRAME = f.ethernet(f.ipv4(f.udp([])));
const STEPS = ["takeoverRecord", "takeoverLate", "takeoverDone"] as const;

/** The running dispatcher at its socket. It dies when it is asked this, or when it has answered. */
class Old {
  readonly #engine: Engine;
  readonly #step: string | undefined;
  readonly #isAnswered: boolean;

  constructor(engine: Engine, step: string | undefined, isAnswered: boolean) {
    this.#engine = engine;
    this.#step = step;
    this.#isAnswered = isAnswered;
  }

  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const command = STEPS.find((step) => CONTRACT[step].path === request.url)!;
    const isLast = command === this.#step;
    const answer = isLast && !this.#isAnswered ? undefined : JSON.stringify(await this.#answer(command));
    if (isLast) await this.#engine.leave();
    if (answer === undefined) return void request.socket.destroy();
    response.end(answer, () => {
      if (isLast) request.socket.destroy();
    });
  }

  async #answer(command: string): Promise<object> {
    if (command === "takeoverRecord") {
      return { version: RECORD_VERSION, record: textOf({ ...this.#engine.rest(), events: [] }) };
    }
    if (command === "takeoverLate") return { record: textOf(await this.#engine.stand()) };
    return {};
  }
}

test.each(STEPS.flatMap((step) => [[step, "before", false], [step, "after", true]] as const))(
  "the old one dies at %s, %s it has answered: the new one serves, and loses no frame that comes then",
  async (step, _, isAnswered) => {
    const run = new Run(MACHINES, clusterOf(MACHINES));
    const engine = await run.start();
    await run.clock.advance(6000);
    const folder = mkdtempSync(join(tmpdir(), "oneip-deaths-"));
    const path = join(folder, "control");
    const old = new Old(engine, step, isAnswered);
    const server = createServer((request, response) => void old.serve(request, response)).listen(path);
    await once(server, "listening");
    const conversation = await converse(path);
    const events: string[] = [];
    const log = pino({ base: null }, { write: (line: string) => void events.push(JSON.parse(line).event) });
    try {
      const next = await run.ready();
      await goOn(next, run.clock, log, {
        ask: conversation.ask,
        decided: () => conversation.ask("takeoverDone", {}),
        heir: () => {},
      });
      await engine.leave();
      run.link.delivered.clear();
      run.link.bring(FRAME);
      await run.clock.advance(1000);
      expect([...run.link.delivered.values()]).toEqual([1]);
      const isWhole = step === "takeoverDone" && isAnswered;
      expect(events).toEqual(isWhole ? ["takeover.done"] : ["takeover.done", "takeover.bereaved"]);
      await next.stop();
    } finally {
      conversation.end();
      server.close();
      rmSync(folder, { recursive: true });
    }
  },
);
