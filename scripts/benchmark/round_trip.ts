/**
 * Datagrams there and back, by plain calls of the C library that wait, so that nothing of a runtime is in between: a question a
 * millisecond. (ping would not do: the fast path leaves ICMP to the path.)
 *
 *     round_trip.ts answer ADDRESS CLIENT            answers this client for ever; prints "running"
 *     round_trip.ts ask ADDRESS CLIENT QUESTIONS     prints the round-trip times in microseconds, as JSON
 */

import { libc } from "../../src/device/libc.ts";

const AF_INET = 2;
const SOCK_DGRAM = 2;
const POLLIN = 1;
/** RFC 862's. */
const ECHO_PORT = 7;
const CLIENT_PORT = 7007;
const LENGTH = 18;
const LOST_MS = 1000;
const FIRST = 100;

const [role = "", address = "", client = "", questions = "0"] = process.argv.slice(2);
const own = role === "answer" ? place(address, ECHO_PORT) : place(client, CLIENT_PORT);
const other = role === "answer" ? place(client, CLIENT_PORT) : place(address, ECHO_PORT);
const fd = libc.socket(AF_INET, SOCK_DGRAM, 0);
if (libc.bind(fd, own, own.length) < 0 || libc.connect(fd, other, other.length) < 0) {
  throw new Error(`${role} ${address}: error ${libc.errno()}`);
}
if (role === "answer") answer();
else console.log(JSON.stringify(ask(Number(questions))));

function answer(): void {
  console.log("running");
  const datagram = new Uint8Array(LENGTH);
  for (;;) {
    const length = libc.read(fd, datagram, LENGTH);
    if (length > 0) libc.write(fd, datagram, length);
  }
}

/** Of those that were answered, but for the first, while the runtime compiles what it runs. */
function ask(count: number): number[] {
  const datagram = new Uint8Array(LENGTH);
  const waiting = new Uint8Array(8);
  new DataView(waiting.buffer).setInt32(0, fd, true);
  new DataView(waiting.buffer).setInt16(4, POLLIN, true);
  const times: number[] = [];
  for (let question = 0; question < FIRST + count; question++) {
    libc.poll(waiting, 0, 1);
    const began = performance.now();
    libc.write(fd, datagram, LENGTH);
    if (libc.poll(waiting, 1, LOST_MS) < 1) continue;
    libc.read(fd, datagram, LENGTH);
    if (question >= FIRST) times.push((performance.now() - began) * 1000);
  }
  return times;
}

/** struct sockaddr_in: family, port, address, zeros. */
function place(address: string, port: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.of(
    AF_INET,
    0,
    port >> 8,
    port & 255,
    ...address.split(".").map(Number),
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
  );
}
