/** The dispatcher's own voice on the link: frames of its own, where its addresses are, and frames that waited for a MAC. */

import type { ClusterConfig, Config } from "../config/config.ts";
import type { Attachment } from "../plane/attachment.ts";
import { sharedAddresses } from "../config/vrrp.ts";
import { isIpv6, linkLocalOf, type Mac } from "../wire/address.ts";
import * as ethernet from "../wire/ethernet.ts";
import * as vrrp from "../wire/vrrp.ts";
import * as virtio from "../wire/virtio.ts";
import { LinkFrames } from "./link_frames.ts";
import { type Frame, viewOf } from "./own_frames.ts";

/** The queue by which frames of our own leave. */
const FIRST_QUEUE = 0;

export class Link {
  readonly #attachment: Attachment;
  readonly #frames: LinkFrames;
  readonly #config: Config;
  readonly #holds: (address: string) => boolean;
  /** Where a frame begins in what the device reads and writes. */
  readonly #start: number;

  /** `holds`: has this dispatcher what a pair shares, in the family of this address? */
  constructor(
    attachment: Attachment,
    frames: LinkFrames,
    config: Config,
    holds: (address: string) => boolean,
  ) {
    this.#attachment = attachment;
    this.#frames = frames;
    this.#config = config;
    this.#holds = holds;
    this.#start = attachment.hasVirtioHeader ? virtio.HEADER : 0;
  }

  /** Sends a frame of our own. */
  send(frame: Frame): void {
    this.#attachment.write(FIRST_QUEUE, this.whole(frame));
  }

  /** A frame as the device takes it. */
  whole(frame: Frame): Frame {
    if (this.#start === 0) return frame;
    const whole = new Uint8Array(this.#start + frame.length);
    whole.set(frame, this.#start);
    return whole;
  }

  /** The frame in what a worker handed up, without the priority tag that it may have. */
  frameIn(handed: Frame): Frame {
    const frame = handed.slice(this.#start);
    const view = viewOf(frame);
    const isTagged = ethernet.type(view, 0) === ethernet.TYPE_VLAN;
    if (!isTagged || ethernet.vlanOf(ethernet.tag(view, 0)) !== ethernet.NO_VLAN) return frame;
    ethernet.removeTag(view, 0);
    return frame.slice(ethernet.TAG);
  }

  /**
   * Sends what a worker handed up because its destination was not known. It leaves by the queue that it came from: the kernel
   * lets the rest of the flow follow it there.
   */
  sendKept(queue: number, handed: Frame, { high, low }: Mac): void {
    ethernet.setDst(new DataView(handed.buffer), this.#start, high, low);
    this.#attachment.write(queue, handed);
  }

  /** Sends what a worker handed up only so that something could come first: by the queue that it came from, too. */
  sendTold(queue: number, handed: Frame): void {
    this.#attachment.write(queue, handed);
  }

  /** Asks who else has our own addresses: RFC 5227 section 2.1.1, RFC 4862 section 5.4.2. */
  probe(): void {
    for (const address of ownAddresses(this.#config)) this.send(this.#frames.probe(address));
  }

  /**
   * Tells where our addresses are: those of clusters that broadcast are at the group's MAC, others that a pair shares at the virtual one
   * while this dispatcher has them, all others at ours; clusters' addresses that are reached by route are told nobody.
   */
  announce(isBroadcast: (cluster: ClusterConfig) => boolean): void {
    const { dispatcher, clusters, fleet } = this.#config;
    this.#say(dispatcher.addresses.map(({ address }) => address), dispatcher.mac);
    if (dispatcher.vrrp !== undefined) this.#sayShared(sharedAddresses(dispatcher.vrrp));
    if (fleet !== undefined) return;
    for (const cluster of clusters) {
      this.#sayShared(cluster.addresses, isBroadcast(cluster) ? cluster.group : undefined);
    }
  }

  /** Tells everyone, and each of these machines by itself, where one address of ours is. */
  defend(address: string, isBroadcast: (cluster: ClusterConfig) => boolean, machines: readonly Mac[]): void {
    const { dispatcher, clusters } = this.#config;
    const cluster = clusters.find(({ addresses }) => addresses.includes(address));
    const isOwn = dispatcher.addresses.some((own) => own.address === address) ||
      address === linkLocalOf(dispatcher.mac);
    if (!isOwn && !this.#holds(address)) return;
    const [frames, shared] = isOwn ? [this.#frames, dispatcher.mac] as const : this.#sharedVoice(address);
    const mac = cluster !== undefined && isBroadcast(cluster) ? cluster.group : shared;
    const announcement = () => frames.announcement(address, mac, dispatcher.vrrp !== undefined && !isOwn);
    this.send(announcement());
    for (const { high, low } of machines) {
      const frame = announcement();
      ethernet.setDst(viewOf(frame), 0, high, low);
      this.send(frame);
    }
  }

  /**
   * From here on the routers' frames go to the groups of these clusters: those to the cluster addresses, and those to our own
   * when no other cluster needs us.
   */
  leaveTo(clusters: readonly ClusterConfig[]): void {
    for (const { addresses, group } of clusters) this.#say(addresses, group);
    if (clusters.length > 0 && clusters.length === this.#config.clusters.length) {
      const { addresses, vrrp } = this.#config.dispatcher;
      const nextHops = vrrp === undefined ? addresses.map(({ address }) => address) : sharedAddresses(vrrp);
      this.#say(nextHops, clusters[0]!.group);
    }
  }

  /** Those of these addresses that this dispatcher has. */
  #sayShared(addresses: readonly string[], group?: Mac): void {
    for (const address of addresses.filter((address) => this.#holds(address))) {
      const [frames, mac] = this.#sharedVoice(address);
      this.send(frames.announcement(address, group ?? mac, this.#config.dispatcher.vrrp !== undefined));
    }
  }

  /** By what frames it is told where a shared address is, and its MAC: the frames come from there, so that bridges learn it. */
  #sharedVoice(address: string): readonly [frames: LinkFrames, mac: Mac] {
    const { dispatcher } = this.#config;
    if (dispatcher.vrrp === undefined) return [this.#frames, dispatcher.mac];
    const mac = vrrp.macOf(dispatcher.vrrp.id, isIpv6(address));
    return [new LinkFrames({ ...dispatcher, mac }), mac];
  }

  #say(addresses: readonly string[], mac: Mac): void {
    for (const address of addresses) this.send(this.#frames.announcement(address, mac));
  }
}

/** Those that the dispatcher alone has: as configured, and where there is IPv6 the link-local one. */
export function ownAddresses({ dispatcher, clusters }: Config): string[] {
  const own = dispatcher.addresses.map(({ address }) => address);
  const shared = dispatcher.vrrp === undefined ? [] : sharedAddresses(dispatcher.vrrp);
  const all = [...own, ...shared, ...clusters.flatMap(({ addresses }) => addresses)];
  return all.some(isIpv6) ? [...own, linkLocalOf(dispatcher.mac)] : own;
}
