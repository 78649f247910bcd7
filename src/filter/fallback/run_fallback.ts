/** The start and the stop of the fallback, on the backend's own link. */

import { parseMac } from "../../wire/address.ts";
import * as ifreq from "../../device/ifreq.ts";
import { type PacketSocket, PacketSocketError } from "../../device/packet_socket.ts";
import { fallbackAddresses } from "./addresses.ts";
import { FallbackLoop, type FallbackOptions } from "./fallback_loop.ts";
import { openLinkSockets } from "./link_sockets.ts";

/** Answers in the dispatcher's place until the function that it returns is called. Without the right to, it says so in the log. */
export function runFallback(interfaceName: string, options: FallbackOptions): () => void {
  const { config, cluster, log } = options;
  const dispatcher = config.dispatcher.addresses.map(({ address }) => address);
  let sockets: readonly PacketSocket[];
  try {
    sockets = openLinkSockets(interfaceName, dispatcher, fallbackAddresses(config, cluster));
  } catch (error) {
    if (!(error instanceof PacketSocketError)) throw error;
    log.warn(
      { interface: interfaceName },
      `${error.message}. If the dispatcher is gone while this backend is the first live one, nobody answers the routers`,
    );
    return () => {};
  }
  const loop = new FallbackLoop(options, parseMac(ifreq.mac(interfaceName))!, sockets);
  loop.start();
  return () => {
    loop.stop();
    for (const socket of sockets) socket.close();
  };
}
