/**
 * RFC 9568, VRRP version 3: a row for each MUST that concerns a dispatcher, with what holds where it is kept and where it would be broken.
 * What it does not do is named in docs/pair.md.
 */

import { describe, expect, test } from "vitest";
import { parseConfig } from "../../src/config/config.ts";
import { VirtualClock } from "../../src/system/virtual_clock.ts";
import { AdvertisementFrames } from "../../src/vrrp/advertisement_frames.ts";
import { Arrangement } from "./arrange.ts";
import { type Advertisement, type RouterSettings, VirtualRouter } from "../../src/vrrp/virtual_router.ts";
import * as f from "../frames.ts";
import { Bench, PLAN } from "../path/arrange.ts";

interface Row {
  readonly section: string;
  readonly must: string;
  positive(): void | Promise<void>;
  negative(): void | Promise<void>;
}

const LINK_LOCAL = "fe80::200:5eff:fe00:233";
const VRRP = { id: 51, addresses: [f.IP.shared, LINK_LOCAL, f.IP6.shared] };

/** The path of one of a pair. */
function path(isActive: boolean): Bench {
  const bench = new Bench({ vrrp: VRRP });
  for (const isV6 of [false, true]) bench.table.setActive(isV6, isActive);
  return bench;
}

const became = (frame: Uint8Array, isActive = false) => path(isActive).receive(frame).verdict;
const isHeard = (frame: Uint8Array) => expect(became(frame)).toBe("heard_advertisement");
const isDropped = (frame: Uint8Array, verdict = "drop_vrrp_malformed") => expect(became(frame)).toBe(verdict);

const OWN = "10.0.0.2";
const OTHER: Advertisement = { from: "10.0.0.3", priority: 100, intervalMs: 100 };

/** A state machine alone: priority 100, every 100 ms. */
class Machine {
  readonly clock = new VirtualClock();
  readonly router: VirtualRouter;
  /** When, and with what priority. */
  readonly sent: [ms: number, priority: number][] = [];
  splits = 0;

  constructor(settings: Partial<RouterSettings> = {}) {
    this.router = new VirtualRouter(
      { priority: 100, intervalMs: 100, preempt: false, address: OWN, ...settings },
      this.clock,
      {
        advertise: (priority) => this.sent.push([this.clock.now(), priority]),
        standInMs: () => -Infinity,
        changed: () => {},
        split: () => this.splits++,
        catchUp: () => {},
        mayPreempt: () => true,
      },
    );
  }

  get state(): string {
    return this.router.state;
  }

  /** The other one says that it is active for so long. */
  async hear(ms: number, other: Partial<Advertisement> = {}): Promise<void> {
    for (let spent = 0; spent < ms; spent += 50) {
      this.router.heard({ ...OTHER, ...other });
      await this.clock.advance(50);
    }
  }

  static async backup(settings: Partial<RouterSettings> = {}): Promise<Machine> {
    const machine = new Machine(settings);
    machine.router.start();
    await machine.hear(1000);
    return machine;
  }

  static async active(settings: Partial<RouterSettings> = {}): Promise<Machine> {
    const machine = new Machine(settings);
    machine.router.start();
    await machine.clock.advance(1000);
    machine.sent.length = 0;
    return machine;
  }
}

/** 3 * 100 ms, and (256 - 100) / 256 * 100 ms. */
const SKEW_MS = 60.9375;
const DOWN_MS = 300 + SKEW_MS;

/** What it says, of either family. */
function said(isV6: boolean, checksum: "pseudo-header" | "rfc" = "pseudo-header"): Uint8Array {
  const addresses = VRRP.addresses.filter((address) => address.includes(":") === isV6);
  const frames = new AdvertisementFrames(PLAN, { id: 51, intervalMs: 50, checksum, addresses }, isV6);
  return frames.write(100);
}

const asked = (address: string = f.IP.cluster) =>
  f.ethernet(f.arp({ targetIp: address }), { dst: f.MAC.broadcast, type: f.ETHERTYPE.arp });
