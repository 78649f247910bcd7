/**
 * A TAP or TUN interface: a network interface whose wire is this process (Documentation/networking/tuntap.rst). A TAP carries
 * Ethernet frames, a TUN IP packets.
 *
 * Everything is done by system calls, so that on Deno the permission to call libc is the only one needed.
 */

import * as virtio from "../wire/virtio.ts";
import { isIpv6, netmask, parseCidr, parseMac, wordOf } from "../wire/address.ts";
import { describeErrno, EACCES, EBUSY, EINVAL, ENODEV, ENOENT, ENOTTY, EOPNOTSUPP, EPERM } from "./errno.ts";
import * as ifreq from "./ifreq.ts";
import { libc } from "./libc.ts";
import { openQueues, setQueueLength } from "./links.ts";
import { grant, type OffloadName, TUNSETOFFLOAD } from "./offloads.ts";
import { Queue } from "./queue.ts";
import { loadSteering, steer, steerNoMore } from "./steering.ts";
import { TapError } from "./tap_error.ts";

/** How an interface is to be. What is left out stays as the kernel makes it. */
export interface InterfaceOptions {
  /** At most 15 octets. An existing one of that name is adopted. Default: the kernel chooses, `tap0` for example. */
  name?: string;
  /** The kernel's side of the interface. */
  mac?: string;
  mtu?: number;
  /** The kernel's side, such as `10.0.0.1/24`. */
  ipv4?: string;
  /** Name of a bridge to join. */
  bridge?: string;
  /** Default true. */
  up?: boolean;
  /** How many descriptors share the traffic, by flow; default 1. An existing interface must have been made with as many. */
  queues?: number;
  /** A further queue for ARP and neighbor discovery alone (steering.ts), where the kernel grants it. Default false. */
  neighborQueue?: boolean;
  /** How many frames may wait in a queue to be read, when the interface is made here. Default: the kernel's, 1000. */
  queueLength?: number;
  /**
   * A virtio header (wire/virtio.ts) stands before each frame, and the kernel may leave checksums to the wire's end and pass
   * frames of up to 64 KiB, as far as `granted` says. Default false: plain frames.
   */
  offloads?: boolean;
  /** The interface outlives the process. Default: as it was; one made here goes when it is closed. */
  persistent?: boolean;
}

/** An interface that another process has open and set up, and hands over: it goes on as it is. */
export interface HandedInterface {
  readonly name: string;
  /** Of the queues, in their order; the neighbor queue's is the last. */
  readonly descriptors: readonly number[];
  readonly hasNeighborQueue: boolean;
  readonly granted: readonly OffloadName[];
  readonly isAdopted: boolean;
  /** The bridge that whoever made it joined. */
  readonly joined: string | null;
}

const LONGEST_NAME = 15;

const NOT_LOADED = -1;

const O_RDWR = 0x2;
const O_NONBLOCK = 0x800;
const O_CLOEXEC = 0x80000;

const TUNSETIFF = 0x400454ca;
const TUNSETPERSIST = 0x400454cb;
const TUNGETIFF = 0x800454d2;
const TUNSETVNETHDRSZ = 0x400454d8;

export const IFF_TUN = 0x1;
export const IFF_TAP = 0x2;
const IFF_MULTI_QUEUE = 0x100;
const IFF_NO_PI = 0x1000;
const IFF_VNET_HDR = 0x4000;

/** An interface, which is its first queue. */
export class Interface extends Queue {
  readonly name: string;
  readonly queues: readonly Queue[];
  /** Undefined where it was not asked for or not granted: for want of CAP_BPF, or the interface was made for one queue. */
  readonly neighborQueue: Queue | undefined;
  /** The offloads that the kernel grants: fewer than there are, or none, on an old one. */
  readonly granted: readonly OffloadName[];
  /** It was there before, so it stays when it is closed. */
  readonly isAdopted: boolean;
  readonly #joined: string | undefined;
  readonly #opened: Queue[];
  #open = true;

