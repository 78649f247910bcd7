import pino from "pino";
import { expect, test } from "vitest";
import { Engine, MemoryDevice, parseConfig } from "oneip";
import { InlineAttachment } from "../../src/plane/inline_attachment.ts";
import { PROBE_MS } from "../../src/link/conflicts.ts";
import { VirtualClock } from "../../src/system/virtual_clock.ts";
import * as f from "../frames.ts";

const CONFIG = `
dispatcher: {mac: "${f.MAC.dispatcher}", addresses: [${f.IP.dispatcher}/24], verify: off}
clusters: [{name: web, addresses: [${f.IP.cluster}], backends: [{name: web1, address: ${f.IP.backend1}}]}]
`;
const withPriority = (frame: Uint8Array) =>
  Uint8Array.from([...frame.slice(0, 12), 0x81, 0, 0xa0, 0, ...frame.slice(12)]);

test("a neighbor is believed that answers with a priority tag, and the packet that waited for it keeps its own", async () => {
  const clock = new VirtualClock();
  const device = new MemoryDevice();
  const attachment = new InlineAttachment(device, clock);
  const engine = await Engine.start(parseConfig(CONFIG, "test", "test"), pino({ level: "silent" }), {
    attachment,
    clock,
  });
  await clock.advance(PROBE_MS); // It speaks only when nobody else has its addresses.
  const bring = async (frame: Uint8Array) => {
    device.put(withPriority(frame));
    attachment.work();
    await clock.advance(1);
  };
  await bring(f.synToCluster());
  expect(engine.report().verdicts["pending"]).toBe(1);
  const reply = {
    operation: 2,
    senderMac: f.MAC.backend1,
    senderIp: f.IP.backend1,
    targetIp: f.IP.dispatcher,
  };
  await bring(f.ethernet(f.arp(reply), { src: f.MAC.backend1, type: f.ETHERTYPE.arp }));
  const sent = device.sent.map(f.hex).filter((frame) => frame.startsWith(f.hex(f.mac(f.MAC.backend1))));
  await engine.stop();
  const packet = f.ipv4(f.tcp(), { protocol: f.PROTOCOL.tcp, ttl: 63 });
  const dispatched = f.ethernet(packet, { src: f.MAC.dispatcher, dst: f.MAC.backend1 });
  expect(sent).toEqual([f.hex(withPriority(dispatched))]);
});
