/** The agents' UDP: a socket for each family that the backends' addresses have. */

import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { UsageError } from "../../input/errors.ts";
import { isIpv6 } from "../../wire/address.ts";
import type { ClusterConfig } from "../../config/config.ts";

type Family = "udp4" | "udp6";

export class HeartbeatSockets {
  readonly #sockets: ReadonlyMap<Family, Socket>;
  /** By backend. */
  readonly #addresses: ReadonlyMap<string, string>;
  readonly #port: number;
  /** Settled when the last datagram has left. */
  #sent: Promise<unknown> = Promise.resolve();

  private constructor(
    sockets: ReadonlyMap<Family, Socket>,
    addresses: ReadonlyMap<string, string>,
    port: number,
  ) {
    this.#sockets = sockets;
    this.#addresses = addresses;
    this.#port = port;
  }

  /** All agents of the cluster have the same port. Throws UsageError when the port is taken. */
  static async open({ backends }: ClusterConfig, port: number): Promise<HeartbeatSockets> {
    const sockets = new Map<Family, Socket>();
    for (const family of new Set(backends.map(({ address }) => familyOf(address)))) {
      sockets.set(family, await openSocket(family, port));
    }
    return new HeartbeatSockets(sockets, new Map(backends.map(({ name, address }) => [name, address])), port);
  }

  /** Calls `hear` for each datagram that comes. `from` is the sender's address. */
  onDatagram(hear: (datagram: Uint8Array, from: string) => void): void {
    for (const socket of this.#sockets.values()) {
      socket.on("message", (datagram, { address }) => hear(datagram, address));
    }
  }

  /** To the agent of a backend. What cannot be sent is lost, like any datagram: the other will notice. */
  send(datagram: Uint8Array, to: string): void {
    const address = this.#addresses.get(to)!;
    const sending = new Promise((done) =>
      this.#sockets.get(familyOf(address))!.send(datagram, this.#port, address, done)
    );
    this.#sent = this.#sent.then(() => sending);
  }

  async close(): Promise<void> {
    await this.#sent;
    for (const socket of this.#sockets.values()) socket.close();
  }
}

function familyOf(address: string): Family {
  return isIpv6(address) ? "udp6" : "udp4";
}

async function openSocket(family: Family, port: number): Promise<Socket> {
  const socket = createSocket(family === "udp6" ? { type: family, ipv6Only: true } : { type: family });
  socket.bind(port);
  try {
    await once(socket, "listening");
  } catch (error) {
    throw new UsageError(
      `Cannot listen on UDP port ${port} (${(error as NodeJS.ErrnoException).code}); ` +
        "is an agent running already? Each cluster's agent needs a port of its own",
    );
  }
  return socket;
}
