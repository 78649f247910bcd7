import { spawn } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type LabNode, until } from "oneip";
import { needsTap } from "../needs.ts";
import { runTs } from "../runtime.ts";
import { clients, CLUSTER, labUp } from "./labs.ts";

/**
 * Once, in a run of the whole suite with two queues and free threads, 4 segments were sent again though no frame was lost. Threads
 * that move between cores are the suspicion; 24 runs, with swaps and without, did not show it again. On one core the two workers
 * take turns, so what is not shown here is two that run at the same instant.
 */
const ON_ONE_CORE = ["taskset", "--cpu-list", "0"];

/** Of a namespace's TCP: segments sent again because three later ones were acknowledged, which is how loss and disorder show. */
async function fastRetransmits(node: LabNode): Promise<number> {
  const rows = (await node.exec("cat", "/proc/net/netstat")).split("\n").filter((row) =>
    row.startsWith("TcpExt:")
  );
  const [names, values] = rows.map((row) => row.split(" "));
  return Number(values![names!.indexOf("TCPFastRetrans")]);
}

test.skipIf(needsTap()).each([1, 2])(
  "1,000 map changes under ten full uploads, %i queues: no frame is lost",
  async (queues) => {
    await using lab = await labUp("routing", `swaps${queues}`);
    const [client, dispatcher] = [lab.node("client1"), lab.node("lb")];
    await dispatcher.program!.stop();
    // A small window, so that no queue on the way overflows by itself.
    await client.exec("sysctl", "-qw", "net.ipv4.tcp_wmem=4096 65536 65536");
    const ten = clients(10);
    const macs = ["web1", "web2", "web3", "web4"].map((name) => lab.node(name).plan.interfaces[0]!.mac);
    const [program = "", ...args] = dispatcher.command(
      [...ON_ONE_CORE, ...runTs("test/scenario/swap_probe.ts"), String(queues), ten.join(), macs.join()],
    );
    const probe = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
    const done = join(tmpdir(), `oneip-swaps-${process.pid}`);
    try {
      let printed = "";
      probe.stdout.setEncoding("utf8").on("data", (text: string) => printed += text);
      await until("the probe forwards", () => printed.includes("ready"));
      const zeros = `(while [ ! -e ${done} ]; do head -c 1000000 /dev/zero; done)`;
      const uploads = ten.map((address) =>
        client.run([
          "sh",
          "-c",
          `${zeros} | ${
            ON_ONE_CORE.join(" ")
          } curl -sS --max-time 150 --interface ${address} -o /dev/null -w %{http_code} -T - http://${CLUSTER}/`,
        ])
      );
      await until("it has swapped", () => printed.includes("}}"), 150_000);
      writeFileSync(done, "");
      expect((await Promise.all(uploads)).map(({ stdout }) => stdout)).toEqual(ten.map(() => "200"));
      const { swaps, frames, lost } = JSON.parse(printed.trim().split("\n").at(-1)!);
      expect(swaps).toBe(1000);
      expect(frames).toBeGreaterThanOrEqual(1000);
      expect(lost).toEqual({});
      expect(await dispatcher.exec("cat", "/sys/class/net/oneip0/statistics/tx_dropped")).toBe("0\n");
      expect(await fastRetransmits(client)).toBe(0);
    } finally {
      probe.kill("SIGKILL");
      rmSync(done, { force: true });
    }
  },
);
