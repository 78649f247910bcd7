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
  /** Addresses of the other backends. */
  readonly #others: readonly string[];
  readonly #port: number;
  /** Settled when the last datagram has left. */
  #sent: Promise<unknown> = Promise.resolve();

  private constructor(
    own: Socket,
    sockets: ReadonlyMap<Family, Socket>,
    others: readonly string[],
    port: number,
  ) {
    this.#own = own;
    this.#sockets = sockets;
    this.#others = others;
    this.#port = port;
  }

  /** Of the agent of a backend; all agents of the cluster have the same port. Throws UsageError when the port is taken. */
  static async open(
    { backends }: Pick<ClusterConfig, "backends">,
    self: Pick<BackendConfig, "name" | "address">,
    port: number,
  ): Promise<HeartbeatSockets> {
    const own = await openSocket(self.address, port);
    const others = backends.filter(({ name }) => name !== self.name).map(({ address }) => address);
    const sockets = new Map([[familyOf(self.address), own]]);
    for (const family of new Set(others.map(familyOf))) {
      if (!sockets.has(family)) {
        sockets.set(family, createSocket({ type: family, ipv6Only: family === "udp6" }));
      }
    }
    return new HeartbeatSockets(own, sockets, others, port);
  }

  /** Calls `hear` for each datagram that comes. `from` is the sender's address. */
  onDatagram(hear: (datagram: Uint8Array, from: string) => void): void {
    this.#own.on("message", (datagram, { address }) => hear(datagram, address));
  }

  /** To all other backends. What cannot be sent is lost, like any datagram: the others will notice. */
  send(datagram: Uint8Array): void {
    this.#sent = Promise.all(
      this.#others.map((address) =>
        new Promise((done) => this.#sockets.get(familyOf(address))!.send(datagram, this.#port, address, done))
      ),
    );
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
