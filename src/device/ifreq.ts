/**
 * struct ifreq, and what the kernel is asked with it (netdevice(7)). 40 octets on 64-bit Linux:
 *
 *      0                16                                       40
 *     +----------------+-----------------------------------------+
 *     | name, NUL      | flags | MTU | index | struct sockaddr   |
 *     +----------------+-----------------------------------------+
 *
 * Host byte order, little-endian on every machine that this runs on; addresses are in network order.
 * What asks the kernel to change something returns 0 or, as inside the kernel, the negative error number.
 */

import { type Cidr, formatMac, ipOf, type Mac } from "../wire/address.ts";
import { libc } from "./libc.ts";

const SIZE = 40;
const UNION = 16;

const SIOCGIFFLAGS = 0x8913;
const SIOCSIFFLAGS = 0x8914;
const SIOCGIFADDR = 0x8915;
const SIOCSIFADDR = 0x8916;
const SIOCGIFNETMASK = 0x891b;
const SIOCSIFNETMASK = 0x891c;
const SIOCGIFMTU = 0x8921;
const SIOCSIFMTU = 0x8922;
const SIOCSIFHWADDR = 0x8924;
const SIOCGIFHWADDR = 0x8927;
const SIOCGIFINDEX = 0x8933;
const SIOCDIFADDR = 0x8936;
const SIOCGIFTXQLEN = 0x8942;
const SIOCBRADDIF = 0x89a2;
const SIOCBRDELIF = 0x89a3;

const AF_INET = 2;
const AF_INET6 = 10;
const SOCK_DGRAM = 2;
const ARPHRD_ETHER = 1;
const IFF_UP = 0x1;
const IFF_RUNNING = 0x40;

/** A request about the named interface. */
export function of(name: string): Uint8Array {
  const request = new Uint8Array(SIZE);
  new TextEncoder().encodeInto(name, request.subarray(0, UNION - 1));
  return request;
}

/** The name that an answer carries. */
export function name(answer: Uint8Array): string {
  return new TextDecoder().decode(answer.subarray(0, answer.indexOf(0)));
}

export function putFlags(request: Uint8Array, flags: number): void {
  view(request).setUint16(UNION, flags, true);
}

export function exists(name: string): boolean {
  return ask(SIOCGIFINDEX, of(name)) >= 0;
}

/** The interface's index; 0 where there is none. */
export function index(name: string): number {
  const request = of(name);
  return ask(SIOCGIFINDEX, request) < 0 ? 0 : view(request).getInt32(UNION, true);
}

export function isUp(name: string): boolean {
  return (flags(name) & IFF_UP) !== 0;
}

/** Up, and with a carrier. False also for an interface that is gone. */
export function isRunning(name: string): boolean {
  return (flags(name) & IFF_RUNNING) !== 0;
}

/** 0 where there is no such interface. */
function flags(name: string): number {
  const request = of(name);
  return ask(SIOCGIFFLAGS, request) < 0 ? 0 : view(request).getUint16(UNION, true);
}

export function setUp(name: string, up: boolean): number {
  const request = of(name);
  const asked = ask(SIOCGIFFLAGS, request);
  if (asked < 0) return asked;
  const flags = view(request).getUint16(UNION, true);
  putFlags(request, up ? flags | IFF_UP : flags & ~IFF_UP);
  return ask(SIOCSIFFLAGS, request);
}

export function mtu(name: string): number {
  const request = of(name);
  ask(SIOCGIFMTU, request);
  return view(request).getInt32(UNION, true);
}

export function setMtu(name: string, mtu: number): number {
  const request = of(name);
  view(request).setInt32(UNION, mtu, true);
  return ask(SIOCSIFMTU, request);
}

export function queueLength(name: string): number {
  const request = of(name);
  ask(SIOCGIFTXQLEN, request);
  return view(request).getInt32(UNION, true);
}

/** As text, lower case. */
export function mac(name: string): string {
  const request = of(name);
  ask(SIOCGIFHWADDR, request);
  return formatMac(view(request).getUint16(UNION + 2), view(request).getInt32(UNION + 4));
}

export function setMac(name: string, mac: Mac): number {
  const request = of(name);
  view(request).setUint16(UNION, ARPHRD_ETHER, true);
  view(request).setUint16(UNION + 2, mac.high);
  view(request).setInt32(UNION + 4, mac.low);
  return ask(SIOCSIFHWADDR, request);
}

/** The first, as canonical text. */
export function ipv4(name: string): Cidr | undefined {
  const request = of(name);
  if (ask(SIOCGIFADDR, request) < 0) return undefined;
  const address = ipOf(request.slice(UNION + 4, UNION + 8));
  ask(SIOCGIFNETMASK, request);
  return { address, prefixLength: Math.clz32(~view(request).getInt32(UNION + 4)) };
}

export function setIpv4(name: string, address: number, netmask: number): number {
  const set = ask(SIOCSIFADDR, withAddress(name, address));
  return set < 0 ? set : ask(SIOCSIFNETMASK, withAddress(name, netmask));
}

export function addIpv6(name: string, address: Uint8Array, prefixLength: number): number {
  return ask(SIOCSIFADDR, in6Ifreq(name, address, prefixLength), AF_INET6);
}

export function deleteIpv6(name: string, address: Uint8Array, prefixLength: number): number {
  return ask(SIOCDIFADDR, in6Ifreq(name, address, prefixLength), AF_INET6);
}

/** struct in6_ifreq: address (16), prefix length (4), interface index (4). */
function in6Ifreq(name: string, address: Uint8Array, prefixLength: number): Uint8Array {
  const request = new Uint8Array(24);
  request.set(address);
  view(request).setUint32(16, prefixLength, true);
  view(request).setInt32(20, index(name), true);
  return request;
}

export function joinBridge(name: string, bridge: string): number {
  return askBridge(SIOCBRADDIF, name, bridge);
}

export function leaveBridge(name: string, bridge: string): number {
  return askBridge(SIOCBRDELIF, name, bridge);
}

function askBridge(request: number, port: string, bridge: string): number {
  const argument = of(bridge);
  view(argument).setInt32(UNION, index(port), true);
  return ask(request, argument);
}

/** The request with a struct sockaddr_in: family (2), port (2), address (4). */
function withAddress(name: string, address: number): Uint8Array {
  const request = of(name);
  view(request).setUint16(UNION, AF_INET, true);
  view(request).setInt32(UNION + 4, address);
  return request;
}

function ask(request: number, argument: Uint8Array, family = AF_INET): number {
  const socket = libc.socket(family, SOCK_DGRAM, 0);
  const result = libc.ioctl(socket, request, argument);
  const errno = result < 0 ? libc.errno() : 0;
  libc.close(socket);
  return result < 0 ? -errno : result;
}

function view(request: Uint8Array): DataView {
  return new DataView(request.buffer, request.byteOffset, request.byteLength);
}