const solicited = (address: string = f.IP6.cluster) => {
  const low = address.endsWith("4") ? "04" : "0100";
  return f.ethernet(f.solicitation({ target: address, to: `ff02::1:ff00:${low}` }), {
    dst: `33:33:ff:00:${low === "04" ? "00:04" : "01:00"}`,
    type: f.ETHERTYPE.ipv6,
  });
};
const to = (dst: string) => f.ethernet(f.ipv4(f.udp([1])), { dst });
const to6 = (dst: string) => f.ethernet(f.ipv6(f.udp6([1])), { dst, type: f.ETHERTYPE.ipv6 });
const ping = (dst: string, mac: string) =>
  f.ethernet(f.ipv4(f.icmp(8, 0, [1]), { dst, protocol: f.PROTOCOL.icmp }), { dst: mac });

const mistakesOf = (vrrp: string): string => {
  try {
    parseConfig(
      `dispatcher: {addresses: [10.0.0.2/24, "2001:db8::2/64"], vrrp: ${vrrp}}\n` +
        "clusters: [{name: web, addresses: [10.0.0.100], backends: [{name: web1, address: 10.0.0.11}]}]\n",
      "file",
      "machine",
    );
    return "";
  } catch (error) {
    return (error as Error).message;
  }
};

const hears = (frames: readonly Uint8Array[], sought: string) =>
  frames.map(f.hex).filter((frame) => frame.includes(sought)).length;
const macText = (mac: string) => mac.replaceAll(":", " ");

