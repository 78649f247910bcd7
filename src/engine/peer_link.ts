/** What this dispatcher tells the other one of its pair and hears from it (peer/), by UDP frames of its own. */

import { wantedOf } from "../cluster/aspects.ts";
import type { LivenessBook } from "../cluster/liveness.ts";
import type { Config } from "../config/config.ts";
import type { Pair } from "../vrrp/pair.ts";
import { IpFrames, isUpperRight } from "../link/ip_frames.ts";
import type { Frame } from "../link/own_frames.ts";
import { Sharing, type SharingCounts } from "../peer/sharing.ts";
import type { SharedCluster } from "../peer/telling.ts";
import type { Administration, StateSaid } from "../peer/message.ts";
import type { TransitionsRecord } from "../cluster/transitions_record.ts";
import { readKey } from "../input/shared_key.ts";
import type { Mac } from "../wire/address.ts";
import * as transport from "../wire/transport.ts";
import type { Changes } from "./changes.ts";
import type { Forwarding, Outcome } from "./forwarding.ts";
import type { Surroundings } from "./surroundings.ts";

export interface PeerStatus {
  readonly address: string;
  /** It has said within the last ten seconds that it is the active one. */
  readonly isActive: boolean;
  /** Of how many clusters this one knows what the active one has, to go on by. */
  readonly clusters: number;
  /** And so many of their connections, while buckets are in transition. */
  readonly connections: number;
  /** What came from its address and was of no use, by why. */
  readonly refused: Readonly<SharingCounts>;
}

/** The parts of the engine that it tells of and changes. */
interface Parts {
  readonly config: Config;
  readonly liveness: LivenessBook;
  readonly forwarding: Forwarding;
  readonly changes: Changes<Outcome>;
  readonly pair: Pair;
  publish(): Promise<void>;
}

interface Means extends Pick<Required<Surroundings>, "clock" | "random" | "readText"> {
  send(frame: Frame): void;
  macOf(address: string): Mac | undefined;
}

export class PeerLink {
  readonly address: string;
  readonly #port: number;
  readonly #parts: Parts;
  readonly #means: Means;
  readonly #frames: IpFrames;
  readonly #sharing: Sharing;

  /** Undefined where nothing is shared. Throws UsageError when the key cannot be read. */
  static of(parts: Parts, means: Means): PeerLink | undefined {
    const peer = parts.config.dispatcher.vrrp?.peer;
    return peer === undefined ? undefined : new PeerLink(parts, means, peer);
  }

  private constructor(
    parts: Parts,
    means: Means,
    { address, port, keyFile }: NonNullable<NonNullable<Config["dispatcher"]["vrrp"]>["peer"]>,
  ) {
    this.address = address;
    this.#port = port;
    this.#parts = parts;
    this.#means = means;
    this.#frames = new IpFrames(parts.config.dispatcher);
    this.#sharing = new Sharing(
      {
        send: (datagram) => this.#send(datagram),
        isActive: () => parts.pair.holdsAny,
        administration: () => administrationOf(parts),
        techniques: () => parts.forwarding.techniques.list(),
        tick: () => parts.forwarding.transitions.tick,
        clusters: () => parts.forwarding.maps.map((_, index) => sharedCluster(parts, index)),
        room: (name) => parts.config.clusters.find((one) => one.name === name)?.transition.connections ?? 0,
        decided: (said) => this.#decided(said),
      },
      readKey(keyFile, "both dispatchers", means.readText),
      means.clock,
      means.random,
    );
  }

  start(): void {
    this.#sharing.start();
  }

  stop(): void {
    this.#sharing.stop();
  }

  /** A connection may have begun in a transition: the other one is told at once. */
  begun(): void {
    this.#sharing.begun();
  }

  /** A map or a transition may have changed. */
  changed(): void {
    this.#sharing.changed();
  }

  /** What the other one had when it was active; undefined when it has told nothing for long. */
  known(): TransitionsRecord | undefined {
    return this.#sharing.known();
  }

  /** Has the other one said that it is active, while this one is not? Then what people decide is decided there. */
  get isElsewhere(): boolean {
    return !this.#parts.pair.holdsAny && this.#sharing.isPeerActive;
  }

  /** A frame of the other one's that the path has handed up. */
  heard(frame: Frame): void {
    const packet = this.#frames.packetOf(frame);
    if (packet === undefined || !isUpperRight(packet)) return;
    this.#sharing.heard(packet.bytes.slice(packet.upper + transport.UDP_HEADER, packet.end));
  }

  status(): PeerStatus {
    return {
      address: this.address,
      isActive: this.#sharing.isPeerActive,
      ...this.#sharing.extent,
      refused: { ...this.#sharing.counts },
    };
  }

  #send(datagram: Uint8Array): void {
    const mac = this.#means.macOf(this.address);
    const from = this.#frames.ownAddressFor(this.address);
    if (mac === undefined || from === undefined) return;
    this.#means.send(
      this.#frames.datagram({ from, to: this.address, mac }, this.#port, this.#port, datagram),
    );
  }

  /** What people want holds for both: this one has it before it takes over. What is written down in etcd it has from there. */
  #decided({ administration, techniques }: StateSaid): void {
    if (this.#parts.config.fleet?.etcd === undefined) this.#administer(administration);
    const { forwarding } = this.#parts;
    const has = new Map(forwarding.techniques.list().map((one) => [one.cluster, one.technique]));
    const others = techniques.filter(({ cluster, technique }) =>
      has.has(cluster) && has.get(cluster) !== technique && forwarding.techniques.may(technique, cluster)
    );
    if (others.length === 0) return;
    for (const { cluster, technique } of others) forwarding.techniques.set(technique, cluster);
    forwarding.techniquesChanged();
    void this.#parts.publish();
  }

  #administer(administration: readonly Administration[]): void {
    const { config, liveness, changes } = this.#parts;
    let isNew = false;
    for (const { name: cluster, backends } of config.clusters) {
      for (const { name: backend, weight: configured } of backends) {
        const { state, weight } = administration.find((one) =>
          one.cluster === cluster && one.backend === backend
        ) ??
          { state: "active" as const, weight: configured };
        const now = liveness.of(cluster, backend);
        if (wantedOf(now) !== state) {
          liveness.administer(cluster, backend, state, `by command at ${this.address}`);
          isNew = true;
        }
        if (now.weight !== weight) {
          liveness.setWeight(cluster, backend, weight);
          isNew = true;
        }
      }
    }
    if (isNew) void changes.add();
  }
}

/** What differs from the configuration. */
function administrationOf({ config, liveness }: Parts): Administration[] {
  return config.clusters.flatMap(({ name: cluster, backends }) =>
    backends.flatMap(({ name: backend, weight: configured }): Administration[] => {
      const now = liveness.of(cluster, backend);
      const [state, { weight }] = [wantedOf(now), now];
      return state === "active" && weight === configured ? [] : [{ cluster, backend, state, weight }];
    })
  );
}

function sharedCluster({ forwarding: { maps, transitions } }: Parts, index: number): SharedCluster {
  const { cluster: { name, transition }, live } = maps[index]!;
  return {
    name,
    live,
    revision: transitions.revisionOf(index),
    hasTransitions: transitions.sizeOf(index) > 0,
    room: transition.connections,
    record: () => transitions.recordOf(index),
    connections: () => transitions.connectionsOf(index),
  };
}
