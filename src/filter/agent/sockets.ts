/** The agents' UDP: a socket at the backend's own address, and one to send from for a family that only others have. */

import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { UsageError } from "../../input/errors.ts";
import { isIpv6 } from "../../wire/address.ts";
import type { BackendConfig, ClusterConfig } from "../../config/config.ts";

type Family = "udp4" | "udp6";

export class HeartbeatSockets {
  /** Hears what is sent to the backend's address, and nothing else. */
  readonly #own: Socket;
  readonly #sockets: ReadonlyMap<Family, Socket>;
  /** By backend. */
  readonly #addresses: ReadonlyMap<string, string>;
  readonly #port: number;
  /** Settled when the last datagram has left. */
  #sent: Promise<unknown> = Promise.resolve();

  private constructor(
    own: Socket,
    sockets: ReadonlyMap<Family, Socket>,
    addresses: ReadonlyMap<string, string>,
    port: number,
  ) {
    this.#own = own;
    this.#sockets = sockets;
    this.#addresses = addresses;
    this.#port = port;
  }

  /** Of the agent of a backend; all agents of the cluster have the same port. Throws UsageError when the port is taken. */
  static async open(
    { backends }: Pick<ClusterConfig, "backends">,
    self: Pick<BackendConfig, "name" | "address">,
    port: number,
  ): Promise<HeartbeatSockets> {
    const own = await openSocket(self.address, port);
    const sockets = new Map([[familyOf(self.address), own]]);
    for (const family of new Set(backends.map(({ address }) => familyOf(address)))) {
      if (!sockets.has(family)) {
        sockets.set(family, createSocket({ type: family, ipv6Only: family === "udp6" }));
      }
    }
    const addresses = new Map(backends.map(({ name, address }) => [name, address]));
    return new HeartbeatSockets(own, sockets, addresses, port);
  }

  /** Calls `hear` for each datagram that comes. `from` is the sender's address. */
  onDatagram(hear: (datagram: Uint8Array, from: string) => void): void {
    this.#own.on("message", (datagram, { address }) => hear(datagram, address));
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

async function openSocket(address: string, port: number): Promise<Socket> {
  const family = familyOf(address);
  const socket = createSocket({ type: family, ipv6Only: family === "udp6" });
  socket.bind(port, address);
  try {
    await once(socket, "listening");
  } catch (error) {
    throw new UsageError(
      `Cannot listen on UDP port ${port} of ${address} (${(error as NodeJS.ErrnoException).code}); ` +
        "is an agent running already? Each cluster's agent needs a port of its own",
    );
  }
  return socket;
}
