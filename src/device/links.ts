/** The interfaces of this network namespace and their addresses, as the kernel lists and changes them over netlink. */

import { ipOf } from "../wire/address.ts";
import * as ifreq from "./ifreq.ts";
import { attributes, change, dump, wordAttribute } from "./netlink.ts";

const RTM_GETLINK = 18;
const RTM_SETLINK = 19;
const RTM_GETADDR = 22;

/** struct ifinfomsg: family (1), padding (1), type (2), index (4), flags (4), change (4). */
const LINK_HEADER = 16;
const IFLA_IFNAME = 3;
const IFLA_MASTER = 10;
const IFLA_TXQLEN = 13;
const IFLA_LINKINFO = 18;
const IFLA_INFO_DATA = 2;
const IFLA_TUN_MULTI_QUEUE = 7;
const IFLA_TUN_NUM_QUEUES = 8;
const IFLA_TUN_NUM_DISABLED_QUEUES = 9;

/** struct ifaddrmsg: family (1), prefix length (1), flags (1), scope (1), index (4). */
const ADDRESS_HEADER = 8;
const IFA_ADDRESS = 1;
const IFA_LOCAL = 2;

interface LinkMessage {
  readonly index: number;
  readonly name: string;
  /** Index of the bridge; undefined when it is a port of none. */
  readonly master: number | undefined;
  readonly info: ReadonlyMap<number, DataView>;
}

/** Queues of a TAP for several queues that programs have open. 0 for any other interface, or where the kernel does not say. */
export function openQueues(name: string): number {
  const data = links().find((link) => link.name === name)?.info.get(IFLA_INFO_DATA);
  const tun = data === undefined ? new Map<number, DataView>() : attributes(data);
  if (tun.get(IFLA_TUN_MULTI_QUEUE)?.getUint8(0) !== 1) return 0;
  return [IFLA_TUN_NUM_QUEUES, IFLA_TUN_NUM_DISABLED_QUEUES]
    .reduce((sum, type) => sum + (tun.get(type)?.getUint32(0, true) ?? 0), 0);
}

/** The bridge that an interface is a port of, with its other ports; undefined when it is in none. */
export function bridgeOf(name: string): { readonly name: string; readonly otherPorts: string[] } | undefined {
  const all = links();
  const master = all.find((link) => link.name === name)?.master;
  const bridge = all.find(({ index }) => master !== undefined && index === master);
  if (bridge === undefined) return undefined;
  const ports = all.filter((link) => link.master === master && link.name !== name);
  return { name: bridge.name, otherPorts: ports.map((port) => port.name) };
}

/**
 * How many frames may wait in a queue of an interface; 0 or the negative error number. The ioctl for it wants a right over the whole
 * machine, which root of a user namespace or of a container may not have; here one over the network namespace is enough.
 */
export function setQueueLength(name: string, frames: number): number {
  const payload = new Uint8Array(LINK_HEADER + 8);
  new DataView(payload.buffer).setInt32(4, ifreq.index(name), true);
  payload.set(wordAttribute(IFLA_TXQLEN, frames), LINK_HEADER);
  return change(RTM_SETLINK, payload);
}

/** An address of this machine, and the interface that has it. */
export interface LocalAddress {
  /** Canonical text. */
  readonly address: string;
  readonly interfaceName: string;
}

export function localAddresses(): LocalAddress[] {
  const names = new Map(links().map(({ index, name }) => [index, name]));
  return dump(RTM_GETADDR, ADDRESS_HEADER).flatMap((message) => {
    const found = attributes(message, ADDRESS_HEADER);
    // On a point-to-point link ADDRESS is the other end's.
    const octets = found.get(IFA_LOCAL) ?? found.get(IFA_ADDRESS);
    const interfaceName = names.get(message.getUint32(4, true));
    if (octets === undefined || interfaceName === undefined) return [];
    const address = ipOf(new Uint8Array(octets.buffer, octets.byteOffset, octets.byteLength));
    return [{ address, interfaceName }];
  });
}

function links(): LinkMessage[] {
  return dump(RTM_GETLINK, LINK_HEADER).map((message) => {
    const found = attributes(message, LINK_HEADER);
    const info = found.get(IFLA_LINKINFO);
    return {
      index: message.getInt32(4, true),
      name: textOf(found.get(IFLA_IFNAME)),
      master: found.get(IFLA_MASTER)?.getUint32(0, true),
      info: info === undefined ? new Map() : attributes(info),
    };
  });
}

/** Text that ends in a NUL. */
function textOf(octets: DataView | undefined): string {
  if (octets === undefined) return "";
  return new TextDecoder().decode(new Uint8Array(octets.buffer, octets.byteOffset, octets.byteLength - 1));
}
