import { spawn } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { until } from "oneip";
import { casesOf } from "../halves.ts";
import { needsTap } from "../needs.ts";
import { RUNTIME, runTs } from "../runtime.ts";
import { clients, CLUSTER, labUp } from "./labs.ts";

test.skipIf(needsTap()).each(
  casesOf(RUNTIME, { node: { queues: 1, fastPath: "on" }, deno: { queues: 2, fastPath: "off" } }),
)(
  "1,000 map changes under ten full uploads, $queues queues, fast path $fastPath: no frame is lost",
  async ({ queues, fastPath }) => {
    await using lab = await labUp("routing", `swaps${queues}`);
    const [client, dispatcher] = [lab.node("client1"), lab.node("lb")];
    await dispatcher.program!.stop();
    // A small window, so that no queue on the way overflows by itself.
    await client.exec("sysctl", "-qw", "net.ipv4.tcp_wmem=4096 65536 65536");
    const ten = clients(10);
    const macs = ["web1", "web2", "web3", "web4"].map((name) => lab.node(name).plan.interfaces[0]!.mac);
    const [program = "", ...args] = dispatcher.command(
      [...runTs("test/scenario/swap_probe.ts"), String(queues), fastPath, ten.join(), macs.join()],
    );
    const probe = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
    const done = join(tmpdir(), `oneip-swaps-${process.pid}`);
    try {
      let printed = "";
      probe.stdout.setEncoding("utf8").on("data", (text: string) => printed += text);
      await until("the probe forwards", () => printed.includes("ready"));
      const zeros = `(while [ ! -e ${done} ]; do head -c 10000000 /dev/zero; done)`;
      // In the fast path a swap takes as long as the kernel takes, and meets frames at this rate, too: without one
      // the uploads would take all CPU from the tests beside this one for as long.
      const rate = fastPath === "on" ? "--limit-rate 5M" : "";
      const uploads = ten.map((address) =>
        client.run([
          "sh",
          "-c",
          `${zeros} | curl -sS --max-time 600 ${rate} --interface ${address} -o /dev/null -w %{http_code} -T - http://${CLUSTER}/`,
        ])
      );
      await until("it has swapped", () => printed.includes("}}"), 600_000);
      writeFileSync(done, "");
      const said = (await Promise.all(uploads)).map(({ stdout, stderr }) => stdout + stderr);
      expect(said).toEqual(ten.map(() => "200"));
      const { swaps, frames, fast, lost } = JSON.parse(printed.trim().split("\n").at(-1)!);
      expect(swaps).toBe(1000);
      expect(frames).toBeGreaterThanOrEqual(1000);
      expect(lost).toEqual({});
      if (fastPath === "off") expect(fast).toBe(0);
      else expect(fast).toBeGreaterThan(frames / 2);
      expect(await dispatcher.exec("cat", "/sys/class/net/oneip0/statistics/tx_dropped")).toBe("0\n");
    } finally {
      probe.kill("SIGKILL");
      rmSync(done, { force: true });
    }
  },
);
