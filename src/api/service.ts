/** The dispatcher as a service: from its configuration file to its last counters. */

import module from "node:module";
import { formatMac } from "../wire/address.ts";
import type { Logger } from "pino";
import { TapError } from "../device/tap_error.ts";
import { raisePriority } from "../device/priority.ts";
import { ownUser } from "../device/privileges.ts";
import { FFI, RUNTIME } from "../device/runtime.ts";
import { accountOf, giveUp } from "./privileges.ts";
import { captureStream } from "./capture_stream.ts";
import { ask, controlPath, isAnswered } from "./client.ts";
import type { Handlers } from "./contract.ts";
import { countersOf } from "./counters.ts";
import { known, metricsText } from "./metrics.ts";
import type { Monitored } from "./monitoring.ts";
import type { Sources } from "./http.ts";
import { listen, type Listener } from "./socket.ts";
import { Events } from "./events.ts";
import { EventRing } from "./event_ring.ts";
import { Hooks } from "./hooks.ts";
import { requireUplink, tellOfFastPath } from "./fast_path.ts";
import { HandingOver } from "./handing_over.ts";
import { Running, type Service, type Started } from "./running.ts";
import { serviceManagerOf } from "./service_manager.ts";
import { takeOver } from "./takeover.ts";
import { requireApi, TcpApi } from "./tcp.ts";
import { Engine } from "../engine/engine.ts";
import { withdrawLeft } from "../fleet/routes.ts";
import { findBackend, findCluster } from "../cluster/find_backend.ts";
import { Following } from "./following.ts";
import { loadForStart } from "./shared.ts";
import { requireNeeds } from "../health/needs.ts";
import { Output, STDOUT } from "../device/output.ts";
import { TapAttachment } from "../plane/tap_attachment.ts";
import { REAL_CLOCK } from "../system/clock.ts";
import { within } from "../system/within.ts";
import type { Wanted } from "../engine/decide.ts";
import { etcdStatusOf } from "./etcd_status.ts";
import { openLog } from "../system/log.ts";
import type { Config } from "../config/config.ts";
import { configData, type Json, type JsonMapping } from "../config/print.ts";
import type { VerificationReport } from "../verify/report.ts";
import { requireFreeAddresses } from "../verify/free_addresses.ts";
import { explainSilence } from "../verify/silence.ts";
import { verifyAlone } from "../verify/verify_alone.ts";

/** So long a dispatcher that ends waits for etcd to hear of it. */
const LEAVING_MS = 500;

/** The verification at the start has found what the configuration does not put up with. */
export class VerificationError extends Error {
  override name = "VerificationError";
  readonly report: VerificationReport;

  constructor(report: VerificationReport) {
    super("The backends are not set up right, and dispatcher.verify is refuse: nothing was started");
    this.report = report;
  }
}

export interface ServeOptions {
  /** From the dispatcher that runs already, which then ends. */
  readonly takeover?: boolean;
  /** What makes a terminal's lines of the log's lines of JSON. */
  readonly readable?: (config: Config) => (line: string) => string;
}

/**
 * Runs until SIGTERM or SIGINT, or until another process takes over. Throws before anything is started when the file, the device, or, with `verify: refuse`, a
 * backend will not do.
 */
