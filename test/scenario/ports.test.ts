import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { Lab } from "oneip";
import { needsTap } from "../needs.ts";
import { ROOT } from "../runtime.ts";
import { CLUSTER, CLUSTER6 } from "./labs.ts";

const folder = mkdtempSync(join(tmpdir(), "oneip-ports-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** The routing lab with another configuration of the dispatcher. */
function labWith(purpose: string, change: (config: string) => string): Promise<Lab> {
  const topology = readFileSync(join(ROOT, "netns/routing.yaml"), "utf8").replaceAll(
    "server.ts",
    join(ROOT, "netns/server.ts"),
  );
  writeFileSync(
    join(folder, `${purpose}.yaml`),
    topology.replace("routing.oneip.yaml", `${purpose}.oneip.yaml`),
  );
  const config = readFileSync(join(ROOT, "netns/routing.oneip.yaml"), "utf8");
  writeFileSync(join(folder, `${purpose}.oneip.yaml`), change(config));
  return Lab.up(join(folder, `${purpose}.yaml`), { name: `t${process.pid}-${purpose}` });
}

const get = (lab: Lab, url: string) =>
  lab.node("client1").run(["curl", "-sSg", "--max-time", "5", "-w", "%{http_code}", "-o", "/dev/null", url]);

test.skipIf(needsTap())("with service ports: the others are refused at once, or silent", async () => {
  await using lab = await labWith(
    "ports",
    (config) => config.replace("backends:", "ports: [80/tcp, 53/udp]\n    backends:"),
  );
  for (const host of [CLUSTER, `[${CLUSTER6}]`]) {
    expect((await get(lab, `http://${host}/`)).stdout).toBe("200");
    expect((await get(lab, `http://${host}:81/`)).status, "connection refused").toBe(7);
  }
  await lab.node("client1").exec("ping", "-c1", "-W5", CLUSTER);
  const udp = await lab.node("client1").run([
    "bash",
    "-c",
    `exec 3<>/dev/udp/${CLUSTER}/54; echo x >&3; read -t5 <&3`,
  ]);
  expect(udp.stderr).toContain("Connection refused");
});
