/** The fallback at work: packet sockets on the backend's link, a clock, and the log. */

import type { Logger } from "pino";
import { contains, isIpv6, type Mac, parseMac, wordOf, wordsOf } from "../wire/address.ts";
import * as ethernet from "../wire/ethernet.ts";
import * as icmpv6 from "../wire/icmpv6.ts";
import * as ipv6 from "../wire/ipv6.ts";
import * as nd from "../wire/nd.ts";
import * as arp from "../wire/arp.ts";
import * as bpf from "../device/bpf.ts";
import * as ifreq from "../device/ifreq.ts";
import { PacketSocket, PacketSocketError } from "../device/packet_socket.ts";
import { type BackendConfig, type ClusterConfig, type Config, mayBroadcast } from "../control/config.ts";
import { LinkFrames } from "../control/link_frames.ts";
import type { Frame } from "../control/own_frames.ts";
import { Fallback } from "./fallback.ts";
import { LinkQuestions } from "./link_questions.ts";

const TURN_MS = 250;
/** Frames of a socket that are read in a turn. While there are more, nothing is decided. */
const MOST_AT_ONCE = 500;
/** Longer than any neighbor discovery message that means something here. */
const SLOT = 2048;

export interface FallbackOptions {
  readonly config: Config;
  readonly cluster: ClusterConfig;
  readonly self: BackendConfig;
  readonly interfaceName: string;
  /** The live backends by name, in order. */
  readonly live: () => readonly string[];
  readonly log: Logger;
}

/**
 * Addresses for which the agents of a cluster answer: its own, and the dispatcher's when no cluster needs the dispatcher. Those
 * are the routers' next hop; they are the affair of one cluster's agents.
 */
export function fallbackAddresses({ dispatcher, clusters }: Config, cluster: ClusterConfig): string[] {
  const isForAll = clusters.every(mayBroadcast) &&
    clusters.find(({ agent }) => agent !== undefined)?.name === cluster.name;
  return [...cluster.addresses, ...(isForAll ? dispatcher.addresses.map(({ address }) => address) : [])];
}

/** Answers in the dispatcher's place until the function that it returns is called. Without the right to, it says so in the log. */
export function runFallback(
  { config, cluster, self, interfaceName, live, log }: FallbackOptions,
): () => void {
  const { dispatcher } = config;
  const mac = parseMac(ifreq.mac(interfaceName))!;
  const own = dispatcher.addresses.map(({ address }) => address);
  const addresses = fallbackAddresses(config, cluster);
  let sockets: readonly PacketSocket[];
  try {
    sockets = openSockets(interfaceName, own, addresses);
  } catch (error) {
    if (!(error instanceof PacketSocketError)) throw error;
    log.warn(
      { interface: interfaceName },
      `${error.message}. While this is the first live backend nobody answers the routers when the dispatcher is gone`,
    );
    return () => {};
  }

  const link = dispatcher.addresses.find((link) => contains(link, self.address)) ?? dispatcher.addresses[0]!;
  const frames = new LinkFrames({
    mac,
    vlan: undefined,
    addresses: [{ address: self.address, prefixLength: link.prefixLength }],
  });
  const questions = new LinkQuestions(mac);
  const backends = cluster.backends.map(({ address }) => address);
  const fallback = new Fallback();
  const slot = new Uint8Array(SLOT);
  const send = (frame: Frame) => void sockets[0]!.write(frame, frame.length);

  const hear = (frame: Frame) => {
    const nowMs = performance.now();
    const claim = frames.claim(frame);
    if (claim !== undefined && own.includes(claim.address) && !ethernet.isGroup(claim.mac.high)) {
      fallback.heardDispatcher(nowMs);
    }
    const question = questions.read(frame);
    // What a backend asks is its agent's question whether the dispatcher is there.
    if (question === undefined || backends.includes(question.from)) return;
    if (addresses.includes(question.address)) fallback.heardQuestion(question, nowMs);
  };
  let wasAnswering = false;
  const tell = (first: string | undefined) => {
    if (fallback.isAnswering === wasAnswering) return;
    wasAnswering = fallback.isAnswering;
    if (wasAnswering) log.info({ addresses }, "the dispatcher is gone: answers for the cluster");
    else if (first === self.name) log.info("the dispatcher is back");
    else log.info({ backend: first }, "another backend answers for the cluster");
  };
  const timer = setInterval(() => {
    const first = live()[0];
    const isAll = sockets.map((socket) => drain(socket, slot, hear)).every((isEmpty) => isEmpty);
    if (isAll) {
      const { mustAsk, answers } = fallback.turn(performance.now(), first === self.name);
      if (mustAsk) send(frames.question(link.address, undefined));
      for (const question of answers) send(questions.answer(question, cluster.group));
    }
    tell(first);
  }, TURN_MS);
  return () => {
    clearInterval(timer);
    for (const socket of sockets) socket.close();
  };
}

/** Reads what waits; false when there is more. */
function drain(socket: PacketSocket, slot: Uint8Array<ArrayBuffer>, hear: (frame: Frame) => void): boolean {
  for (let count = 0; count < MOST_AT_ONCE; count++) {
    const length = socket.read(slot);
    if (length === 0) return true;
    hear(slot.subarray(0, length));
  }
  return false;
}

const ARP = ethernet.HEADER;
const IP = ethernet.HEADER;
const MESSAGE = IP + ipv6.HEADER;
/** The last word of an IPv6 address tells most apart; the rest is looked at when it is read. */
const LAST_WORD = 12;

/**
 * One for each family, the first to send by. They get what comes from the dispatcher's addresses or is about one of these; all
 * other traffic stays in the kernel.
 */
function openSockets(
  interfaceName: string,
  dispatcher: readonly string[],
  addresses: readonly string[],
): PacketSocket[] {
  const about = [...new Set([...dispatcher, ...addresses])];
  const words = (of: readonly string[]) => of.filter((address) => !isIpv6(address)).map(wordOf);
  const words6 = (of: readonly string[]) => of.filter(isIpv6).map((address) => wordsOf(address)[3]!);
  const sockets: PacketSocket[] = [];
  const open = (etherType: number, filter: Uint8Array<ArrayBuffer>, groups: readonly Mac[] = []) =>
    sockets.push(new PacketSocket({ interfaceName, etherType, filter, groups }));
  try {
    open(
      ethernet.TYPE_ARP,
      bpf.program(
        bpf.takeWord(ARP + arp.SENDER_IP, words(dispatcher)),
        bpf.takeWord(ARP + arp.TARGET_IP, words(addresses)),
      ),
    );
    open(
      ethernet.TYPE_IPV6,
      bpf.program(
        bpf.needOctet(IP + ipv6.NEXT_HEADER, ipv6.ICMPV6),
        bpf.needOctet(MESSAGE, icmpv6.NEIGHBOR_SOLICITATION, icmpv6.NEIGHBOR_ADVERTISEMENT),
        bpf.takeWord(IP + ipv6.SRC + LAST_WORD, words6(dispatcher)),
        bpf.takeWord(MESSAGE + nd.TARGET + LAST_WORD, words6(about)),
      ),
      // The card of a machine that has not the address need not take questions for it.
      words6(addresses).map((word) => ({ high: nd.GROUP_MAC_HIGH, low: nd.solicitedNodeMacLow(word) })),
    );
  } catch (error) {
    for (const socket of sockets) socket.close();
    throw error;
  }
  return sockets;
}
