/**
 * A client that sends a datagram each millisecond to UDP port 53 of a cluster address and hears the answers. Run on a client's node; it
 * obeys lines on its standard input and answers each with a line of JSON:
 *
 *     begin     what was before does not count
 *     end       {pauseMs, lost, slowestMs, lateMs}
 *
 * A pause is where datagrams were lost: from when the last one before was sent that was answered to when the first one after was. `lateMs`:
 * the longest that this program itself was late, which is no fault of the dispatchers.
 */

import { createSocket } from "node:dgram";
import { createInterface } from "node:readline";

const [, , address = "", from = ""] = process.argv;
const PERIOD_MS = 1;
/** An answer that takes longer is lost. */
const PATIENCE_MS = 500;

const socket = createSocket(address.includes(":") ? "udp6" : "udp4");
const sentMs: number[] = [];
const answeredMs: (number | undefined)[] = [];

socket.on("message", (octets) => {
  const number = Number(octets.toString().match(/\d+$/)?.[0]);
  if (number < sentMs.length) answeredMs[number] ??= performance.now();
});
socket.bind({ address: from }, () => setInterval(send, PERIOD_MS));

function send(): void {
  const number = sentMs.push(performance.now()) - 1;
  socket.send(String(number), 53, address, () => {});
}

let first = 0;
for await (const line of createInterface({ input: process.stdin })) {
  if (line === "begin") {
    first = sentMs.length;
    console.log("{}");
    continue;
  }
  const last = sentMs.length;
  await new Promise((resolve) => setTimeout(resolve, PATIENCE_MS));
  console.log(JSON.stringify(tally(first, last)));
}
process.exit();

function tally(first: number, last: number) {
  let [pauseMs, lost, slowestMs, lateMs, before] = [0, 0, 0, 0, first];
  for (let number = first; number < last; number++) {
    if (number > first) lateMs = Math.max(lateMs, sentMs[number]! - sentMs[number - 1]! - PERIOD_MS);
    const answered = answeredMs[number];
    if (answered === undefined) {
      lost++;
      continue;
    }
    if (number > before + 1) pauseMs = Math.max(pauseMs, sentMs[number]! - sentMs[before]!);
    slowestMs = Math.max(slowestMs, answered - sentMs[number]!);
    before = number;
  }
  return { pauseMs, lost, slowestMs, lateMs };
}
