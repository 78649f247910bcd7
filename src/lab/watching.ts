/** A watch from a machine of a lab: by the command `oneip watch` there. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Summary } from "../watch/tally.ts";
import type { WatchOptions } from "../watch/watch.ts";
import type { LabNode } from "./lab.ts";

/** So long a busy machine takes with a request: a lost SYN is sent again after 1, 3, 7 and 15 seconds. */
const TIMEOUT_MS = 30_000;

/** What of them a command can be told. */
export type NodeWatchOptions = Pick<WatchOptions, "from" | "header" | "intervalMs" | "timeoutMs">;

/** A watch that is under way. */
export interface NodeWatch {
  /** Begins no further request, and waits for those under way. */
  stop(): Promise<Summary>;
}

/**
 * Watches a cluster address from a node of a lab, around whatever a test does. Resolves when the first request has ended.
 *
 *     const watched = await watchFrom(lab.node("client1"), "10.0.0.100:80", { from: ["198.51.100.7"] });
 *     await lab.node("lb").program!.stop();
 *     expect((await watched.stop()).failed).toBe(0);
 */
export async function watchFrom(
  node: LabNode,
  target: string,
  { from = [], header, intervalMs, timeoutMs = TIMEOUT_MS }: NodeWatchOptions = {},
): Promise<NodeWatch> {
  const [program = "", ...args] = node.oneip([
    "watch",
    target,
    "--json",
    `--timeout=${timeoutMs}ms`,
    ...(intervalMs === undefined ? [] : [`--interval=${intervalMs}ms`]),
    ...(header === undefined ? [] : [`--header=${header}`]),
    ...(from.length === 0 ? [] : ["--from", ...from]),
  ]);
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => said += text);
  const lines = createInterface({ input: child.stdout });
  let last = "";
  lines.on("line", (line) => last = line);
  const ended = once(child, "close").then(([status, signal]) => {
    const summary = last === "" ? {} : JSON.parse(last) as object;
    if ("sent" in summary) return summary as Summary;
    throw new Error(
      `oneip watch ended without a summary, status ${status}, signal ${signal}, last line "${last}": ${said}`,
    );
  });
  ended.catch(() => {}); // Whoever stops it hears of it.
  await Promise.race([once(lines, "line"), ended]);
  return {
    stop() {
      child.kill("SIGINT");
      return ended;
    },
  };
}
