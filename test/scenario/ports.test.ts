import { expect, test } from "vitest";
import type { Lab } from "oneip";
import { needsTap } from "../needs.ts";
import { CLUSTER, CLUSTER6, labWith } from "./labs.ts";

const get = (lab: Lab, url: string) =>
  lab.node("client1").run(["curl", "-sSg", "--max-time", "60", "-w", "%{http_code}", "-o", "/dev/null", url]);

test.skipIf(needsTap())("with service ports: the others are refused at once, or silent", async () => {
  await using lab = await labWith(
    "ports",
    (config) => config.replace("backends:", "ports: [80/tcp, 53/udp]\n    backends:"),
  );
  for (const host of [CLUSTER, `[${CLUSTER6}]`]) {
    expect((await get(lab, `http://${host}/`)).stdout).toBe("200");
    expect((await get(lab, `http://${host}:81/`)).status, "connection refused").toBe(7);
  }
  await lab.node("client1").exec("ping", "-c1", "-W60", CLUSTER);
  const udp = await lab.node("client1").run([
    "bash",
    "-c",
    `exec 3<>/dev/udp/${CLUSTER}/54; echo x >&3; read -t60 <&3`,
  ]);
  expect(udp.stderr).toContain("Connection refused");
});
