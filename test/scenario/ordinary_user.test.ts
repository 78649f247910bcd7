/** The labs that come with the project, as a user who is not root has them. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { until } from "oneip";
import { needsTap, needsUserNamespace } from "../needs.ts";
import { OrdinaryUser } from "../ordinary_user.ts";
import { ONEIP, ROOT, runTs } from "../runtime.ts";
import { clientOf, CLUSTER } from "./labs.ts";

describe.skipIf(needsTap() || needsUserNamespace())("an ordinary user", () => {
  const user = new OrdinaryUser();
  /** Whoever was killed is gone a moment later. */
  const leavesNothing = () =>
    until(
      () => `nothing of it is left; there are the processes ${user.processes().join(", ")}`,
      () => user.processes().length === 0 && readdirSync(join(user.folder, "oneip/lab")).length === 0,
    );
  afterAll(() => user.remove());

  test("brings the routing lab up, asks, listens, looks at it from other shells, and removes it", async () => {
    const lab = async (...words: string[]) => {
      const { status, stdout, stderr } = await user.run([...ONEIP, "lab", ...words], { cwd: ROOT });
      expect(status, stderr).toBe(0);
      return stdout;
    };
    // Only who brings it up needs the device: the others join.
    const up = await user.run([...ONEIP, "lab", "up", "routing"], { tun: "open" });
    expect(up.status, up.stderr).toBe(0);
    expect(JSON.parse(await lab("list", "--json"))).toMatchObject([{ name: "routing", ended: [] }]);

    const client = clientOf("web4");
    const capture = ["dumpcap", "-q", "-i", "eth1", "-c", "1", "-f", `src ${client}`, "-w", "-"];
    const [program = "", ...args] = user.command([...ONEIP, "lab", "exec", "routing", "web4", ...capture]);
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
    const closed = once(child, "close"); // Perhaps before the other command has ended.
    const captured: Buffer[] = [];
    child.stdout.on("data", (octets: Buffer) => captured.push(octets));
    let said = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => said += text);
    await until(() => `it captures; it printed ${said}`, () => said.includes("File: -"));
    const asked = await lab(
      "exec",
      "routing",
      "client1",
      "curl",
      "-sS",
      "--interface",
      client,
      `http://${CLUSTER}/`,
    );
    expect(asked).toContain("web4");
    await closed;
    expect(Buffer.concat(captured).includes(Uint8Array.from(client.split("."), Number)), said).toBe(true);

    // A dispatcher's socket is in a /run of the lab's own.
    const status = await lab("exec", "routing", "lb", join(ROOT, "scripts/oneip"), "status");
    expect(status).toContain("web4");
    await lab("down", "routing");
    await leavesNothing();
  });

  test("has the labs of the scenario tests: clients reach every backend, each its own, and nothing is left", async () => {
    const probe = runTs("test/scenario/ordinary_user_probe.ts");
    const { status, stdout, stderr } = await user.run([...probe, "edge", "broadcast", "pair"], {
      tun: "open",
    });
    expect(status, stderr).toBe(0);
    const four = ["web1", "web2", "web3", "web4"];
    expect(JSON.parse(stdout)).toEqual({ edge: four, broadcast: four, pair: ["web1", "web2"] });
    await leavesNothing();
  });
});
