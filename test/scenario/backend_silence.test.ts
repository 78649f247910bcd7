import { afterAll, beforeAll, expect, test } from "vitest";
import { type Lab, type LabNode, until } from "oneip";
import { needsRoot } from "../needs.ts";
import { ONEIP } from "../runtime.ts";
import { backendLab, check } from "./backend_lab.ts";
import { CLUSTER, CLUSTER6 } from "./labs.ts";

let lab: Lab | undefined;
beforeAll(async () => {
  if (!needsRoot()) lab = await backendLab("silence");
});
afterAll(() => lab?.down());

/** What the router comes to believe after it has asked, or was asked. */
async function believes(router: LabNode, ask: () => Promise<unknown>, address = CLUSTER): Promise<boolean> {
  await router.exec("ip", "neigh", "flush", "dev", "eth1");
  await ask();
  return await until("the question is answered or given up", async () => {
    const row = (await router.exec("ip", "neigh", "show", address, "dev", "eth1")).trim();
    if (row.includes("INCOMPLETE")) return undefined;
    return row.includes("lladdr") ? "yes" : "no";
  }) === "yes";
}

test.skipIf(needsRoot())("the judgement of arp_ignore and scope is the kernel's", async () => {
  const [web, router] = [lab!.node("web"), lab!.node("router")];
  const ask = () => router.run(["ping", "-c1", "-W1", "-q", CLUSTER]);
  for (const [scope, values] of [["host", [0, 1, 2, 3, 4]], ["global", [1, 3]]] as const) {
    await web.exec(
      "sh",
      "-ec",
      `ip address del ${CLUSTER}/32 dev lo; ip address add ${CLUSTER}/32 dev lo scope ${scope}`,
    );
    for (const value of values) {
      await web.exec("sysctl", "-qw", `net.ipv4.conf.all.arp_ignore=${value}`);
      const answers = await believes(router, ask);
      const { faults } = await check(web);
      expect(faults.length > 0, `arp_ignore ${value}, scope ${scope}`).toBe(answers);
    }
  }
  expect((await check(web, "--fix")).faults).toEqual([]);
});

test.skipIf(needsRoot())("the judgement of arp_announce is the kernel's", async () => {
  const [web, router] = [lab!.node("web"), lab!.node("router")];
  for (const value of [0, 1, 2]) {
    await web.exec("sysctl", "-qw", `net.ipv4.conf.all.arp_announce=${value}`);
    await web.exec("ip", "neigh", "flush", "dev", "eth1");
    const leaks = await believes(
      router,
      () => web.run(["ping", "-c1", "-W1", "-q", "-I", CLUSTER, "10.0.0.1"]),
    );
    const { faults } = await check(web);
    expect(faults.map(({ id }) => id), `arp_announce ${value}`).toEqual(leaks ? ["arp-announce"] : []);
  }
});

test.skipIf(needsRoot())("a published entry of IPv6 answers beside the alias, and is found", async () => {
  const [web, router] = [lab!.node("web"), lab!.node("router")];
  const answers = () => believes(router, () => router.run(["ping", "-c1", "-W1", "-q", CLUSTER6]), CLUSTER6);
  const proxy = "sysctl -qw net.ipv6.conf.all.forwarding=1 net.ipv6.conf.eth1.proxy_ndp=1";
  // A proxy answers after a while, up to 0.8 s, which is longer than the router waits here.
  const atOnce = "sysctl -qw net.ipv6.neigh.eth1.proxy_delay=0";
  await web.exec("sh", "-ec", `${proxy}; ${atOnce}; ip neigh add proxy ${CLUSTER6} dev eth1`);
  expect(await answers()).toBe(true);
  expect((await check(web, "--fix")).mended.map(({ id }) => id)).toEqual(["arp-published"]);
  expect(await answers()).toBe(false);
  await web.exec("sh", "-ec", proxy.replaceAll("=1", "=0"));
});

test.skipIf(needsRoot())("--routes reads the kernel's own table, and prints what mends it", async () => {
  const web = lab!.node("web");
  const options = ["backend", "check", "--routes", "-", "--json"];
  const routes = async () => {
    const input = await web.exec("ip", "route", "show", "table", "all");
    const { stdout, status } = await web.run([...ONEIP, ...options], { input });
    return { status, ...JSON.parse(stdout) };
  };
  expect(await routes()).toMatchObject({ status: 0, system: "linux", extra: [] });
  await web.exec("sh", "-ec", `ip address del ${CLUSTER}/32 dev lo; ip address add ${CLUSTER}/24 dev lo`);
  const { status, extra } = await routes();
  expect({ status, extra }).toEqual({
    status: 1,
    extra: [{
      id: "extra-route",
      cluster: CLUSTER,
      network: "10.0.0.0/24",
      mend: "ip route del local 10.0.0.0/24 dev lo table local",
      confirmed: true,
    }],
  });
  expect(await web.exec("ip", "route", "get", "10.0.0.1"), "it takes its router for itself").toContain(
    "dev lo",
  );
  await web.exec("sh", "-ec", extra[0].mend);
  expect(await web.exec("ip", "route", "get", "10.0.0.1")).toContain("dev eth1");
  expect(await routes()).toMatchObject({ status: 0, extra: [] });
  expect((await check(web, "--fix")).faults).toEqual([]);
});

interface Method {
  readonly name: string;
  readonly steps: readonly { readonly title: string; readonly commands: readonly string[] }[];
}

test.skipIf(needsRoot())(
  "every method of the guide for Linux: silent, accepts, and can be undone",
  async () => {
    const [web, router] = [lab!.node("web"), lab!.node("router")];
    const guide = ["backend", "guide", "--os", "linux", "--cluster", CLUSTER, CLUSTER6, "--json"];
    const { methods } = JSON.parse(await web.exec(...ONEIP, ...guide)) as { methods: readonly Method[] };
    const run = (method: Method, titles: readonly string[]) => {
      const commands = method.steps.filter(({ title }) => titles.includes(title)).flatMap(({ commands }) =>
        commands
      );
      return web.exec("sh", "-ec", commands.join("\n").replaceAll("PRIMARY", "10.0.0.11"));
    };
    const state = () =>
      web.exec("sh", "-c", "ip -o address; sysctl net.ipv4.conf.all.arp_ignore; nft list ruleset");
    const mac = (await web.exec("cat", "/sys/class/net/eth1/address")).trim();

    await run(methods[0]!, ["undo"]);
    const bare = await state();
    expect(methods.length).toBe(3);
    for (const method of methods) {
      await run(method, ["silence", "alias"]);
      for (const address of [CLUSTER, CLUSTER6]) {
        const what = `${method.name}, ${address}`;
        expect(await believes(router, () => router.run(["ping", "-c1", "-W1", "-q", address]), address), what)
          .toBe(false);
        const neighbor = [address, "lladdr", mac, "dev", "eth1"];
        await router.exec("ip", "neigh", "replace", ...neighbor, "nud", "permanent");
        const url = address.includes(":") ? `http://[${address}]/` : `http://${address}/`;
        expect(await router.exec("curl", "-sSg", "--max-time", "60", url), what).toBe("web\n");
        await router.exec("ip", "neigh", "del", ...neighbor);
      }
      await run(method, ["undo"]);
      expect(await state(), method.name).toBe(bare);
    }
    await run(methods[0]!, ["silence", "alias"]);
    expect((await check(web)).faults).toEqual([]);
  },
);