  /**
   * Opens or adopts an interface, sets it up, and takes it up; or takes over one that was handed over, whatever the options say. Throws
   * TapError and leaves nothing behind.
   */
  constructor(
    kind: typeof IFF_TUN | typeof IFF_TAP,
    options: InterfaceOptions = {},
    handed?: HandedInterface,
  ) {
    const { name = "", up = true, queues = 1, offloads = false, neighborQueue = false } = options;
    checkName(name);
    const adopted = name !== "" && ifreq.exists(name);
    // One for several queues can be opened by several programs, which would share its frames out among them.
    if (handed === undefined && adopted && openQueues(name) > 0) throw busy(name);
    super(handed?.descriptors[0] ?? openTun(name));
    this.isAdopted = handed?.isAdopted ?? adopted;
    this.#opened = [this];
    if (handed !== undefined) {
      requireQueuesOf(handed);
      this.#opened.push(...handed.descriptors.slice(1).map((fd) => new Queue(fd)));
      this.name = handed.name;
      this.neighborQueue = handed.hasNeighborQueue ? this.#opened.at(-1) : undefined;
      this.queues = this.#opened.filter((queue) => queue !== this.neighborQueue);
      this.granted = handed.granted;
      this.#joined = handed.joined ?? undefined;
      return;
    }
    const steering = neighborQueue ? loadSteering(queues) : NOT_LOADED;
    try {
      const flags = kind | IFF_NO_PI | (offloads ? IFF_VNET_HDR : 0);
      const wanted = flags | (queues > 1 || steering >= 0 ? IFF_MULTI_QUEUE : 0);
      const attached = attach(this.fd, name, wanted, queues === 1 ? wanted ^ IFF_MULTI_QUEUE : wanted);
      this.name = attached.name;
      while (this.#opened.length < queues) this.#addQueue(attached.flags);
      this.queues = [...this.#opened];
      const isSteered = steering >= 0 && (attached.flags & IFF_MULTI_QUEUE) !== 0;
      this.neighborQueue = isSteered ? this.#steer(steering, attached.flags) : undefined;
      // Another program may have begun at the same time.
      if (openQueues(this.name) > this.#opened.length) throw busy(this.name);
      this.granted = offloads ? this.#askForOffloads() : this.#refuseOffloads();
      if (options.persistent !== undefined) this.persistent = options.persistent;
      if (options.mac !== undefined) this.mac = options.mac;
      if (options.mtu !== undefined) this.mtu = options.mtu;
      if (options.queueLength !== undefined && !adopted) this.queueLength = options.queueLength;
      if (options.ipv4 !== undefined) this.ipv4 = options.ipv4;
      if (options.bridge !== undefined) this.#joined = joinBridge(this.name, options.bridge);
      if (up) this.isUp = true;
    } catch (error) {
      for (const queue of this.#opened) libc.close(queue.fd);
      throw error;
    } finally {
      if (steering >= 0) libc.close(steering);
    }
  }

  /** The kernel's side, such as `3a:5c:00:11:22:33`. */
  get mac(): string {
    return ifreq.mac(this.name);
  }

  set mac(mac: string) {
    const parsed = parseMac(mac);
    if (parsed === undefined) throw new TapError(`Cannot set the MAC of "${this.name}": "${mac}" is none`);
    this.#set(`MAC to ${mac}`, () => ifreq.setMac(this.name, parsed));
  }

  get mtu(): number {
    return ifreq.mtu(this.name);
  }

  set mtu(mtu: number) {
    this.#set(`MTU to ${mtu}`, () => ifreq.setMtu(this.name, mtu));
  }

  /** How many frames may wait in a queue to be read. */
  get queueLength(): number {
    return ifreq.queueLength(this.name);
  }

  set queueLength(frames: number) {
    this.#set(`queue length to ${frames}`, () => setQueueLength(this.name, frames));
  }

  /** The kernel's side, such as `10.0.0.1/24`; empty without one. */
  get ipv4(): string {
    const found = ifreq.ipv4(this.name);
    return found === undefined ? "" : `${found.address}/${found.prefixLength}`;
  }

  set ipv4(cidr: string) {
    const parsed = parseCidr(cidr.includes("/") ? cidr : `${cidr}/32`);
    if (parsed === undefined || isIpv6(parsed.address)) {
      throw new TapError(
        `Cannot set the address of "${this.name}": "${cidr}" is not of the form 10.0.0.1/24`,
      );
    }
    const { address, prefixLength } = parsed;
    this.#set(`address to ${cidr}`, () => ifreq.setIpv4(this.name, wordOf(address), netmask(prefixLength)));
  }

  get isUp(): boolean {
    return ifreq.isUp(this.name);
  }

  set isUp(up: boolean) {
    this.#set(up ? "state to up" : "state to down", () => ifreq.setUp(this.name, up));
  }

  set persistent(persistent: boolean) {
    this.#set("persistence", () => {
      return libc.ioctlNumber(this.fd, TUNSETPERSIST, persistent ? 1 : 0) < 0 ? -libc.errno() : 0;
    });
  }

  /** Leaves the bridge that it joined here and closes. An interface that was made here, and is not persistent, goes. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    if (this.#joined !== undefined) ifreq.leaveBridge(this.name, this.#joined);
    // Whoever opens it next may know nothing of super-frames.
    this.#refuseOffloads();
    if (this.neighborQueue !== undefined) steerNoMore(this.fd);
    for (const queue of this.#opened) libc.close(queue.fd);
  }

  /** What another process needs to take it over. */
  get handed(): HandedInterface {
    return {
      name: this.name,
      descriptors: this.#opened.map(({ fd }) => fd),
      hasNeighborQueue: this.neighborQueue !== undefined,
      granted: this.granted,
      isAdopted: this.isAdopted,
      joined: this.#joined ?? null,
    };
  }

  /** Closes it here. Whoever took it over has it as it is. */
  leave(): void {
    if (!this.#open) return;
    this.#open = false;
    for (const queue of this.#opened) libc.close(queue.fd);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #addQueue(flags: number): Queue {
    const queue = new Queue(openTun(this.name));
    this.#opened.push(queue);
    attach(queue.fd, this.name, flags);
    return queue;
  }

  /** The neighbor queue, when the kernel follows the program. */
  #steer(program: number, flags: number): Queue | undefined {
    const queue = this.#addQueue(flags);
    if (steer(this.fd, program)) return queue;
    libc.close(this.#opened.pop()!.fd);
    return undefined;
  }

  #askForOffloads(): readonly OffloadName[] {
    const size = new Uint8Array(Int32Array.of(virtio.HEADER).buffer);
    this.#set("virtio header", () => libc.ioctl(this.fd, TUNSETVNETHDRSZ, size) < 0 ? -libc.errno() : 0);
    return grant((flags) => libc.ioctlNumber(this.fd, TUNSETOFFLOAD, flags) >= 0);
  }

  #refuseOffloads(): readonly OffloadName[] {
    libc.ioctlNumber(this.fd, TUNSETOFFLOAD, 0);
    return [];
  }

  #set(what: string, call: () => number): void {
    const result = call();
    if (result >= 0) return;
    const errno = -result;
    const remedy = errno === EPERM || errno === EACCES ? "; run as root or with CAP_NET_ADMIN" : "";
    throw new TapError(`Cannot set ${what} on "${this.name}": ${describeErrno(errno)}${remedy}`);
  }
}

function checkName(name: string): void {
  if (new TextEncoder().encode(name).length > LONGEST_NAME) {
    throw new TapError(
      `Cannot open interface "${name}": the name is longer than ${LONGEST_NAME} octets; choose a shorter one`,
    );
  }
  if (/[\s/:]/.test(name) || name === "." || name === "..") {
    throw new TapError(
      `Cannot open interface "${name}": an interface name has no space, slash or colon; choose another one`,
    );
  }
}

function openTun(name: string): number {
  const fd = libc.open(new TextEncoder().encode("/dev/net/tun\0"), O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (fd >= 0) return fd;
  const errno = libc.errno();
  const remedy = errno === ENOENT || errno === ENODEV
    ? 'the kernel has no TUN/TAP device here; try "modprobe tun", or in a container "--device /dev/net/tun"'
    : errno === EACCES || errno === EPERM
    ? "run as root, or give this user access to /dev/net/tun and CAP_NET_ADMIN"
    : describeErrno(errno);
  throw new TapError(`Cannot open interface "${name}": /dev/net/tun: ${describeErrno(errno)}; ${remedy}`);
}

/**
 * Makes the descriptor a wire of the named interface: by `flags`, or by `otherFlags` when one that exists is not made for those.
 * The name that the kernel gave it, and the flags that it took.
 */
function attach(
  fd: number,
  name: string,
  flags: number,
  otherFlags = flags,
): { name: string; flags: number } {
  const existed = name !== "" && ifreq.exists(name);
  const request = ifreq.of(name);
  let errno = 0;
  for (const tried of new Set([flags, otherFlags])) {
    ifreq.putFlags(request, tried);
    if (libc.ioctl(fd, TUNSETIFF, request) >= 0) return { name: ifreq.name(request), flags: tried };
    errno = libc.errno();
    if (errno !== EINVAL || !existed) break;
  }
  if (errno === EBUSY) throw busy(name);
  const why = errno === EINVAL && existed && flags === otherFlags
    ? `one of that name exists, and for one queue only or of another kind; delete it, or make it with ` +
      `"ip tuntap add ${name} mode tap multi_queue"`
    : errno === EINVAL && existed
    ? "one of that name exists and is of another kind; choose another name or delete it"
    : errno === EPERM || errno === EACCES
    ? `${describeErrno(errno)}; run as root or with CAP_NET_ADMIN`
    : errno === ENOTTY
    ? `/dev/net/tun is another device; replace it: "rm /dev/net/tun && mknod /dev/net/tun c 10 200"`
    : describeErrno(errno);
  throw new TapError(`Cannot open interface "${name}": ${why}`);
}

/** Closes the descriptors and throws TapError when they are not what they are said to be. */
function requireQueuesOf({ name, descriptors }: HandedInterface): void {
  const names = descriptors.map((fd) => {
    const request = ifreq.of("");
    return libc.ioctl(fd, TUNGETIFF, request) < 0 ? undefined : ifreq.name(request);
  });
  if (names.length > 0 && names.every((one) => one === name)) return;
  for (const fd of descriptors) libc.close(fd);
  throw new TapError(`Cannot take over "${name}": what was handed over are not its queues`);
}

function busy(name: string): TapError {
  return new TapError(
    `Cannot open interface "${name}": another program has it open; stop that program or choose another name`,
  );
}

/** The bridge, when it was this call that joined it. */
function joinBridge(name: string, bridge: string): string | undefined {
  if (!ifreq.exists(bridge)) {
    throw new TapError(
      `Cannot add "${name}" to bridge "${bridge}": there is no such interface; ` +
        `make it with "ip link add ${bridge} type bridge"`,
    );
  }
  const result = ifreq.joinBridge(name, bridge);
  if (result >= 0) return bridge;
  const errno = -result;
  // A port already: of this bridge or of another one, which only its owner should change.
  if (errno === EBUSY) return undefined;
  const why = errno === EINVAL || errno === EOPNOTSUPP ? `"${bridge}" is no bridge` : describeErrno(errno);
  throw new TapError(`Cannot add "${name}" to bridge "${bridge}": ${why}`);
}
