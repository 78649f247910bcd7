/**
 * Datagrams of many clients to a cluster address, and how many come back: `datagrams.ts ADDRESS PORT CLIENT,CLIENT,...` sends one of each in
 * turn, one a millisecond. Each line on its standard input ends a count: it prints `{sent, answered}` when what is on its way has had time.
 */

import { createSocket } from "node:dgram";
import { createInterface } from "node:readline";

/** An answer that takes longer is lost. */
const ON_ITS_WAY_MS = 500;

const [address = "", port = "", clients = ""] = process.argv.slice(2);
let [round, sent] = [0, 0];
const answered = new Map<number, number>();

const sockets = await Promise.all(
  clients.split(",").map(async (client) => {
    const socket = createSocket("udp4");
    socket.on("message", (text) => {
      const of = Number(text.toString().split(" ").at(-1));
      answered.set(of, (answered.get(of) ?? 0) + 1);
    });
    socket.on("error", () => {}); // A router that has no route says so; that is counted as lost.
    await new Promise<void>((resolve) => socket.bind(0, client, resolve));
    return socket;
  }),
);

let last = performance.now();
setInterval(() => {
  // A timer that comes late makes up for it.
  for (const nowMs = performance.now(); last < nowMs; last++) {
    sockets[sent % sockets.length]!.send(String(round), Number(port), address);
    sent++;
  }
}, 1);

for await (const _ of createInterface({ input: process.stdin })) {
  const [ended, count] = [round++, sent];
  sent = 0;
  await new Promise((resolve) => setTimeout(resolve, ON_ITS_WAY_MS));
  console.log(JSON.stringify({ sent: count, answered: answered.get(ended) ?? 0 }));
}
