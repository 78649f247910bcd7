/** What is wrong with settings that are right one by one. */

import type { Settings } from "../../impairment/settings.ts";
import { formatTime } from "./values.ts";

export function mistakeIn({ delayUs, jitterUs }: Settings): string | undefined {
  if (jitterUs <= delayUs) return undefined;
  const [delay, jitter] = [formatTime(delayUs), formatTime(jitterUs)];
  return `The jitter is longer than the delay, found ${jitter} and ${delay}, use a delay of ${jitter} or more`;
}
