/**
 * Stands for another program of the administrator's on an interface: `foreign_program.ts INTERFACE RESULT` attaches a program that says
 * RESULT of every frame on its way out, prints "ready", and goes on.
 */

import * as ifreq from "../../src/device/ifreq.ts";
import { attachProgram, loadProgram, SCHED_CLS, TCX_EGRESS } from "../../src/device/ebpf.ts";
import { assemble } from "../../src/kernel/assembler/assemble.ts";
import { exit, move } from "../../src/kernel/assembler/instructions.ts";

const [name = "", result = ""] = process.argv.slice(2);
const program = loadProgram(SCHED_CLS, assemble([move("r0", Number(result)), exit]), TCX_EGRESS, "foreign");
attachProgram(program, ifreq.index(name), TCX_EGRESS);
console.log("ready");
setInterval(() => {}, 1 << 30);
