/** Sockets in the namespaces of all nodes, and the latest of the frames that they have seen. */

import { FrameSocket } from "../device/frame_socket.ts";
import * as ifreq from "../device/ifreq.ts";
import { inNetworkNamespace } from "../device/namespace.ts";
import { LatestFrames, type ObservedFrame } from "./latest_frames.ts";
import type { ObservedNode, Position } from "./protocol.ts";

/** Octets of a frame that are kept: a whole one of most links, and the beginning of a super-frame. */
const MOST_OCTETS = 2048;
/** Frames that are read from one namespace before the others have their turn. */
const BURST = 64;

interface Eye {
  readonly socket: FrameSocket;
  /** The places of its interfaces in the list of all nodes' ones, by the kernel's number. */
  readonly places: ReadonlyMap<number, number>;
}

export class Eyes {
  readonly #eyes: readonly Eye[];
  readonly #frames = new LatestFrames();
  #missed = 0;

  /** Sees what the filter takes, a program of bpf.ts, or everything. Throws. */
  constructor(nodes: readonly ObservedNode[], filter?: Uint8Array<ArrayBuffer>) {
    const interfaces = nodes.flatMap((node) => node.interfaces);
    this.#eyes = nodes.map((node) =>
      inNetworkNamespace(node.path, () => ({
        socket: new FrameSocket({ filter }),
        places: new Map(node.interfaces.map((one) => [ifreq.index(one.interface), interfaces.indexOf(one)])),
      }))
    );
  }

  /** To wait for. */
  get fds(): number[] {
    return this.#eyes.map(({ socket }) => socket.fd);
  }

  /** Reads some of what waits there. */
  read(): void {
    for (const eye of this.#eyes) this.#readFrom(eye);
  }

  /** Reads all that has come until now. */
  readAll(): void {
    for (const eye of this.#eyes) while (this.#readFrom(eye));
  }

  /** Did it read as many as it may at a time? */
  #readFrom({ socket, places }: Eye): boolean {
    for (let count = 0; count < BURST; count++) {
      if (!socket.next()) return false;
      const place = places.get(socket.index);
      if (place === undefined) continue; // Such as lo, or a bridge.
      this.#frames.add({
        nanoseconds: socket.nanoseconds,
        interface: place,
        isOutgoing: socket.isOutgoing,
        octets: socket.slot.slice(socket.at, socket.at + Math.min(socket.length, MOST_OCTETS)),
        lengthOnWire: socket.lengthOnWire,
      });
    }
    return true;
  }

  /** Between what has come and what will come. */
  position(): Position {
    this.#missed += this.#eyes.reduce((sum, { socket }) => sum + socket.missed(), 0);
    return { number: this.#frames.next, missed: this.#missed };
  }

  /** What came since then, and how many frames did but could not be kept. */
  since(position: Position): { readonly frames: readonly ObservedFrame[]; readonly missed: number } {
    const late = this.position().missed - position.missed;
    const early = Math.max(0, this.#frames.first - position.number);
    return { frames: this.#frames.since(position.number), missed: late + early };
  }
}
