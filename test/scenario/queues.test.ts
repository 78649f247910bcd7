import { describe, expect, test } from "vitest";
import { type Lab, request, until } from "oneip";
import { needsTap } from "../needs.ts";
import { clients, clients6, CLUSTER, CLUSTER6, expected, labWith, lastReport } from "./labs.ts";

const twoQueues = (config: string) => config.replace("bridge:", "queues: 2\n  bridge:");

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
