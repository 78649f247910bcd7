import { expect, test } from "vitest";
import { Announcer } from "../../src/link/announcer.ts";
import { VirtualClock } from "../../src/system/virtual_clock.ts";
import { LinkFrames } from "../../src/link/link_frames.ts";
import * as f from "../frames.ts";
import { PLAN } from "../path/arrange.ts";

test("announces at once, some times more, and then now and again", async () => {
  const sent: number[] = [];
  const clock = new VirtualClock();
  const announcer = new Announcer(
    { count: 3, intervalMs: 1000, refreshMs: 60_000 },
    clock,
    () => void sent.push(clock.now()),
  );
  announcer.start();
  await clock.advance(125_000);
  announcer.stop();
  await clock.advance(125_000);
  expect(sent).toEqual([0, 1000, 2000, 62_000, 122_000]);
});

test("starts anew when the addresses have moved", async () => {
  let sent = 0;
  const clock = new VirtualClock();
  const announcer = new Announcer({ count: 2, intervalMs: 1000, refreshMs: 0 }, clock, () => sent++);
  announcer.start();
  await clock.advance(500);
  announcer.start();
  await clock.advance(5000);
  expect(sent).toBe(3);
});

test("a refresh of 0 is none, a count of 0 waits for the first refresh", async () => {
  const times = async (count: number, refreshMs: number) => {
    let sent = 0;
    const clock = new VirtualClock();
    const announcer = new Announcer({ count, intervalMs: 10, refreshMs }, clock, () => sent++);
    announcer.start();
    await clock.advance(1000);
    announcer.stop();
    return sent;
  };
  expect(await times(2, 0)).toBe(2);
  expect(await times(0, 400)).toBe(2);
  expect(await times(0, 0)).toBe(0);
});

test("the frames are a gratuitous ARP request and an unsolicited advertisement to all", () => {
  const frames = new LinkFrames(PLAN);
  const arp = f.arp({ senderMac: f.MAC.dispatcher, senderIp: f.IP.cluster, targetIp: f.IP.cluster });
  expect(f.hex(frames.announcement(f.IP.cluster))).toBe(
    f.hex(f.ethernet(arp, { src: f.MAC.dispatcher, dst: f.MAC.broadcast, type: f.ETHERTYPE.arp })),
  );
  const advertisement = f.advertisement({
    from: f.IP6.cluster,
    target: f.IP6.cluster,
    mac: f.MAC.dispatcher,
    solicited: false,
    router: true,
  });
  expect(f.hex(frames.announcement(f.IP6.cluster))).toBe(
    f.hex(
      f.ethernet(advertisement, { src: f.MAC.dispatcher, dst: "33:33:00:00:00:01", type: f.ETHERTYPE.ipv6 }),
    ),
  );
});

test("questions go to everyone, or to the known machine, and carry the VLAN tag where there is one", () => {
  const frames = new LinkFrames(PLAN);
  const known = { high: 0x0200, low: 0x11 };
  const ask = f.arp({ senderMac: f.MAC.dispatcher, senderIp: f.IP.dispatcher, targetIp: f.IP.backend1 });
  const options = { src: f.MAC.dispatcher, type: f.ETHERTYPE.arp };
  expect(f.hex(frames.question(f.IP.backend1, undefined))).toBe(
    f.hex(f.ethernet(ask, { ...options, dst: f.MAC.broadcast })),
  );
  expect(f.hex(frames.question(f.IP.backend1, known))).toBe(
    f.hex(f.ethernet(ask, { ...options, dst: f.MAC.backend1 })),
  );
  const solicitation = f.solicitation({
    from: f.IP6.dispatcher,
    to: "ff02::1:ff00:11",
    target: f.IP6.backend1,
    mac: f.MAC.dispatcher,
  });
  expect(f.hex(frames.question(f.IP6.backend1, undefined))).toBe(
    f.hex(
      f.ethernet(solicitation, { src: f.MAC.dispatcher, dst: "33:33:ff:00:00:11", type: f.ETHERTYPE.ipv6 }),
    ),
  );
  const tagged = new LinkFrames({ ...PLAN, vlan: 10 }).question(f.IP.backend1, known);
  expect(f.hex(tagged.slice(12, 18))).toBe("81 00 00 0a 08 06");
  expect(f.hex(tagged.slice(18))).toBe(f.hex(ask));
});
