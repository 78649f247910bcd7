/** The dispatcher as a service: from its configuration file to its last counters. */

import { formatMac } from "../wire/address.ts";
import type { Logger } from "pino";
import { libc } from "../device/libc.ts";
import { controlPath, listen } from "./control_socket.ts";
import { Engine } from "./engine.ts";
import { loadConfig } from "./load_config.ts";
import { createLog } from "./log.ts";

/** Runs until SIGTERM or SIGINT. Throws before anything is started when the file or the device will not do. */
export async function serve(file: string): Promise<void> {
  const config = loadConfig(file);
  const log = createLog();
  const asked = new Promise<string>((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => resolve(signal));
  });
  const engine = await Engine.start(config, log);
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
    runtime: libc.runtime,
    ffi: libc.ffi,
  }, "running");
  if (dispatcher.offloads && !engine.offloads.includes("tso4")) {
    log.warn({ granted: engine.offloads }, "the kernel refuses offloads: bulk traffic goes frame by frame");
  }
  const control = await listenForCommands(engine, log);
  try {
    const signal = await Promise.race([asked, engine.failed]);
    log.info({ signal }, "stopping");
  } finally {
    control?.close();
    await engine.stop();
    log.info(engine.report(), "stopped");
  }
}

/** Without its control socket a dispatcher does its work, so that is worth a warning only. */
async function listenForCommands(engine: Engine, log: Logger): Promise<{ close(): void } | undefined> {
  try {
    return await listen(controlPath(), {
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
