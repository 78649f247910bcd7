import { describe, expect, test } from "vitest";
import { type Lab, request, until } from "oneip";
import { needsTap } from "../needs.ts";
import { ONEIP } from "../runtime.ts";
import { clients, clients6, CLUSTER, CLUSTER6, expected, labWith, lastReport } from "./labs.ts";

const twoQueues = (config: string) => config.replace("bridge:", "fastPath: off\n  queues: 2\n  bridge:");

/** The ways of iperf3 to say how many datagrams a receiver saw before one that was sent earlier. */
interface UdpReport {
  end: { sum: { packets: number }; streams: { udp: { out_of_order: number } }[] };
}

async function outOfOrder(lab: Lab, client: string): Promise<number> {
  for (const web of ["web1", "web2", "web3", "web4"]) {
    await lab.node(web).exec("iperf3", "-s", "-D", "-B", CLUSTER);
  }
  const measured = [
    "iperf3",
    "-u",
    "-b",
    "50M",
    "-l",
    "200",
    "-P",
    "4",
    "-t",
    "2",
    "-J",
    "-c",
    CLUSTER,
    "-B",
    client,
  ];
  const { end }: UdpReport = JSON.parse(await lab.node("client1").exec(...measured));
  expect(end.sum.packets).toBeGreaterThan(1000);
  return end.streams.reduce((sum, { udp }) => sum + udp.out_of_order, 0);
}

/** A client asks again and again until there are so many frames of a capture, as tshark shows them live: the columns of each. */
async function captured(lab: Lab, client: string, ...options: string[]): Promise<string[][]> {
  const fields = ["frame.comment", "frame.packet_flags", "eth.dst", "ip.ttl", "frame.time_epoch"];
  const tshark = ["tshark", "-l", "-i", "-", "-T", "fields", ...fields.flatMap((field) => ["-e", field])];
  const capture = [...ONEIP, "capture", ...options];
  const shown = lab.node("lb").exec("sh", "-c", `${capture.join(" ")} | ${tshark.join(" ")}`);
  let isOver = false;
  void shown.finally(() => isOver = true).catch(() => {});
  while (!isOver) await request(lab.node("client1"), [client], `http://${CLUSTER}/`);
  return (await shown).trimEnd().split("\n").map((row) => row.split("\t"));
}

describe.skipIf(needsTap())("two queues, a worker each", () => {
  test("share the flows, agree on every client's backend, keep each flow's order, and their counters add up", async () => {
    await using lab = await labWith("queues", twoQueues);
    for (const [all, url] of [[clients(60), CLUSTER], [clients6(60), `[${CLUSTER6}]`]] as const) {
      const answers = await request(lab.node("client1"), all, `http://${url}/`);
      expect(Object.fromEntries(answers.map(({ client, backend }) => [client, backend]))).toEqual(
        expected(all),
      );
    }
    expect(await outOfOrder(lab, "198.51.100.7")).toBe(0);

    const client = "198.51.100.7";
    const began = Date.now();
    const frames = await captured(
      lab,
      client,
      "--client",
      client,
      "--verdict",
      "dispatched",
      "--count",
      "10",
    );
    const comment = `dispatched, cluster web, client ${client}, bucket 2248, backend ${
      expected([client])[client]
    }`;
    expect(frames.map(([comment]) => comment)).toEqual(Array(10).fill(comment));
    const [came, went] = ["0x00000001", "0x00000002"].map((direction) =>
      frames.filter(([, flags]) => flags === direction)
    );
    const mac = "02:00:00:00:00:02";
    expect(new Set(came!.map(([, , to, ttl]) => [to === mac, ttl].join()))).toEqual(new Set(["true,63"]));
    expect(new Set(went!.map(([, , to, ttl]) => [to === mac, ttl].join()))).toEqual(new Set(["false,62"]));
    for (const at of frames.map((row) => 1000 * Number(row[4]))) {
      // The wall clock that tells when it began has no fractions.
      expect(at).toBeGreaterThan(began - 2);
      expect(at).toBeLessThan(Date.now() + 2);
    }
    await lab.node("lb").program!.stop();
    const { received, workers, verdicts, dispatched } = lastReport(lab.node("lb"));
    expect(workers).toHaveLength(2);
    expect(Math.min(...workers)).toBeGreaterThan(100);
    const sum = (counts: Record<string, number>) =>
      Object.values(counts).reduce((total, count) => total + count, 0);
    expect(sum(verdicts)).toBe(received);
    expect(sum(dispatched)).toBe(verdicts.dispatched);
  });

  test("one that dies takes the process down, which says so", async () => {
    await using lab = await labWith("dies", twoQueues);
    const { program } = lab.node("lb");
    await lab.node("lb").exec("ip", "link", "delete", "oneip0");
    await until("it has ended", () => !program!.isRunning);
    expect(program!.log).toMatch(/oneip: Data-plane worker [12] died: the TAP interface is gone/);
  });
});