export async function serve(
  file: string,
  { takeover = false, readable }: ServeOptions = {},
): Promise<void> {
  const { config, warnings, shared, without } = await loadForStart(file, REAL_CLOCK);
  requireFreeAddresses(config);
  requireNeeds(config);
  requireUplink(config);
  requireApi(config.api, accountOf(config.dispatcher.user)?.uid ?? ownUser());
  const asked = new Promise<string>((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => resolve(signal));
  });
  if (config.dispatcher.verify === "refuse" && !takeover) await refuseFaults(config);
  const output = new Output(STDOUT);
  let sentence = readable?.(config);
  const events = new Events();
  const ring = new EventRing();
  events.listen((event) => ring.add(event));
  const { log, end } = openLog({
    told: (line) => events.hear(line),
    writer: (octets) => output.write(octets),
    readable: output.isTerminal && sentence !== undefined ? (line) => sentence!(line) : undefined,
  });
  for (const warning of warnings) log.warn(warning, "The configuration is legal but unwise");
  if (without !== undefined) {
    log.warn(
      { event: "fleet.unshared", reason: without },
      "started by the clusters of its file, not by what the fleet shares",
    );
  }
  const manager = serviceManagerOf(process.env, log);
  const hooks = new Hooks({ log, clock: REAL_CLOCK });
  const listeners = [(config: Config) => {
    sentence = readable?.(config);
    hooks.use(config.dispatcher.onEvent);
  }];
  const reloaded = (config: Config) => listeners.forEach((listen) => listen(config));
  hooks.use(config.dispatcher.onEvent);
  events.listen((event) => hooks.hear(event));
  events.listen(() => manager.changed());
  try {
    const service = { file, config, log, manager, shared, reloaded };
    await run(service, { events, ring }, asked, takeover, (listen) => listeners.push(listen));
  } finally {
    hooks.stop();
    if (hooks.counts.run + hooks.counts.lost > 0) log.info({ ...hooks.counts }, "commands of onEvent");
    await end();
  }
}

/** Of what happens. */
interface History {
  readonly events: Events;
  readonly ring: EventRing;
}

async function run(
  service: Service,
  history: History,
  asked: Promise<string>,
  takeover: boolean,
  whenReloaded: (call: (config: Config) => void) => void,
): Promise<void> {
  const { config, log, manager } = service;
  let running = undefined as Running | undefined;
  process.on("SIGHUP", () => {
    if (running === undefined) log.warn("SIGHUP is ignored: the dispatcher is only starting");
    else running.reload().catch(() => {}); // The log says why.
  });
  const isPreferred = raisePriority();
  const started = takeover ? await goOn(config, log, history) : await start(config, log);
  const { engine } = started;
  running = new Running(started, service);
  const following = new Following(running, log, REAL_CLOCK);
  whenReloaded((config) => following.follow(config, undefined));
  const handingOver = new HandingOver(running, history.ring, log, REAL_CLOCK);
  const parts = { running, following, handingOver };
  const control = await listenForCommands(parts, history.ring, log, REAL_CLOCK.sinceEpoch());
  manager.follow(running);
  // That of a lab is killed with it. Only who ends by itself leaves to the next one what Node has compiled (NODE_COMPILE_CACHE).
  module.flushCompileCache?.();
  sayWhatRuns(engine, config, log);
  sayWhatIsMissing(engine, config, isPreferred, log);
  tellOfFastPath(engine, config, log);
  following.follow(config, service.shared);
  let isReplaced = false;
  try {
    const { signal, pid } = await Promise.race([
      asked.then((signal) => ({ signal, pid: undefined })),
      handingOver.done.then((pid) => ({ signal: undefined, pid })),
      running.failed,
    ]);
    if (pid === undefined) log.info({ signal }, "stopping");
    else {
      log.info({ event: "takeover.given", pid }, "another process has taken over");
      manager.replacedBy(pid);
      isReplaced = true;
    }
  } finally {
    manager.stopping();
    control?.close();
    const left = within(REAL_CLOCK, LEAVING_MS, following.stop(isReplaced), "etcd is slow").catch(() => {});
    await running.stop();
    await left;
  }
}

/** In place of the running dispatcher, as the same user: only so its socket can be asked. */
async function goOn(config: Config, log: Logger, { events, ring }: History): Promise<Started> {
  giveUp(config, controlPath());
  return await takeOver(controlPath(), config, log, (before) => {
    for (const event of before) ring.add(event);
    events.goOnAfter(before);
  });
}

