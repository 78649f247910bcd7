/** Events as text: a line each. */

import type { DispatcherEvent } from "../api/events.ts";

export function describeEvent({ time, name, message, data }: DispatcherEvent): string {
  const details = Object.entries(data).map(([key, value]) =>
    `${key}=${typeof value === "string" ? value : JSON.stringify(value)}`
  );
  return [time, name, message, ...details].join("  ");
}
