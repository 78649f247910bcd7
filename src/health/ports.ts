/**
 * The ports that questions are asked from, each by one attempt at a time: by its port an answer finds its attempt. What comes from
 * another MAC than the one that was asked is nobody's: a backend without the cluster address may have passed the question on to
 * one that has it, and a forger on another link cannot have the MAC. The path looks first (table/open_ports.ts), so that a flood of
 * such frames costs nothing here; what it has handed up may be older than who has the port now.
 */

import { addressesOf, type IpFrames, isUpperRight } from "../link/ip_frames.ts";
import type { Frame } from "../link/own_frames.ts";
import type { Packet } from "../path/packet.ts";
import { FIRST_PROBE_PORT, NO_PROBE_PORT, PROBE_PORTS, probePortOf } from "../path/probe_ports.ts";
import { OpenPorts } from "../table/open_ports.ts";
import type { Mac } from "../wire/address.ts";

/** A packet to a port, whole and with its checksum right. */
export interface Heard {
  readonly packet: Packet;
  /** The source of the packet. */
  readonly from: string;
  /** An address of ours. */
  readonly to: string;
}

/** Takes a packet, or says that it is none of its own. */
export type Listener = (heard: Heard) => boolean;

interface Open {
  readonly mac: Mac;
  readonly listener: Listener;
}

export class ProbePorts {
  readonly #frames: IpFrames;
  readonly #openPorts: OpenPorts;
  readonly #open = new Map<number, Open>();
  #next: number;

  /**
   * `first`: where it begins, 0 up to 1; another one at each start, so that an older run's answers find nobody. `openPorts`: by
   * which the path knows what to hand up; default: nobody looks.
   */
  constructor(frames: IpFrames, first: number, openPorts: OpenPorts = OpenPorts.ofSize(PROBE_PORTS)) {
    this.#frames = frames;
    this.#openPorts = openPorts;
    this.#next = Math.floor(first * PROBE_PORTS);
  }

  /** A port on which the machine with this MAC is listened to; undefined when all are taken. */
  open(mac: Mac, listener: Listener): number | undefined {
    if (this.#open.size === PROBE_PORTS) return undefined;
    let port: number;
    do {
      port = FIRST_PROBE_PORT + this.#next;
      this.#next = (this.#next + 1) % PROBE_PORTS;
    } while (this.#open.has(port));
    this.#open.set(port, { mac, listener });
    this.#openPorts.open(port - FIRST_PROBE_PORT, mac);
    return port;
  }

  close(port: number): void {
    this.#open.delete(port);
    this.#openPorts.close(port - FIRST_PROBE_PORT);
  }

  /** False when the frame is nobody's answer. */
  heard(frame: Frame): boolean {
    const packet = this.#frames.packetOf(frame);
    const port = packet === undefined ? NO_PROBE_PORT : probePortOf(packet);
    const open = this.#open.get(port);
    if (packet === undefined || open === undefined) return false;
    const { high, low } = this.#frames.macOf(frame);
    if (high !== open.mac.high || low !== open.mac.low || !isUpperRight(packet)) return false;
    const [from, to] = addressesOf(packet);
    return open.listener({ packet, from, to });
  }
}
