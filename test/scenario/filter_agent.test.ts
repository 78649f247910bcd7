import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Lab, until } from "oneip";
import { runChecked } from "../../src/system/programs.ts";
import { needsRoot } from "../needs.ts";
import { ONEIP, ROOT } from "../runtime.ts";
import { BroadcastLab } from "./broadcast_lab.ts";
import { clients, expected } from "./labs.ts";

const CONFIG = join(ROOT, "netns/broadcast.oneip.yaml");

const folder = mkdtempSync(join(tmpdir(), "oneip-agent-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe.skipIf(needsRoot())("the agents of four filters", () => {
  let cluster: BroadcastLab;
  let lab: Lab;
  beforeAll(async () => {
    cluster = await BroadcastLab.up("agents");
    lab = cluster.lab;
  });
  afterAll(() => lab?.down());

  test("an agent alone dies: the kernel's lease runs out, and the others take its clients", async () => {
    const from = cluster.lines();
    await lab.node("web3").program!.stop("SIGKILL");
    await cluster.replaced("web3", from);
    const addresses = clients(20);
    const owners = await cluster.owners(addresses);
    const printed = await lab.node("web3").exec(
      "nft",
      "list",
      "counter",
      "inet",
      "oneip-filter-web",
      "unleased",
    );
    // It is back before anything is judged: the tests that follow need it.
    await lab.node("web3").program!.start();
    await cluster.says("web3", { msg: "buckets", buckets: 1024 });
    expect(owners).toEqual(expected(addresses, ["web3"]));
    expect(Number(/packets (\d+)/.exec(printed)![1])).toBeGreaterThan(0);
  });

  test("the cable is pulled: it takes nothing, and on return its own again", async () => {
    const from = cluster.lines();
    await lab.node("lan").exec("ip", "link", "set", "web4", "down");
    const next = await cluster.says("web4", { msg: "buckets", buckets: 0 }, from.get("web4"));
    await cluster.replaced("web4", from);
    await lab.node("lan").exec("ip", "link", "set", "web4", "up");
    await cluster.says("web4", { msg: "buckets", buckets: 1024 }, next);
    const addresses = clients(20);
    expect(await cluster.owners(addresses)).toEqual(expected(addresses));
  });

  test("somebody flushes all rules of a machine: the agent puts the filter back", async () => {
    await lab.node("web1").exec("nft", "flush", "ruleset");
    await until("the filter is back", async () => {
      const { stdout } = await lab.node("web1").run([
        "nft",
        "list",
        "set",
        "inet",
        "oneip-filter-web",
        "mine",
      ]);
      return stdout.includes("elements");
    });
    const addresses = clients(20);
    expect(await cluster.owners(addresses)).toEqual(expected(addresses));
  });

  test("rules from elsewhere do not replace the agent's own", async () => {
    // An agent that was kept from running for seconds has lost its lease, and holds nothing until it runs again.
    const refused = await until("the removal is refused", async () => {
      const result = await lab.node("web1").run([...ONEIP, "filter", "remove"]);
      return result.status !== 0 && result;
    });
    expect(refused.status).toBe(1);
    expect(refused.stderr).toContain("A running agent holds oneip-filter-web");
    const rules = await runChecked([
      ...ONEIP,
      "filter",
      "rules",
      "-c",
      CONFIG,
      "--backend",
      "web1",
      "--live",
      "web1",
    ]);
    await runChecked(lab.node("web1").command(["nft", "-f", "-"]), { input: rules });
    await until("the agent's rules are back", async () => {
      const { stdout } = await lab.node("web1").run([
        "nft",
        "list",
        "chain",
        "inet",
        "oneip-filter-web",
        "mine",
      ]);
      return stdout.includes("@lease");
    });
    expect(await cluster.owners()).toEqual(expected(clients(20)));
  });

  test("what is no heartbeat of this cluster raises an alarm and changes nothing", async () => {
    const from = cluster.lines();
    await lab.node("router").exec("bash", "-c", "head -c 200 /dev/urandom >/dev/udp/10.0.0.11/4120");
    await cluster.says("web1", { alarm: "forged", about: "10.0.0.1" }, from.get("web1"));
    expect(
      cluster.log("web1").slice(from.get("web1")).filter(({ msg }) =>
        msg === "buckets" || msg === "live set"
      ),
    )
      .toEqual([]);
  });

  test("an agent that is told to stop lets go first, and the others take over at once", async () => {
    const from = cluster.lines();
    await lab.node("web1").program!.stop();
    await cluster.replaced("web1", from);
    expect(cluster.log("web1").at(-1)).toMatchObject({ msg: "stopped: the filter stays and takes nothing" });
    const set = await lab.node("web1").exec("nft", "list", "set", "inet", "oneip-filter-web", "mine");
    expect(set).not.toContain("elements");
  });

  test("an agent whose configuration is another is told of, and changes nothing", async () => {
    const shipped = readFileSync(CONFIG, "utf8");
    const file = join(folder, "other.yaml");
    writeFileSync(
      file,
      shipped.replace("technique", "seed: 1\n    technique").replace(
        "broadcast.key",
        join(ROOT, "netns/broadcast.key"),
      ),
    );
    const from = cluster.lines();
    const [program = "", ...args] = lab.node("web1").command([
      ...ONEIP,
      "filter",
      "agent",
      "-c",
      file,
      "--backend",
      "web1",
    ]);
    const other = spawn(program, args);
    let said = "";
    other.stdout.setEncoding("utf8").on("data", (text: string) => said += text);
    await cluster.says("web2", { alarm: "configuration", about: "web1" }, from.get("web2"));
    await until("the other is told as well", () => said.includes('"alarm":"configuration"'));
    const ended = once(other, "exit");
    other.kill("SIGTERM");
    await ended;
    expect(said).not.toMatch(/"buckets":[1-9]/);
    const others = cluster.log("web2").slice(from.get("web2"));
    expect(others.filter(({ msg }) => msg === "buckets" || msg === "live set")).toEqual([]);
  });
});
