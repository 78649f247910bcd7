/** The agent of a backend's filter as a service: from its configuration file to its last word. */

import { once } from "node:events";
import { dirname, resolve } from "node:path";
import { UsageError } from "../../input/errors.ts";
import * as ifreq from "../../device/ifreq.ts";
import { type Clock, REAL_CLOCK } from "../../system/clock.ts";
import { Output, STDOUT } from "../../device/output.ts";
import { openLog, pretty } from "../../system/log.ts";
import { MACHINE_RANDOM } from "../../system/random.ts";
import type { BackendConfig } from "../../config/config.ts";
import { runFallback } from "../fallback/run_fallback.ts";
import { applyCommands } from "../rules/nft.ts";
import { tableOf } from "../rules/rules.ts";
import { AgentLoop } from "./agent_loop.ts";
import { digestOf } from "./heartbeat.ts";
import { interfaceOf } from "./own_interface.ts";
import { looseModeOf, readKey } from "../../input/shared_key.ts";
import { type AgentArguments, agentOf } from "./settings.ts";
import { HeartbeatSockets } from "./sockets.ts";

/**
 * Runs until SIGTERM or SIGINT, then lets every bucket go and says so. Throws UsageError before anything is changed when the
 * configuration, the key or this machine will not do.
 */
export async function runAgent(
  { file, backend, cluster: wanted }: AgentArguments,
  clock: Clock = REAL_CLOCK,
): Promise<void> {
  const { config, cluster, settings } = agentOf(file, backend, wanted);
  const { port, intervalMs } = settings;
  const keyFile = resolve(dirname(file), settings.keyFile);
  const key = readKey(keyFile, "all backends");
  const self = cluster.backends.find(({ name }) => name === backend)!;
  const interfaceName = ownInterface(self);
  const asked = Promise.race(["SIGTERM", "SIGINT"].map((signal) => once(process, signal)));

  const output = new Output(STDOUT);
  const readable = output.isTerminal ? await pretty() : undefined;
  const { log, end } = openLog({ writer: (octets) => output.write(octets), readable });
  process.on("SIGHUP", () => log.warn("SIGHUP is ignored: for another configuration, stop and start"));
  const sockets = await HeartbeatSockets.open(cluster, self, port);
  const loop = new AgentLoop({
    cluster,
    backend,
    key,
    intervalMs,
    send: (datagram, to) => sockets.send(datagram, to),
    apply: applyCommands,
    hasLink: () => ifreq.isRunning(interfaceName),
    clock,
    random: MACHINE_RANDOM,
    log,
  });
  sockets.onDatagram((datagram, from) => loop.hear(datagram, from));
  const [table, digest] = [tableOf(cluster.name), digestOf(cluster)];
  const mode = looseModeOf(keyFile);
  if (mode !== undefined) {
    log.warn(
      { keyFile, mode },
      "The key is open to other users, who could speak for a backend: chmod 600 it",
    );
  }
  log.info({ cluster: cluster.name, backend, table, port, intervalMs, digest }, "running");
  loop.start();
  const stopFallback = runFallback(interfaceName, {
    config,
    cluster,
    self,
    live: () => loop.live,
    clock,
    log,
  });

  const [signal] = await asked;
  log.info({ signal }, "stopping");
  stopFallback();
  await loop.stop();
  await sockets.close();
  log.info({ alarms: loop.alarms }, "stopped: the filter stays and takes nothing");
  await end();
}

/** The name of the interface that has the backend's address, which shows that this is its machine. Throws UsageError without one. */
function ownInterface({ name, address }: BackendConfig): string {
  const found = interfaceOf(address);
  if (found !== undefined) return found;
  throw new UsageError(
    `This machine has no interface with ${address}, the address of backend "${name}", whose link is up; ` +
      "is it another backend's machine?",
  );
}
