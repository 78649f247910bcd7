import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type FaultData, until } from "oneip";
import { needsTap } from "../needs.ts";
import { CLUSTER, CLUSTER6 } from "./labs.ts";
import { CASES } from "./verify_faults.ts";
import { VerifyLab } from "./verify_lab.ts";

/** The wanted faults of each backend, and those that were named: of several that look alike the wanted one. */
function compare(faults: readonly FaultData[], isSeen: (want: string) => boolean = () => true) {
  const wanted = CASES.map(({ name, want }) => [name, want.filter(isSeen).toSorted()] as const);
  const named = CASES.map(({ name, want }) => {
    const names = faults.filter(({ backend }) => backend === name).map(({ id, or, clusters }) => {
      const looks = [id, ...or].map((id) => [id, ...clusters].join(" "));
      return looks.find((look) => want.includes(look)) ?? looks.join(" or ");
    });
    return [name, names.toSorted()] as const;
  });
  return { wanted: Object.fromEntries(wanted), named: Object.fromEntries(named) };
}

describe.skipIf(needsTap())("a backend for each fault", () => {
  let it: VerifyLab;
  beforeAll(async () => {
    it = await VerifyLab.up("faults", CASES);
  });
  afterAll(() => it?.down());

  test("a dispatcher that starts before they are spoilt names those that never were right", async () => {
    await until("the verification at the start is over", () => it.logged().length >= 4);
    expect(it.logged().map(({ id, backend, clusters }) => [id, backend, ...clusters].join(" "))).toEqual(
      ["no-service", "primary-only"].flatMap((name) =>
        [CLUSTER, CLUSTER6].map((cluster) => `no-service ${name} ${cluster}`)
      ),
    );
    await it.lab.node("lb").program!.stop();
  });

  test("verify names each and no other, and ends with status 1", async () => {
    // A backend that knows the dispatcher's MAC need not ask for it, and shows nothing.
    await it.onEach(CASES, ({ build }) => ["ip neigh flush all", ...build]);
    const report = await it.verify();
    const { wanted, named } = compare(report.faults);
    expect(named).toEqual(wanted);
    expect({ ok: report.ok, status: report.status }).toEqual({ ok: false, status: 1 });
    expect(report.faults.filter(({ backend }) => backend === null)).toEqual([]);
    for (const { name, ok } of report.backends) expect(ok, name).toBe(wanted[name]!.length === 0);
  });

  test("run names the same at its start, and whoever asks in the cluster's name when they do", async () => {
    const { program } = it.lab.node("lb");
    await program!.start();
    const isSeen = (want: string) => !want.startsWith("arp-announce");
    const count = CASES.flatMap(({ want }) => want.filter(isSeen)).length;
    await until("it has named so many", () => it.logged().length >= count);
    const { wanted, named } = compare(it.logged(), isSeen);
    expect(named).toEqual(wanted);
    await it.lab.node("arp-announce0").run(["ping", "-c1", "-W1", "-I", CLUSTER, "10.0.0.249"]);
    await until(
      "the dispatcher says who and why",
      () => program!.log.includes('"backend":"arp-announce0","likely":"its arp_announce is too low"'),
    );
    await program!.stop();
  });

  test("the printed commands mend what commands can mend", async () => {
    await it.onEach(CASES, ({ name }) => name.startsWith("arp-announce") ? ["ip neigh flush all"] : []);
    const { faults } = await it.verify();
    await it.onEach(CASES, ({ name, after = [] }) => [
      ...faults.filter(({ backend }) => backend === name).flatMap(({ mend }) => mend),
      ...after,
    ]);
    await it.serveEverywhere();
    await it.onEach(CASES, () => ["ip neigh flush all"]);
    expect(await it.verify()).toMatchObject({ ok: true, faults: [], status: 0 });
  });
});
