/** The agent of a backend's filter as a service: its sockets, clock, kernel, link and log. */

import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { once } from "node:events";
import { dirname, resolve } from "node:path";
import { UsageError } from "../input/errors.ts";
import { isIpv6 } from "../wire/address.ts";
import type { ClusterConfig } from "../control/config.ts";
import { createLog } from "../control/log.ts";
import { FilterAgent } from "./agent.ts";
import { type AgentArguments, agentOf, readKey } from "./agent_settings.ts";
import { Alarms, REMEDIES } from "./alarms.ts";
import { BucketSet } from "./bucket_set.ts";
import { decodeHeartbeat, digestOf, encodeHeartbeat } from "./heartbeat.ts";
import { hasLink, interfaceOf } from "./link.ts";
import { applyCommands } from "./nft.ts";
import { ownedBuckets } from "./ownership.ts";
import { runFallback } from "./run_fallback.ts";
import { filterTable, leaseCommands, ownershipCommands, tableOf } from "./rules.ts";

/** Ticks an interval. */
const TICKS = 5;
/** Intervals in which it should be possible to let everything go. */
const LEAVE = 4;
/** Live sets whose buckets are remembered. */
const MOST_REMEMBERED = 64;

/**
 * Runs until SIGTERM or SIGINT, then lets every bucket go and says so. Throws UsageError before anything is changed when the
 * configuration, the key or this machine will not do.
 */
export async function runAgent({ file, backend, cluster: wanted }: AgentArguments): Promise<void> {
  const { config, cluster, settings } = agentOf(file, backend, wanted);
  const key = readKey(resolve(dirname(file), settings.keyFile));
  const self = cluster.backends.find(({ name }) => name === backend)!;
  const interfaceName = interfaceOf(self.address);
  if (interfaceName === undefined) {
    throw new UsageError(
      `This machine has no interface with ${self.address}, the address of backend "${backend}", whose link is up; ` +
        "is it another backend's machine?",
    );
  }
  const asked = Promise.race(["SIGTERM", "SIGINT"].map((signal) => once(process, signal)));

  const log = createLog();
  const alarms = new Alarms(log);
  const sockets = await openSockets(cluster, settings.port);
  const others = cluster.backends.filter(({ name }) => name !== backend);
  let isTableThere = false;
  let sent: Promise<unknown> = Promise.resolve();
  const agent = new FilterAgent(
    {
      self: backend,
      names: cluster.backends.map(({ name }) => name),
      digest: digestOf(cluster),
      boot: Date.now(),
      intervalMs: settings.intervalMs,
      owned: remembered((name, live) =>
        ownedBuckets(cluster, name, (other) => live.split(",").includes(other))
      ),
      decode: (held) => BucketSet.fromOctets(cluster.buckets, held),
    },
    {
      send(heartbeat) {
        const datagram = encodeHeartbeat(heartbeat, key);
        sent = Promise.all(others.map(({ address }) =>
          // What cannot be sent is lost, like any datagram: the others will notice.
          new Promise((done) => sockets.get(isIpv6(address))!.send(datagram, settings.port, address, done))
        ));
      },
      give(own, { leaseMs, patienceMs }, done) {
        const change = own === undefined
          ? ""
          : isTableThere
          ? ownershipCommands(cluster.name, own)
          : filterTable(cluster, backend, own, { leased: true });
        applyCommands(change + leaseCommands(cluster.name, leaseMs), patienceMs).then(() => {
          isTableThere = true;
          done(true, performance.now());
        }, (error: Error) => {
          isTableThere = false;
          raise("kernel", error.message, "The kernel did not take the rules; they are given again, whole");
          done(false, performance.now());
        });
      },
    },
    performance.now(),
  );
  const raise = (alarm: string, about: string, remedy: string) =>
    alarms.raise(alarm, about, remedy, performance.now());

  const onMessage = (datagram: Uint8Array, { address }: RemoteInfo) => {
    const heartbeat = decodeHeartbeat(datagram, key);
    if (heartbeat === undefined) return raise("forged", address, REMEDIES.forged);
    const alarm = agent.hear(heartbeat, performance.now());
    if (alarm !== undefined) raise(alarm, heartbeat.name, REMEDIES[alarm]);
    tell();
  };
  for (const socket of sockets.values()) socket.on("message", onMessage);

  let told = { live: "", buckets: -1, isAlone: false };
  /** Logs what has changed. */
  const tell = () => {
    const { live, held, epoch, isAlone, waitsFor } = agent.membership;
    const now = { live, buckets: held.size, isAlone };
    if (now.live !== told.live) log.info({ epoch, live: live.split(",") }, "live set");
    if (now.buckets !== told.buckets) log.info({ epoch, buckets: held.size, waitsFor }, "buckets");
    if (isAlone && !told.isAlone) raise("alone", backend, REMEDIES.alone);
    told = now;
  };

  log.info({
    cluster: cluster.name,
    backend,
    table: tableOf(cluster.name),
    port: settings.port,
    intervalMs: settings.intervalMs,
    digest: digestOf(cluster),
  }, "running");
  const timer = setInterval(() => {
    agent.tick(performance.now(), hasLink(interfaceName));
    tell();
  }, settings.intervalMs / TICKS);
  const live = () => agent.membership.live.split(",");
  const stopFallback = runFallback({ config, cluster, self, interfaceName, live, log });
  const [signal] = await asked;
  log.info({ signal }, "stopping");
  stopFallback();
  const left = Promise.withResolvers<void>();
  agent.leave(performance.now(), left.resolve);
  // Should the kernel refuse, the lease runs out by itself.
  const giveUp = setTimeout(left.resolve, LEAVE * settings.intervalMs);
  await left.promise;
  clearTimeout(giveUp);
  clearInterval(timer);
  await sent;
  for (const socket of sockets.values()) socket.close();
  log.info({ alarms: alarms.counts }, "stopped: the filter stays and takes nothing");
}

/** A socket for each family that the backends' addresses have; the key says whether it is IPv6's. */
async function openSockets({ backends }: ClusterConfig, port: number): Promise<Map<boolean, Socket>> {
  const sockets = new Map<boolean, Socket>();
  for (const isV6 of new Set(backends.map(({ address }) => isIpv6(address)))) {
    const socket = isV6 ? createSocket({ type: "udp6", ipv6Only: true }) : createSocket("udp4");
    socket.bind(port);
    try {
      await once(socket, "listening");
    } catch (error) {
      throw new UsageError(
        `Cannot listen on UDP port ${port} (${(error as NodeJS.ErrnoException).code}); ` +
          "is an agent running already? Each cluster's agent needs a port of its own",
      );
    }
    sockets.set(isV6, socket);
  }
  return sockets;
}

/** The same function, but it computes only what it has not lately. */
function remembered(
  owned: (name: string, live: string) => BucketSet,
): (name: string, live: string) => BucketSet {
  const known = new Map<string, BucketSet>();
  return (name, live) => {
    const key = `${name} of ${live}`;
    const buckets = known.get(key) ?? owned(name, live);
    known.delete(key);
    known.set(key, buckets);
    if (known.size > MOST_REMEMBERED) known.delete(known.keys().next().value!);
    return buckets;
  };
}
