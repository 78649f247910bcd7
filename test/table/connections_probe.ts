/**
 * A worker of connections.test.ts: finds, adds and touches connections for as long as it is told to, and sends back what it saw.
 * Words of the shared memory: whether to stop; and for each worker how many bursts it has begun.
 */

import { parentPort, workerData } from "node:worker_threads";
import { ABSENT, Connections } from "../../src/table/connections.ts";
import { Random } from "../random.ts";
import { connectionOf, type Shared, STOP } from "./connections_shared.ts";

const { memory, words, connections: count, worker } = workerData as Shared;
const connections = new Connections(memory, 0, count);
const state = new Int32Array(words);
const random = new Random(worker);

let found = 0;
let wrong = 0;
for (let stamp = 0; Atomics.load(state, STOP) === 0; stamp = (stamp + 4) | 0) {
  Atomics.add(state, worker, 1);
  for (let frame = 0; frame < 64; frame++) {
    const { key, hash, owner } = connectionOf(random.below(2 * count));
    const cell = connections.find(key, hash);
    if (cell === ABSENT) connections.add(key, hash, owner, owner, stamp);
    else {
      found++;
      if (connections.owner(cell) !== owner) wrong++;
      connections.touch(cell, hash, stamp);
    }
  }
}
parentPort!.postMessage({ found, wrong });
