/** Requests that go on while something else is done. */

import { setTimeout as delay } from "node:timers/promises";
import { type Call, call } from "../lab/traffic.ts";
import { urlOf, type View } from "./view.ts";

/** What is done meanwhile, such as a restart. */
export type Action = () => unknown;

/** Between two rounds of requests, one of each client. */
const BETWEEN_MS = 100;

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
    await Promise.race([acting.catch(() => {}), delay(BETWEEN_MS)]);
    await round();
  }
  await acting;
  return calls;
}
