/** A machine on links: a client, a server, or a router. What it does not say otherwise it does as Linux. */

import type { Packet } from "../../path/packet.ts";
import type { VirtualClock } from "../../system/virtual_clock.ts";
import { ofName, ofWords } from "../../table/hash.ts";
import type { Mac } from "../../wire/address.ts";
import * as protocol from "../../wire/protocol.ts";
import type { Interface } from "./interface.ts";
import { type HeardError, IpLayer, type Upper } from "./ip_layer.ts";
import { MachineClock } from "./machine_clock.ts";
import { Pings } from "./pings.ts";
import { macOf, Port } from "./port.ts";
import { TcpLayer } from "./tcp_layer.ts";
import { UdpLayer } from "./udp_layer.ts";

export interface HostOptions {
  /** It is a router. */
  readonly forwards?: boolean;
  /** Of all that it draws. */
  readonly seed?: number;
}

export class Host implements Upper {
  readonly name: string;
  /** Its programs' time. */
  readonly clock: MachineClock;
  readonly ip: IpLayer;
  readonly tcp: TcpLayer;
  readonly udp: UdpLayer;
  readonly pings: Pings;
  #isUp = true;

  constructor(time: VirtualClock, name: string, { forwards = false, seed = 0 }: HostOptions = {}) {
    this.name = name;
    this.clock = new MachineClock(time);
    const own = ofWords(ofName(name), 0, seed);
    this.ip = new IpLayer(time, own, forwards, this);
    this.tcp = new TcpLayer(this.ip, this.clock, own);
    this.udp = new UdpLayer(this.ip);
    this.pings = new Pings(this.ip, time);
  }

  /** `addresses`: such as `10.0.0.5/24`. */
  addInterface(name: string, addresses: readonly string[], mac: Mac = macOf(this.name, name)): Interface {
    return this.ip.addInterface(new Port(this.name, name, mac), addresses);
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  /** Its power is cut: nobody is told, and nothing is kept but what is on its disk. */
  kill(): void {
    this.#isUp = false;
    for (const { port } of this.ip.interfaces) port.isUp = false;
    this.tcp.forget();
    this.pings.forget();
    this.ip.forget();
  }

  heal(): void {
    this.#isUp = true;
    for (const { port } of this.ip.interfaces) port.isUp = true;
  }

  // What IP brings.

  hearTcp(packet: Packet): void {
    this.tcp.hear(packet);
  }

  hearUdp(packet: Packet): void {
    this.udp.hear(packet);
  }

  hearEchoReply(packet: Packet): void {
    this.pings.hear(packet);
  }

  hearError(error: HeardError): boolean {
    switch (error.protocol) {
      case protocol.TCP:
        return this.tcp.hearError(error);
      case protocol.UDP:
        return this.udp.hearError(error);
      case protocol.ICMP:
      case protocol.ICMPV6:
        return this.pings.hearError(error);
      default:
        return false;
    }
  }
}
