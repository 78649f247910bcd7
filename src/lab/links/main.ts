/** The program that carries the frames of a lab's faulty links, until it is killed. Its argument is the file of its plan, when that comes. */

import { existsSync, readFileSync } from "node:fs";
import module from "node:module";
import { DescriptorSocket, send } from "../../device/handed_descriptors.ts";
import { raisePriority } from "../../device/priority.ts";
import { setTimerSlack } from "../../device/timer_slack.ts";
import { REAL_CLOCK } from "../../system/clock.ts";
import { Carrier } from "./carrier.ts";
import { type CarrierPlan, type CarrierRequest, LONGEST_MESSAGE, READY } from "./plan.ts";
import { readPlayback } from "./playback.ts";

const SLACK_NS = 1000;
const BETWEEN_MS = 5;
/** Nobody notifies it: to wait for it is to sleep. */
const NEVER = new Int32Array(new SharedArrayBuffer(4));

try {
  const [file = ""] = process.argv.slice(2);
  // It is written when the namespaces have been made.
  while (!existsSync(file)) Atomics.wait(NEVER, 0, 0, BETWEEN_MS);
  const { links, socket } = JSON.parse(readFileSync(file, "utf8")) as CarrierPlan;
  // A wire does not wait in line behind those whose frames it carries.
  raisePriority();
  setTimerSlack(SLACK_NS);
  const control = new DescriptorSocket(socket, LONGEST_MESSAGE);
  const playbacks = links.map(({ ends: [a, b], playback }) =>
    playback === undefined ? undefined : readPlayback(playback, [a.name, b.name])
  );
  const carrier = new Carrier(links, playbacks, control.fd, () => REAL_CLOCK.now() * 1000);
  console.log(READY);
  // It will be killed. Only who ends by itself leaves to the next one what Node has compiled (NODE_COMPILE_CACHE).
  module.flushCompileCache?.();
  for (;;) if (carrier.carry()) answer(carrier, control);
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}

/** Nothing here waits, also where whoever asked is gone. */
function answer(carrier: Carrier, control: DescriptorSocket): void {
  const { text } = control.receive();
  if (text === "") return;
  const request = JSON.parse(text) as CarrierRequest;
  try {
    send(request.answerTo, JSON.stringify(carrier.answer(request)));
  } catch (error) {
    console.error((error as Error).message);
  }
}
