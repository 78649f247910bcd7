/** Requests that go on while something else is done. */

import { REAL_CLOCK } from "../system/clock.ts";
import { type Call, call } from "../lab/traffic.ts";
import { type Cut, HeldConnection } from "./held_connection.ts";
import { urlOf, type View } from "./view.ts";

/** What is done meanwhile, such as a restart. */
export type Action = () => unknown;

/** Between two rounds of requests, one of each client. */
const BETWEEN_MS = 200;

const aWhile = () => new Promise<void>((resolve) => void REAL_CLOCK.after(BETWEEN_MS, resolve));

/** Asks once before the action, again and again during it, and once after it, over new connections. Rejects as the action does. */
export async function callMeanwhile(view: View, action: Action): Promise<Call[]> {
  const { client, from, withinMs } = view;
  const calls: Call[] = [];
  const round = async () =>
    void calls.push(...await call(client, from, urlOf(view), { withinS: withinMs / 1000 }));
  await round();
  let isOver = false;
  const acting = (async () => await action())().finally(() => isOver = true);
  acting.catch(() => {}); // It is awaited below, when no request is under way any more.
  while (!isOver) {
    await Promise.race([acting.catch(() => {}), aWhile()]);
    await round();
  }
  await acting;
  return calls;
}

export interface Held {
  readonly calls: readonly Call[];
  readonly cuts: readonly Cut[];
  /** When the action began, in milliseconds since 1970. */
  readonly beganMs: number;
}

/** Answers on a held connection: one may be under way when the action ends, the other one is asked for after it. */
const AFTER = 2;

/** The same, while each client holds a connection from before the action until after it. */
export async function holdMeanwhile(view: View, action: Action): Promise<Held> {
  const held = view.from.map((address) => new HeldConnection(view, address));
  try {
    await Promise.all(held.map((one) => one.hear(1)));
    let beganMs = 0;
    const calls = await callMeanwhile(view, () => {
      beganMs = REAL_CLOCK.sinceEpoch();
      return action();
    });
    await Promise.all(held.map((one) => one.hear(AFTER)));
    return { calls, cuts: held.flatMap(({ cuts }) => cuts), beganMs };
  } finally {
    await Promise.all(held.map((one) => one.end()));
  }
}
