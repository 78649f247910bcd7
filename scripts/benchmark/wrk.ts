/** wrk: its script and what it says. */

export interface Requests {
  readonly perSecond: number;
  /** In milliseconds. */
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
}

/** Prints the result as one line of JSON, for wrk itself rounds and knows no 99.9th percentile. */
export const WRK_SCRIPT = `done = function(summary, latency)
  local errors = summary.errors
  io.write(string.format('\\n{"requests":%d,"us":%d,"p50":%d,"p99":%d,"p999":%d,"errors":%d}\\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), latency:percentile(99.9),
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
`;

/** Two seconds of requests. A request that takes longer than that is slow, and only after a minute is it lost. */
export function wrkCommand(script: string, url: string, connection: "keep-alive" | "close"): string[] {
  const load = ["-t1", "-c16", "-d2s", "--timeout", "60s"];
  return ["wrk", ...load, "-s", script, "-H", `Connection: ${connection}`, url];
}

/** Throws when a request failed: then the figure is none. */
export function parseWrk(printed: string): Requests {
  const line = printed.split("\n").findLast((line) => line.startsWith("{"));
  if (line === undefined) throw new Error(`wrk printed no result: ${printed.trim()}`);
  const { requests, us, p50, p99, p999, errors } = JSON.parse(line) as Record<string, number>;
  if (errors! > 0) throw new Error(`wrk: ${errors} of ${requests} requests failed`);
  const ms = (value: number) => value / 1000;
  return { perSecond: requests! / us! * 1e6, p50: ms(p50!), p99: ms(p99!), p999: ms(p999!) };
}
