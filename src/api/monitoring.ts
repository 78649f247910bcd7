/** What monitoring asks, beside the contract, in text: does the process answer, does it forward by what it knows, and its numbers. */

import { Hono } from "hono";
import { CONTENT_TYPE } from "./metrics.ts";

export interface Monitored {
  /** The first bucket maps by known states are in use. */
  isLive(): boolean;
  /** In the text format of Prometheus. */
  metrics(): string;
}

export const MONITORING = ["/healthz", "/readyz", "/metrics"] as const;

export function monitoringOf({ isLive, metrics }: Monitored): Hono {
  const [health, readiness, numbers] = MONITORING;
  const api = new Hono();
  api.get(health, (asked) => asked.text("ok\n"));
  api.get(
    readiness,
    (asked) => isLive() ? asked.text("ready\n") : asked.text("no bucket map by known states yet\n", 503),
  );
  api.get(numbers, (asked) => asked.body(metrics(), 200, { "content-type": CONTENT_TYPE }));
  return api;
}
