/** The dispatcher as a service: from its configuration file to its last counters. */

import { formatMac } from "../wire/address.ts";
import type { Logger } from "pino";
import { raisePriority } from "../device/priority.ts";
import { FFI, RUNTIME } from "../device/runtime.ts";
import { controlPath, listen } from "./socket.ts";
import { Engine } from "../engine/engine.ts";
import { loadConfig } from "../config/load.ts";
import { createLog } from "../system/log.ts";
import type { Config } from "../config/config.ts";
import type { VerificationReport } from "../verify/report.ts";
import { verifyAlone } from "../verify/verify_alone.ts";

/** The verification at the start has found what the configuration does not put up with. */
export class VerificationError extends Error {
  override name = "VerificationError";
  readonly report: VerificationReport;

  constructor(report: VerificationReport) {
    super("The backends are not set up right, and dispatcher.verify is refuse: nothing was started");
    this.report = report;
  }
}

/**
 * Runs until SIGTERM or SIGINT. Throws before anything is started when the file, the device, or, with `verify: refuse`, a
 * backend will not do.
 */
export async function serve(file: string): Promise<void> {
  const config = loadConfig(file);
  const log = createLog();
  const asked = new Promise<string>((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => resolve(signal));
  });
  if (config.dispatcher.verify === "refuse") await refuseFaults(config);
  const isPreferred = raisePriority();
  const engine = await Engine.start(config, log);
  const control = await listenForCommands(engine, log);
  const { dispatcher, clusters } = config;
  log.info({
    interface: engine.interfaceName,
    bridge: dispatcher.bridge,
    mac: formatMac(dispatcher.mac.high, dispatcher.mac.low),
    vlan: dispatcher.vlan,
    addresses: dispatcher.addresses.map(({ address, prefixLength }) => `${address}/${prefixLength}`),
    clusters: clusters.map(({ name, addresses, backends }) => ({
      name,
      addresses,
      backends: backends.length,
    })),
    queues: dispatcher.queues,
    offloads: engine.offloads,
    runtime: RUNTIME,
    ffi: FFI,
  }, "running");
  if (dispatcher.offloads && !engine.offloads.includes("tso4")) {
    log.warn({ granted: engine.offloads }, "the kernel refuses offloads: bulk traffic goes frame by frame");
  }
  if (!engine.hasNeighborQueue) {
    log.warn(
      { missing: "CAP_BPF, or an interface for several queues" },
      "no queue of its own for neighbors' answers: they wait behind data, and get lost with it",
    );
  }
  if (!isPreferred) {
    log.warn({ missing: "CAP_SYS_NICE" }, "no right to a higher priority: on a busy machine frames get lost");
  }
  try {
    const signal = await Promise.race([asked, engine.failed]);
    log.info({ signal }, "stopping");
  } finally {
    control?.close();
    await engine.stop();
    log.info(engine.report(), "stopped");
  }
}

/** A backend that is down gets no traffic, so it is no reason: the others must be served. */
async function refuseFaults(config: Config): Promise<void> {
  const report = await verifyAlone(config);
  if (report.faults.some(({ id }) => id !== "backend-down")) throw new VerificationError(report);
}

/** Without its control socket a dispatcher does its work, so that is worth a warning only. */
async function listenForCommands(engine: Engine, log: Logger): Promise<{ close(): void } | undefined> {
  try {
    return await listen(controlPath(), {
      interface: () => engine.interfaceName,
      verify: () => engine.verify(),
      technique: ({ technique, cluster }) =>
        technique === undefined ? engine.techniques() : engine.setTechnique(technique, cluster),
    });
  } catch (error) {
    log.warn(
      { reason: (error as Error).message },
      "no control socket: commands cannot reach this dispatcher",
    );
    return undefined;
  }
}
