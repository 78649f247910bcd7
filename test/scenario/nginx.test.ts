import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Lab } from "oneip";
import { needsTap } from "../needs.ts";
import { clients, CLUSTER, expected, labUp } from "./labs.ts";

const BACKENDS = ["web1", "web2", "web3", "web4"];

describe.skipIf(needsTap())("servers that know nothing of oneip", () => {
  let lab: Lab;
  const folder = mkdtempSync(join(tmpdir(), "oneip-nginx-"));
  beforeAll(async () => {
    lab = await labUp("routing", "nginx");
    for (const name of BACKENDS) {
      const file = join(folder, `${name}.conf`);
      writeFileSync(
        file,
        `daemon on; pid ${folder}/${name}.pid; error_log ${folder}/${name}.log; events {}
         http { access_log off; server { listen 8080; location / { return 200 "${name}"; } } }`,
      );
      await lab.node(name).exec("nginx", "-e", `${folder}/${name}.log`, "-c", file);
    }
  });
  afterAll(async () => {
    await lab?.down();
    rmSync(folder, { recursive: true });
  });

  test("nginx on the cluster address, on any port, answers each client from its backend", async () => {
    const addresses = clients(24);
    const want = expected(addresses);
    for (const client of addresses) {
      const got = await lab.node("client1").exec(
        "curl",
        "-sS",
        "--max-time",
        "60",
        "--interface",
        client,
        `http://${CLUSTER}:8080/`,
      );
      expect(got).toBe(want[client]);
    }
  });
});
