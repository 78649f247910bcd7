/** The packet sockets by which the fallback hears the link: ARP and neighbor discovery about a few addresses, and nothing else. */

import { isIpv6, type Mac, wordOf, wordsOf } from "../../wire/address.ts";
import * as arp from "../../wire/arp.ts";
import * as ethernet from "../../wire/ethernet.ts";
import * as icmpv6 from "../../wire/icmpv6.ts";
import * as ipv6 from "../../wire/ipv6.ts";
import * as nd from "../../wire/nd.ts";
import * as protocol from "../../wire/protocol.ts";
import * as bpf from "../../device/bpf.ts";
import { PacketSocket } from "../../device/packet_socket.ts";

const ARP = ethernet.HEADER;
const IP = ethernet.HEADER;
const MESSAGE = IP + ipv6.HEADER;
/** The last word of an IPv6 address tells most apart. The rest is looked at when the frame is read. */
const LAST_WORD = 12;

/**
 * One for each family. They get what comes from the dispatcher's addresses or is about one of `addresses`; all other traffic
 * stays in the kernel. Throws PacketSocketError and leaves none open.
 */
export function openLinkSockets(
  interfaceName: string,
  dispatcher: readonly string[],
  addresses: readonly string[],
): PacketSocket[] {
  const arpSocket = new PacketSocket({
    interfaceName,
    etherType: ethernet.TYPE_ARP,
    filter: arpFilter(dispatcher, addresses),
  });
  try {
    return [
      arpSocket,
      new PacketSocket({
        interfaceName,
        etherType: ethernet.TYPE_IPV6,
        filter: discoveryFilter(dispatcher, addresses),
        groups: solicitedNodeGroups(addresses),
      }),
    ];
  } catch (error) {
    arpSocket.close();
    throw error;
  }
}

function arpFilter(dispatcher: readonly string[], addresses: readonly string[]): Uint8Array<ArrayBuffer> {
  const words = (of: readonly string[]) => of.filter((address) => !isIpv6(address)).map(wordOf);
  return bpf.program(
    bpf.takeWord(ARP + arp.SENDER_IP, words(dispatcher)),
    bpf.takeWord(ARP + arp.TARGET_IP, words(addresses)),
  );
}

function discoveryFilter(
  dispatcher: readonly string[],
  addresses: readonly string[],
): Uint8Array<ArrayBuffer> {
  const targets = [...new Set([...dispatcher, ...addresses])];
  return bpf.program(
    bpf.needOctet(IP + ipv6.NEXT_HEADER, protocol.ICMPV6),
    bpf.needOctet(MESSAGE, icmpv6.NEIGHBOR_SOLICITATION, icmpv6.NEIGHBOR_ADVERTISEMENT),
    bpf.takeWord(IP + ipv6.SRC + LAST_WORD, lastWords(dispatcher)),
    bpf.takeWord(MESSAGE + nd.TARGET + LAST_WORD, lastWords(targets)),
  );
}

/** Questions for an address go to its group. The card of a machine that does not have the address need not take them. */
function solicitedNodeGroups(addresses: readonly string[]): Mac[] {
  return lastWords(addresses).map((word) => ({
    high: nd.GROUP_MAC_HIGH,
    low: nd.solicitedNodeMacLow(word),
  }));
}

/** Of the IPv6 addresses among these. */
function lastWords(addresses: readonly string[]): number[] {
  return addresses.filter(isIpv6).map((address) => wordsOf(address)[3]!);
}
