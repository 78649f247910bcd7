import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { needsTap } from "../needs.ts";
import { CLUSTER } from "./labs.ts";
import { VerifyLab } from "./verify_lab.ts";

const MACHINES = [{ name: "web1" }, { name: "web2" }];

describe.skipIf(needsTap())("oneip verify", () => {
  let it: VerifyLab;
  beforeAll(async () => {
    it = await VerifyLab.up("verify", MACHINES);
  });
  afterAll(() => it?.down());

  test("while a dispatcher has the TAP it is the one that verifies; by hand there is no way past it", async () => {
    const asked = await it.oneip("verify", "-c", it.file, "--json");
    expect({ status: asked.status, ok: JSON.parse(asked.stdout).ok }).toEqual({ status: 0, ok: true });
    const byHand = ["--cluster", CLUSTER, "--backend", "one=10.0.0.11", "--address", "10.0.0.3/24"];
    const { status, stderr } = await it.oneip("verify", ...byHand);
    expect(status).toBe(1);
    expect(stderr).toContain(
      'Cannot open interface "oneip0": another program has it open; stop that program',
    );
    await it.lab.node("lb").program!.stop();
  });

  test("by hand, for a person", async () => {
    const { stdout, stderr, status } = await it.oneip(
      ...["verify", "--cluster", CLUSTER, "--backend", "one=10.0.0.11", "two=10.0.0.12", "none=10.0.0.240"],
      ...["--address", "10.0.0.3/24", "--port", "80/tcp", "--bridge", "br0"],
    );
    expect({ stderr, status }).toEqual({ stderr: "", status: 1 });
    expect(stdout).toMatch(/^one +10\.0\.0\.11 +02:1a:b0:\S+ +ok$/m);
    expect(stdout).toMatch(/^none +10\.0\.0\.240 +none +1 fault$/m);
    expect(stdout).toContain("backend-down  none\n  found  nobody answers for 10.0.0.240\n  why    ");
    expect(stdout.trimEnd().split("\n").at(-1)).toBe("1 fault");
  });

  test("a stranger with the cluster address, then with the dispatcher's own", async () => {
    const stranger = it.lab.node("stranger");
    const { mac } = stranger.plan.interfaces[0]!;
    await stranger.exec("ip", "address", "add", `${CLUSTER}/24`, "dev", "eth1");
    expect((await it.verify()).faults).toMatchObject([
      { id: "address-taken", backend: null, mac, clusters: [CLUSTER] },
    ]);
    await stranger.exec("ip", "address", "add", "10.0.0.2/24", "dev", "eth1");
    expect((await it.verify()).faults).toMatchObject([{ id: "own-address-taken", backend: null, mac }]);
    await stranger.exec("ip", "address", "flush", "dev", "eth1");
  });

  test("no machine's tables name anything else than before", async () => {
    const tables = () =>
      Promise.all(
        ["web1", "stranger"].map((name) => it.lab.node(name).exec("ip", "-4", "neigh", "show", "nud", "all")),
      );
    await it.onEach(MACHINES, () => ["ip neigh flush all"]);
    await it.lab.node("stranger").exec("ip", "address", "add", "10.0.0.250/24", "dev", "eth1");
    expect((await it.verify()).ok).toBe(true);
    const [web1, stranger] = await tables();
    // The one who was asked has learned, by asking, where the dispatcher is, which is right.
    expect(web1!.match(/^10\.\S+.*lladdr \S+/gm)).toEqual(["10.0.0.2 dev eth1 lladdr 02:00:00:00:00:02"]);
    expect(stranger).not.toContain("lladdr 02:00:00:00:00:02");
  });
});
