/** The last frames that were dropped, as whoever asks afterwards gets them, in virtual time over a simulated link. */

import { expect, test } from "vitest";
import * as f from "../frames.ts";
import { clusterOf, machines, Run } from "./run.ts";

const MACHINES = machines(2);
const CONFIG = clusterOf(MACHINES, { ports: ["80/tcp"], closed: "drop" });

const toClosed = (client: string) => f.ethernet(f.ipv4(f.udp([1, 2, 3]), { src: client, dst: f.IP.cluster }));

test("the last 1,000 dropped frames have their time, their reason and whose they were, also over a reload", async () => {
  const run = new Run(MACHINES, CONFIG);
  const engine = await run.start();
  await run.clock.advance(1000);
  const began = run.clock.sinceEpoch();
  run.link.bring(toClosed("198.51.100.7"));
  run.link.bring(f.ethernet([], { dst: f.MAC.other }));
  await run.clock.advance(500);
  const [closed, other] = engine.dropped().slice(-2);
  expect(closed).toMatchObject({ verdict: "drop_closed", cluster: "web", client: "198.51.100.7" });
  expect(closed!.backend).toMatch(/^web[12]$/);
  expect(Math.abs(closed!.sinceEpochMs - began)).toBeLessThan(2);
  expect(closed!.octets).toEqual(toClosed("198.51.100.7"));
  expect(other).toMatchObject({
    verdict: "drop_not_ours",
    cluster: null,
    client: null,
    backend: null,
    length: 14,
  });

  const next = await run.reload(engine, CONFIG);
  expect(next.dropped().slice(-2)).toEqual([closed, other]);
  for (let host = 0; host < 1100; host++) run.link.bring(toClosed(`198.51.${host >> 8}.${1 + host % 250}`));
  const dropped = next.dropped();
  expect(dropped).toHaveLength(1000);
  expect(dropped.every(({ verdict }) => verdict === "drop_closed")).toBe(true);
  await next.stop();
});
