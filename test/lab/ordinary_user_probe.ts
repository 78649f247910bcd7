/**
 * Brings labs up, with a program in a node of each that does not carry the lab's mark, says so, and stays until it is killed. Arguments:
 * the topology, whether they are kept, their names.
 */

import { spawn } from "node:child_process";
import { Lab } from "oneip";

const [topology = "", kept, ...names] = process.argv.slice(2);
for (const name of names) {
  const lab = await Lab.up(topology, { name, keep: kept === "true" });
  const [program = "", ...args] = lab.node("a").command(["sleep", "infinity"]);
  spawn(program, args, { stdio: "ignore" });
}
console.log("up");
setInterval(() => {}, 60_000);
