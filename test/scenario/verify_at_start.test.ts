import { writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { until } from "oneip";
import { needsTap } from "../needs.ts";
import { CLUSTER } from "./labs.ts";
import { configOf, VerifyLab } from "./verify_lab.ts";

const MACHINES = [{ name: "web1" }, { name: "web2" }];
const WITHOUT_ALIAS = `ip address del ${CLUSTER}/32 dev lo`;
const WITH_ALIAS = `ip address add ${CLUSTER}/32 dev lo scope host`;

describe.skipIf(needsTap())("dispatcher.verify", () => {
  let it: VerifyLab;
  beforeAll(async () => {
    const config = configOf(MACHINES).replace("bridge: br0", "bridge: br0\n  verify: refuse");
    it = await VerifyLab.up("refuse", MACHINES, config);
  });
  afterAll(() => it?.down());

  test("refuse: a fault ends run before it has begun", async () => {
    expect(it.logged(), "at first all is well").toEqual([]);
    await it.lab.node("lb").program!.stop();
    await it.lab.node("web1").exec("sh", "-c", WITHOUT_ALIAS);
    const { stdout, stderr, status } = await it.oneip("run", "-c", it.file);
    expect({ stdout, status }).toEqual({ stdout: "", status: 1 });
    expect(stderr).toContain(`alias-missing or firewall  web1, ${CLUSTER}\n`);
    expect(stderr).toContain(`  mend   ip address replace ${CLUSTER}/32 dev lo scope host\n`);
    expect(stderr).toContain("oneip: The backends are not set up right, and dispatcher.verify is refuse");
    expect(await it.lab.node("lb").exec("ip", "-br", "link")).not.toContain("oneip0");
    await it.lab.node("web1").exec("sh", "-c", WITH_ALIAS);
  });

  test("a backend that is down does not, and each that appears is verified, and only it", async () => {
    const { program } = it.lab.node("lb");
    const verified = (what: string) =>
      program!.log.split("\n").some((line) =>
        line.includes('"verified, no fault found"') && line.includes(what)
      );
    await it.lab.node("web1").exec("ip", "link", "set", "eth1", "down");
    await program!.start();
    await until("the verification at the start is over", () => it.logged().length > 0);
    expect(it.logged()).toMatchObject([{ id: "backend-down", backend: "web1" }]);

    await until("the dispatcher has given it up", () => program!.log.includes("neighbor does not answer"));
    await it.lab.node("web1").exec("ip", "link", "set", "eth1", "up");
    await until("it has been verified", () => verified('"backends":["web1"]'));
    await it.lab.node("web2").exec(
      "sh",
      "-ec",
      `${WITHOUT_ALIAS}; ip link set eth1 address 02:1a:b0:00:77:77`,
    );
    await until("its fault has been named", () => it.logged().some(({ backend }) => backend === "web2"));
    expect(it.logged()).toMatchObject([{ id: "backend-down" }, { id: "alias-missing", backend: "web2" }]);
    await program!.stop();
  });

  test("off: nothing is asked, nothing is said", async () => {
    writeFileSync(it.file, configOf(MACHINES).replace("bridge: br0", "bridge: br0\n  verify: off"));
    const { program } = it.lab.node("lb");
    await it.lab.node("web1").exec("ip", "link", "set", "eth1", "down");
    await program!.start();
    // By then web2 would have answered.
    await until("web1 is given up", () => program!.log.includes("neighbor does not answer"));
    await program!.stop();
    expect(program!.log).not.toMatch(/verif/);
    const { verdicts } = JSON.parse(program!.log.trim().split("\n").at(-1)!);
    expect(verdicts.heard_answer).toBe(0);
  });
});