async function start(config: Config, log: Logger): Promise<Started> {
  const { clusters, fleet } = config;
  if (fleet?.bird !== undefined) await withdrawLeft({ bird: fleet.bird, clusters, clock: REAL_CLOCK, log });
  try {
    const attachment = new TapAttachment(config.dispatcher);
    // The workers, and whatever else begins from now on, have no more than this.
    giveUp(config, controlPath());
    return { engine: await Engine.start(config, log, { attachment }), attachment, clock: REAL_CLOCK };
  } catch (error) {
    throw await nameHolder(error, config.dispatcher.interface);
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
    fastPath: engine.fastPath.interface,
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

function monitoredOf(running: Running, following: Following, startedMs: number): Monitored {
  let isLive = false;
  void running.live.then(() => isLive = true);
  return {
    isLive: () => isLive,
    metrics: () => metricsText(known(running.engine, startedMs, following.known())),
  };
}

/** Of what runs. */
interface Parts {
  readonly running: Running;
  readonly following: Following;
  readonly handingOver: HandingOver;
}

/** Without its control socket a dispatcher does its work, so that is worth a warning only. */
async function listenForCommands(
  { running, following, handingOver }: Parts,
  ring: EventRing,
  log: Logger,
  startedMs: number,
): Promise<Listener | undefined> {
  const clusters = () => running.engine.status().clusters;
  const decide = async (backend: string, wanted: Wanted) =>
    await following.decide(backend, wanted) ?? await running.engine.decide(backend, wanted);
  try {
    const handlers: Handlers = {
      events: () => ring.all(),
      interface: () => running.engine.interfaceName,
      configuration: () => configData(running.config) as unknown as Json,
      verify: async () => explainSilence(await running.engine.verify(), running.engine.interfaceName),
      techniques: () => running.engine.techniques(),
      technique: ({ technique, cluster }) => running.engine.setTechnique(technique, cluster),
      status: () => ({
        interface: running.engine.interfaceName,
        runtime: RUNTIME,
        startedAt: new Date(startedMs).toISOString(),
        fastPath: running.engine.fastPath,
        etcd: etcdStatusOf(following.status(), REAL_CLOCK),
        ...running.engine.status(),
      }),
      counters: () => countersOf(running.engine, REAL_CLOCK.sinceEpoch()),
      clusters: () => clusters().map(({ backends: _, ...cluster }) => cluster),
      cluster: ({ cluster }) => findCluster(clusters(), cluster),
      backends: ({ cluster }) => [...findCluster(clusters(), cluster).backends],
      backend: ({ cluster, backend }) => findBackend(clusters(), `${cluster}/${backend}`).backend,
      buckets: ({ cluster }) => running.engine.buckets(cluster),
      dropped: () =>
        running.engine.dropped().map((frame) => (
          { ...frame, octets: Buffer.from(frame.octets).toString("base64") }
        )),
      fleet: () => running.engine.fleet(),
      fleetDrain: ({ now = false }) => running.engine.administerFleet(now ? "down" : "draining"),
      fleetUndrain: () => running.engine.administerFleet("active"),
      drain: ({ cluster, backend, now = false }) =>
        decide(`${cluster}/${backend}`, { state: now ? "down" : "draining" }),
      undrain: ({ cluster, backend }) => decide(`${cluster}/${backend}`, { state: "active" }),
      weight: ({ cluster, backend, weight }) => decide(`${cluster}/${backend}`, { weight }),
      add: ({ cluster, ...backend }) => running.add(cluster, backend as unknown as JsonMapping),
      remove: ({ cluster, backend }) => running.remove(cluster, backend),
      difference: () => running.difference(),
      neighbors: () => running.engine.neighbors(),
      explain: ({ address }) => running.engine.explain(address),
      reload: ({ dryRun = false }) => dryRun ? running.changes() : running.reload(),
      takeover: (input, connection) => handingOver.begin(input, connection),
      takeoverRecord: (_, connection) => handingOver.record(connection),
      takeoverLate: (_, connection) => handingOver.late(connection),
      takeoverDone: (_, connection) => {
        handingOver.finish(connection);
        listener.leave();
        tcp.leave();
        return {};
      },
    };
    const sources: Sources = {
      handlers,
      monitored: monitoredOf(running, following, startedMs),
      ring,
      capture: (input) => captureStream(running.engine.capture(input), input, REAL_CLOCK),
      clock: REAL_CLOCK,
    };
    const tcp = new TcpApi(sources, log);
    running.tcp = tcp;
    await tcp.start(running.config.api);
    const listener = await listen(controlPath(), sources);
    return listener;
  } catch (error) {
    log.warn(
      { reason: (error as Error).message },
      "no control socket: commands cannot reach this dispatcher",
    );
    return undefined;
  }
}
