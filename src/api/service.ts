/** The dispatcher as a service: from its configuration file to its last counters. */

import { formatMac } from "../wire/address.ts";
import type { Logger } from "pino";
import { TapError } from "../device/interface.ts";
import { raisePriority } from "../device/priority.ts";
import { FFI, RUNTIME } from "../device/runtime.ts";
import { ask, controlPath, isAnswered, listen, type Listener } from "./socket.ts";
import { Running, type Service } from "./running.ts";
import { Engine } from "../engine/engine.ts";
import { loadWithWarnings } from "../config/load.ts";
import { requireNeeds } from "../health/needs.ts";
import { Output, STDOUT } from "../device/output.ts";
import { openLog } from "../system/log.ts";
import type { Config } from "../config/config.ts";
import { configData, type Json, type JsonMapping } from "../config/print.ts";
import type { VerificationReport } from "../verify/report.ts";
import { requireFreeAddresses } from "../verify/free_addresses.ts";
import { explainSilence } from "../verify/silence.ts";
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
 * backend will not do. `readable` gives what makes a terminal's lines of the log's lines of JSON.
 */
export async function serve(
  file: string,
  readable?: (config: Config) => (line: string) => string,
): Promise<void> {
  const { config, warnings } = loadWithWarnings(file);
  requireFreeAddresses(config);
  requireNeeds(config);
  const asked = new Promise<string>((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => resolve(signal));
  });
  if (config.dispatcher.verify === "refuse") await refuseFaults(config);
  const output = new Output(STDOUT);
  let sentence = readable?.(config);
  const { log, end } = openLog({
    writer: (octets) => output.write(octets),
    isTerminal: output.isTerminal,
    ...(sentence === undefined ? {} : { readable: (line: string) => sentence!(line) }),
  });
  for (const warning of warnings) log.warn(warning, "The configuration is legal but unwise");
  try {
    await run({ file, config, log, reloaded: (config) => sentence = readable?.(config) }, asked);
  } finally {
    await end();
  }
}

async function run(service: Service, asked: Promise<string>): Promise<void> {
  const { config, log } = service;
  let running = undefined as Running | undefined;
  process.on("SIGHUP", () => {
    if (running === undefined) log.warn("SIGHUP is ignored: the dispatcher is only starting");
    else running.reload().catch(() => {}); // The log says why.
  });
  const isPreferred = raisePriority();
  const engine = await Engine.start(config, log).catch(async (error) => {
    throw await nameHolder(error, config.dispatcher.interface);
  });
  running = new Running(engine, service);
  const control = await listenForCommands(running, log);
  sayWhatRuns(engine, config, log);
  sayWhatIsMissing(engine, config, isPreferred, log);
  try {
    const signal = await Promise.race([asked, running.failed]);
    log.info({ signal }, "stopping");
  } finally {
    control?.close();
    await running.stop();
    log.info(running.engine.report(), "stopped");
  }
}

function sayWhatRuns(engine: Engine, { dispatcher, clusters }: Config, log: Logger): void {
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
}

/** What it does without, because a capability is missing. */
function sayWhatIsMissing(engine: Engine, { dispatcher }: Config, isPreferred: boolean, log: Logger): void {
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
}

/** A backend that is down gets no traffic, so it is no reason: the others must be served. Nor is a port that may come later. */
async function refuseFaults(config: Config): Promise<void> {
  const report = await verifyAlone(config);
  if (report.faults.some(({ id }) => id !== "backend-down" && id !== "no-other-port")) {
    throw new VerificationError(report);
  }
}

/** Adds to the error of an interface that somebody has open which dispatcher this is, when one of this namespace says so. */
async function nameHolder(error: unknown, interfaceName: string): Promise<unknown> {
  const path = controlPath();
  if (!(error instanceof TapError) || !await isAnswered(path)) return error;
  const { dispatcher } = await ask(path, "configuration", {}) as { readonly dispatcher: JsonMapping };
  if (dispatcher["interface"] !== interfaceName) return error;
  return new TapError(
    `${error.message}. It is the dispatcher with MAC ${dispatcher["mac"]}, which answers at ${path}`,
  );
}

/** Without its control socket a dispatcher does its work, so that is worth a warning only. */
async function listenForCommands(running: Running, log: Logger): Promise<Listener | undefined> {
  try {
    return await listen(controlPath(), {
      interface: () => running.engine.interfaceName,
      configuration: () => configData(running.config) as unknown as Json,
      verify: async () => explainSilence(await running.engine.verify(), running.engine.interfaceName),
      technique: ({ technique, cluster }) =>
        technique === undefined
          ? running.engine.techniques()
          : running.engine.setTechnique(technique, cluster),
      status: () => running.engine.status(),
      drain: ({ backend, now = false }) => running.engine.administer(backend, now ? "down" : "draining"),
      undrain: ({ backend }) => running.engine.administer(backend, "active"),
      weight: ({ backend, weight }) => running.engine.setWeight(backend, weight),
      reload: () => running.reload(),
    });
  } catch (error) {
    log.warn(
      { reason: (error as Error).message },
      "no control socket: commands cannot reach this dispatcher",
    );
    return undefined;
  }
}
