/** Sets the nodes of a lab up: runs the shell lines that its topology has for them. */

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Command, CommandError, formatCommand, run } from "../system/programs.ts";

/** Of a node. */
export interface SetUpPlan {
  readonly node: string;
  /** The words before a command that run it on the node, for who is where the lab is. */
  readonly command: readonly string[];
  /** Shell lines. */
  readonly exec: readonly string[];
}

/**
 * One shell for all nodes, side by side: to start each from here would take longer than what most of them do. The first line that fails
 * ends them all. They are a session of their own, so that this does not end us.
 */
const SET_UP = `
node() { # NODE LOG COMMAND...
  node=$1 log=$2
  shift 2
  "$@" </dev/null >"$log" 2>&1 || { echo "$node $?"; kill 0; }
}`;

/**
 * Runs the lines of all nodes, each node's in order, in the folder `cwd`. What they print is in the lab's folder. Throws CommandError, whose
 * message shows the line that failed. `way`: words that run a program where the lab is (keeper.ts).
 */
export async function setUpNodes(
  way: Command,
  plans: readonly SetUpPlan[],
  folder: string,
  options: { readonly cwd: string; readonly env: Readonly<Record<string, string>> },
): Promise<void> {
  const commands = new Map(
    plans.filter(({ exec }) => exec.length > 0).map(({ node, command, exec }) =>
      [node, [...command, "sh", "-exc", exec.join("\n")]] as const
    ),
  );
  const logOf = (node: string) => join(folder, `${node}.setup.log`);
  const lines = [...commands].map(([node, command]) =>
    formatCommand(["node", node, logOf(node), ...command])
  );
  const input = [SET_UP, ...lines.map((line) => `${line} &`), "wait", ""].join("\n");
  const result = await run([...way, "setsid", "sh", "-s"], { input, ...options });
  if (result.status === 0) return;
  const [, node = "", status] = /^(\S+) (\d+)\n/.exec(result.stdout) ?? [];
  const command = commands.get(node);
  if (command === undefined) throw new CommandError(["sh"], result);
  // Where there is no room for the log, the shell says so.
  const stderr = existsSync(logOf(node)) ? readFileSync(logOf(node), "utf8") : result.stderr;
  throw new CommandError(command, { stdout: "", stderr, status: Number(status) });
}