const ROWS: readonly Row[] = [
  {
    section: "5.1.1.2, 5.1.2.2",
    must: "no router forwards what is for the group",
    positive: () => isHeard(f.vrrp()),
    negative: () => {
      isDropped(f.vrrp({ dstMac: f.MAC.dispatcher }), "drop_group");
      isDropped(f.vrrp6({ dstMac: f.MAC.dispatcher }), "drop_group");
    },
  },
  {
    section: "5.1.1.3, 5.1.2.3",
    must: "it is sent with TTL 255, and one that was heard with another is discarded",
    positive: () => {
      expect([said(false)[22], said(true)[21]]).toEqual([255, 255]);
      isHeard(f.vrrp());
      isHeard(f.vrrp6());
    },
    negative: () => {
      isDropped(f.vrrp({ hopLimit: 254 }));
      isDropped(f.vrrp6({ hopLimit: 254 }));
    },
  },
  {
    section: "5.2.1, 7.1",
    must: "the version is 3",
    positive: () => isHeard(f.vrrp({ version: 3 })),
    negative: () => {
      isDropped(f.vrrp({ version: 2 }));
      isDropped(f.vrrp6({ version: 4 }));
    },
  },
  {
    section: "5.2.2, 7.1",
    must: "an unknown type is discarded",
    positive: () => isHeard(f.vrrp6({ type: 1 })),
    negative: () => isDropped(f.vrrp({ type: 2 })),
  },
  {
    section: "5.2.4",
    must: "who is no owner has a priority from 1 to 254",
    positive: () => {
      expect(mistakesOf("{id: 51, addresses: [10.0.0.4/24], priority: 1}")).toBe("");
      expect(mistakesOf("{id: 51, addresses: [10.0.0.4/24], priority: 254}")).toBe("");
    },
    negative: () => {
      expect(mistakesOf("{id: 51, addresses: [10.0.0.4/24], priority: 0}")).toContain("from 1 to 254");
      expect(mistakesOf("{id: 51, addresses: [10.0.0.4/24], priority: 255}")).toContain("from 1 to 254");
    },
  },
  {
    section: "5.2.5, erratum 8299",
    must: "one without addresses is ignored",
    positive: () => isHeard(f.vrrp()),
    negative: () => {
      isDropped(f.vrrp({ addresses: [] }));
      isDropped(f.vrrp6({ addresses: [] }));
    },
  },
  {
    section: "5.2.6",
    must: "reserved bits are zero when sent, and not looked at",
    positive: () => isHeard(f.vrrp({ reserved: 15 })),
    negative: () => expect([said(false)[38]! >> 4, said(true)[58]! >> 4]).toEqual([0, 0]),
  },
  {
    section: "5.2.8, 7.1",
    must: "the checksum is right: in IPv4 with or without a pseudo-header, in IPv6 with one",
    positive: () => {
      isHeard(f.vrrp());
      isHeard(f.vrrp({ checksum: "rfc" }));
      isHeard(f.vrrp6());
    },
    negative: () => {
      isDropped(f.vrrp({ checksum: "wrong" }));
      isDropped(f.vrrp6({ checksum: "wrong" }));
      isDropped(f.vrrp6({ checksum: "rfc" }));
    },
  },
  {
    section: "5.2.9",
    must: "the addresses are of the packet's family, in IPv6 a link-local one first",
    positive: () => {
      expect(f.hex(said(false))).toContain(f.hex(f.ip(f.IP.shared)));
      expect(f.hex(said(true).slice(62))).toBe(f.hex([...f.ip6(LINK_LOCAL), ...f.ip6(f.IP6.shared)]));
    },
    negative: () => expect(said(false)).toHaveLength(14 + 20 + 8 + 4),
  },
  {
    section: "6.1, Accept_Mode",
    must: "solicitations and advertisements of neighbors are never dropped by the active one",
    positive: () => expect(became(solicited(f.IP6.shared), true)).toBe("answered_nd"),
    negative: () => expect(became(ping(f.IP.shared, f.MAC.shared), true)).toBe("answered_echo"),
  },
  {
    section: "6.4.1",
    must: "who starts is a backup until it has heard nothing for Active_Down",
    positive: async () => {
      const machine = new Machine();
      machine.router.start();
      await machine.clock.advance(DOWN_MS + 1);
      expect(machine.state).toBe("active");
    },
    negative: async () => {
      const machine = new Machine();
      machine.router.start();
      await machine.clock.advance(DOWN_MS - 1);
      expect([machine.state, machine.sent]).toEqual(["backup", []]);
    },
  },
  {
    section: "6.4.2",
    must: "a backup does not respond to ARP for the shared addresses",
    positive: () => {
      expect([became(asked()), became(asked(f.IP.shared))]).toEqual(["drop_not_active", "drop_not_active"]);
      expect(became(asked(f.IP.dispatcher)), "but for its own").toBe("answered_arp");
    },
    negative: () => expect(became(asked(f.IP.shared), true)).toBe("answered_arp"),
  },
  {
    section: "6.4.2",
    must: "a backup does not respond to neighbor solicitations for the shared addresses",
    positive: () => {
      expect([became(solicited()), became(solicited(f.IP6.shared))]).toEqual([
        "drop_not_active",
        "drop_not_active",
      ]);
    },
    negative: () => expect([became(solicited(), true)]).toEqual(["answered_nd"]),
  },
  {
    section: "6.4.2, 6.4.3",
    must: "a backup discards what is for the virtual MAC, and the active one forwards it",
    positive: () => {
      expect([became(to(f.MAC.shared)), became(to6(f.MAC.shared6))]).toEqual([
        "drop_not_active",
        "drop_not_active",
      ]);
    },
    negative: () => {
      expect([became(to(f.MAC.shared), true), became(to6(f.MAC.shared6), true)]).toEqual([
        "dispatched",
        "dispatched",
      ]);
      expect(became(to("00:00:5e:00:01:34"), true), "of another virtual router").toBe("drop_not_ours");
    },
  },
  {
    section: "6.4.2, 6.4.3",
    must: "a backup does not accept packets to the shared addresses, even at its own MAC",
    positive: () => expect(became(ping(f.IP.shared, f.MAC.dispatcher))).toBe("drop_not_active"),
    negative: () => {
      expect(became(ping(f.IP.shared, f.MAC.shared), true)).toBe("answered_echo");
      expect(became(ping(f.IP.dispatcher, f.MAC.dispatcher))).toBe("answered_echo");
    },
  },
  {
    section: "6.4.2",
    must: "a backup that is told to stop stops waiting, and says nothing",
    positive: async () => {
      const machine = await Machine.backup();
      expect(await machine.router.stop()).toBe(true);
      await machine.clock.advance(5000);
      expect([machine.state, machine.sent]).toEqual(["initialize", []]);
    },
    negative: async () => {
      const machine = await Machine.backup();
      await machine.clock.advance(5000);
      expect(machine.state).toBe("active");
    },
  },
  {
    section: "6.4.2, erratum 7949",
    must: "who becomes active advertises, and tells where each address is, from the virtual MAC",
    positive: async () => {
      await using it = new Arrangement();
      await it.start("one");
      await it.clock.advance(1000);
      const from4 = `${macText(f.MAC.broadcast)} ${macText(f.MAC.shared)} 08 06`;
      const from6 = `33 33 00 00 00 01 ${macText(f.MAC.shared6)} 86 dd`;
      for (const address of [f.IP.cluster, f.IP.shared]) {
        expect(
          hears(
            it.segment.frames.filter((frame) => f.hex(frame).startsWith(from4)),
            f.hex(
              f.arp({
                senderMac: f.MAC.shared,
                senderIp: address,
                targetMac: f.MAC.shared,
                targetIp: address,
              }),
            ),
          ),
        )
          .toBeGreaterThan(0);
      }
      for (const address of [f.IP6.cluster, f.IP6.shared, LINK_LOCAL]) {
        // R and O set, S clear, the target, and its MAC in the option.
        const na = `a0 00 00 00 ${f.hex(f.ip6(address))} 02 01 ${macText(f.MAC.shared6)}`;
        expect(hears(it.segment.frames.filter((frame) => f.hex(frame).startsWith(from6)), na))
          .toBeGreaterThan(0);
      }
      expect(hears(it.segment.frames, `01 00 5e 00 00 12 ${macText(f.MAC.shared)}`)).toBeGreaterThan(0);
    },
    negative: async () => {
      await using it = new Arrangement();
      await it.start("one");
      await it.clock.advance(2000);
      const begun = it.segment.frames.length;
      await it.start("two");
      await it.clock.advance(2000);
      const later = it.segment.frames.slice(begun).map(f.hex);
      const ofOne = (frame: string) =>
        frame.includes(f.hex(f.ip("10.0.0.2"))) || frame.includes(f.hex(f.ip(f.IP.cluster)));
      expect(later.filter((frame) => frame.startsWith("01 00 5e 00 00 12")).every(ofOne), "one alone").toBe(
        true,
      );
    },
  },
  {
    section: "6.4.2",
    must: "priority 0 has a backup wait for Skew_Time only",
    positive: async () => {
      const machine = await Machine.backup();
      machine.router.heard({ ...OTHER, priority: 0 });
      await machine.clock.advance(SKEW_MS + 1);
      expect(machine.state).toBe("active");
    },
    negative: async () => {
      const machine = await Machine.backup();
      machine.router.heard({ ...OTHER, priority: 0 });
      await machine.clock.advance(SKEW_MS - 1);
      expect(machine.state).toBe("backup");
    },
  },
  {
    section: "6.4.2",
    must:
      "without preemption, or of at least its own priority, the active one is heeded, and its interval learned",
    positive: async () => {
      for (const [settings, priority] of [[{ preempt: false }, 1], [{ preempt: true }, 100]] as const) {
        const machine = await Machine.backup(settings);
        machine.router.heard({ ...OTHER, priority, intervalMs: 1000 });
        await machine.clock.advance(3600);
        expect(machine.state).toBe("backup");
        await machine.clock.advance(20);
        expect(machine.state).toBe("active");
      }
    },
    negative: async () => {
      const machine = await Machine.backup({ preempt: true });
      machine.router.heard({ ...OTHER, priority: 99, intervalMs: 1000 });
      await machine.clock.advance(DOWN_MS);
      expect(machine.state).toBe("active");
    },
  },
  {
    section: "6.4.2",
    must: "with preemption, what has a lower priority is discarded",
    positive: async () => {
      const machine = await Machine.backup({ preempt: true });
      await machine.hear(1000, { priority: 99 });
      expect(machine.state).toBe("active");
    },
    negative: async () => {
      const machine = await Machine.backup({ preempt: false });
      await machine.hear(1000, { priority: 99 });
      expect(machine.state).toBe("backup");
    },
  },
  {
    section: "6.4.3, 8.1.2",
    must: "the active one responds to ARP with the virtual MAC, never with its own",
    positive: () => {
      for (const address of [f.IP.cluster, f.IP.shared]) {
        const { frame } = path(true).receive(asked(address));
        expect(f.hex(frame.slice(22, 32))).toBe(`${macText(f.MAC.shared)} ${f.hex(f.ip(address))}`);
      }
    },
    negative: () => {
      const { frame } = path(true).receive(asked(f.IP.dispatcher));
      expect(f.hex(frame.slice(22, 28)), "for its own address").toBe(macText(f.MAC.dispatcher));
    },
  },
  {
    section: "6.4.3",
    must: "the active one is in the groups of the shared addresses",
    positive: () => expect(became(solicited(f.IP6.shared), true)).toBe("answered_nd"),
    negative: () => expect(new Bench().receive(solicited(f.IP6.shared)).verdict).toBe("drop_not_ours"),
  },
  {
    section: "6.4.3, 8.2.2",
    must: "the active one responds to solicitations with the virtual MAC and R set, never with its own",
    positive: () => {
      for (const address of [f.IP6.cluster, f.IP6.shared]) {
        const { frame } = path(true).receive(solicited(address));
        expect(f.hex(frame.slice(58))).toBe(
          `e0 00 00 00 ${f.hex(f.ip6(address))} 02 01 ${macText(f.MAC.shared6)}`,
        );
      }
    },
    negative: () => {
      const own = f.ethernet(f.solicitation({ target: f.IP6.dispatcher, to: "ff02::1:ff00:2" }), {
        dst: "33:33:ff:00:00:02",
        type: f.ETHERTYPE.ipv6,
      });
      expect(f.hex(path(true).receive(own).frame.slice(-6)), "for its own address").toBe(
        macText(f.MAC.dispatcher),
      );
    },
  },
  {
    section: "6.4.3",
    must: "an active one that is told to stop says priority 0",
    positive: async () => {
      const machine = await Machine.active();
      const stopped = machine.router.stop();
      expect(machine.sent.map(([, priority]) => priority)).toEqual([0]);
      expect([machine.state, machine.router.forwards], "until the other one is heard").toEqual([
        "initialize",
        true,
      ]);
      machine.router.heard(OTHER);
      await machine.clock.advance(20);
      expect(await stopped).toBe(true);
      expect(machine.router.forwards).toBe(false);
    },
    negative: async () => {
      const machine = await Machine.active();
      const stopped = machine.router.stop();
      await machine.clock.advance(5000);
      expect([await stopped, machine.sent.length], "and nothing more, where nobody is heard").toEqual([
        false,
        1,
      ]);
    },
  },
  {
    section: "6.4.3",
    must: "the active one advertises after each interval",
    positive: async () => {
      const machine = await Machine.active();
      const beganMs = machine.clock.now();
      await machine.clock.advance(500);
      expect(machine.sent.map(([ms, priority]) => [Math.floor((ms - beganMs) / 100), priority]))
        .toEqual([0, 1, 2, 3, 4].map((count) => [count, 100]));
    },
    negative: async () => {
      const machine = await Machine.backup();
      await machine.hear(500);
      expect(machine.sent).toEqual([]);
    },
  },
  {
    section: "6.4.3",
    must: "the active one advertises when another one stops",
    positive: async () => {
      const machine = await Machine.active();
      machine.router.heard({ ...OTHER, priority: 0 });
      expect(machine.sent).toHaveLength(1);
      await machine.clock.advance(99);
      expect(machine.sent, "and then after an interval").toHaveLength(1);
    },
    negative: async () => {
      const machine = await Machine.backup();
      machine.router.heard({ ...OTHER, priority: 0 });
      expect(machine.sent).toEqual([]);
    },
  },
  {
    section: "6.4.3",
    must:
      "a higher priority, or the same from a higher address, makes a backup of the active one, with the other's interval",
    positive: async () => {
      const sixth = { address: "fe80::2", priority: 100 };
      for (
        const [settings, other] of [
          [{}, { priority: 101 }],
          [{}, { from: "10.0.0.3" }],
          [{}, { from: "200.0.0.1" }],
          [sixth, { from: "fe80::f000:0:0:1" }],
        ] as const
      ) {
        const machine = await Machine.active(settings);
        machine.router.heard({ ...OTHER, intervalMs: 1000, ...other });
        expect(machine.state).toBe("backup");
        await machine.clock.advance(3600);
        expect(machine.state).toBe("backup");
      }
    },
    negative: async () => {
      for (const other of [{ priority: 99 }, { from: "10.0.0.1" }, { from: "9.255.0.0" }, { from: OWN }]) {
        const machine = await Machine.active();
        machine.router.heard({ ...OTHER, ...other });
        expect(machine.state).toBe("active");
      }
    },
  },
  {
    section: "6.4.3",
    must: "any other active one is answered at once",
    positive: async () => {
      const machine = await Machine.active();
      await machine.clock.advance(90);
      machine.router.heard({ ...OTHER, priority: 99 });
      expect(machine.sent.at(-1)![0]).toBe(machine.clock.now());
      expect(machine.splits).toBe(1);
    },
    negative: async () => {
      const machine = await Machine.active();
      machine.router.heard({ ...OTHER, from: OWN, priority: 99 });
      expect([machine.sent, machine.splits], "but not its own words").toEqual([[], 0]);
    },
  },
  {
    section: "7.1",
    must: "all of it is there",
    positive: () => {
      isHeard(f.vrrp({ addresses: ["10.0.0.4", "10.0.0.5"] }));
      isHeard(f.vrrp6());
    },
    negative: () => {
      isDropped(f.vrrp({ count: 2 }));
      isDropped(f.vrrp({ cut: 1 }));
      isDropped(f.vrrp({ cut: 5 }));
      isDropped(f.vrrp6({ cut: 1 }));
    },
  },
  {
    section: "7.1, erratum 8298",
    must: "the VRID is one that is configured here, in this family",
    positive: () => isHeard(f.vrrp({ id: 51 })),
    negative: () => {
      isDropped(f.vrrp({ id: 52 }), "drop_vrrp_other");
      const ipv4 = new Bench({ vrrp: { id: 51, addresses: [f.IP.shared] } });
      expect(ipv4.receive(f.vrrp6()).verdict).toBe("drop_not_ours");
      expect(new Bench().receive(f.vrrp()).verdict, "without a pair").toBe("drop_not_ours");
    },
  },
  {
    section: "7.1, erratum 8301",
    must: "the interval is not zero",
    positive: () => isHeard(f.vrrp({ interval: 1 })),
    negative: () => {
      isDropped(f.vrrp({ interval: 0 }));
      isDropped(f.vrrp6({ interval: 0 }));
    },
  },
  {
    section: "7.2",
    must:
      "it is sent from the virtual MAC to the group, from the first own address, in IPv6 the link-local one",
    positive: () => {
      expect(said(false)).toEqual(
        // With precedence, and not to be fragmented.
        f.ethernet(
          f.ipv4([...f.vrrp({ from: f.IP.dispatcher }).slice(34)], {
            src: f.IP.dispatcher,
            dst: "224.0.0.18",
            ttl: 255,
            tos: 0xc0,
            protocol: 112,
            id: 0,
            fragment: 0x4000,
          }),
          { dst: "01:00:5e:00:00:12", src: f.MAC.shared },
        ),
      );
      expect(said(true)).toEqual(f.vrrp6({ from: "fe80::ff:fe00:2" }));
    },
    negative: () => {
      expect(f.hex(said(false, "rfc").slice(34))).toBe(
        f.hex(f.vrrp({ from: f.IP.dispatcher, checksum: "rfc" }).slice(34)),
      );
    },
  },
  {
    section: "8.1.2, 8.2.2",
    must: "nothing is said of the shared addresses before the virtual MAC is there",
    positive: async () => {
      await using it = new Arrangement();
      await it.start("one");
      await it.clock.advance(2000);
      expect(
        hears(it.segment.frames, `${macText(f.MAC.dispatcher)} ${f.hex(f.ip(f.IP.cluster))}`),
        "from its own",
      ).toBe(0);
    },
    negative: async () => {
      await using it = new Arrangement();
      await it.start("one", null);
      await it.clock.advance(2000);
      expect(
        hears(it.segment.frames, `${macText(f.MAC.dispatcher)} ${f.hex(f.ip(f.IP.cluster))}`),
        "without a pair",
      )
        .toBeGreaterThan(0);
    },
  },
];

describe.each(ROWS)("$section: $must", ({ positive, negative }) => {
  test("kept", positive);
  test("and no more than that", negative);
});
