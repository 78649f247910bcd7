import { stripVTControlCharacters } from "node:util";
import { expect, test } from "vitest";
import { describeFault, describeFaults } from "../../src/cli/print_faults.ts";
import { type Fault, faultData, ON_THIS_MACHINE } from "../../src/fault/fault.ts";
import { addSilentAlias } from "../../src/fault/remedies.ts";

const OVER_THE_NETWORK: Fault = {
  id: "alias-missing",
  or: ["firewall"],
  backend: "web2",
  mac: "02:00:00:00:00:12",
  clusters: ["10.0.0.100"],
  found: "web2 answers nothing that is sent to 10.0.0.100",
  why: "its clients get no answer",
  mend: addSilentAlias("10.0.0.100"),
  decide: null,
};

const HERE: Fault = {
  ...ON_THIS_MACHINE,
  id: "mtu",
  clusters: ["10.0.0.100", "2001:db8::100"],
  found: "eth1 has MTU 1400",
  why: "this machine drops larger frames",
  mend: [["ip", "link", "set", "dev", "eth1", "mtu", "1500"]],
  decide: "decide which MTU is right",
};

test("a fault has the same form on the backend and over the network", () => {
  expect(stripVTControlCharacters(describeFault(OVER_THE_NETWORK))).toBe(
    `alias-missing or firewall  web2, 10.0.0.100
  found  web2 answers nothing that is sent to 10.0.0.100
  why    its clients get no answer
  mend   sysctl -w net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2
  mend   ip address replace 10.0.0.100/32 dev lo scope host
  where  on web2, as root`,
  );
  expect(stripVTControlCharacters(describeFault(HERE))).toBe(
    `mtu  10.0.0.100, 2001:db8::100
  found  eth1 has MTU 1400
  why    this machine drops larger frames
  mend   ip link set dev eth1 mtu 1500
  where  on this machine, as root
  left   decide which MTU is right`,
  );
});

test("a machine without a name is known by its MAC, and where no command mends nothing says where", () => {
  const stranger: Fault = { ...OVER_THE_NETWORK, backend: null, mend: [], decide: "find it" };
  const lines = stripVTControlCharacters(describeFault(stranger)).split("\n");
  expect(lines[0]).toBe("alias-missing or firewall  02:00:00:00:00:12, 10.0.0.100");
  expect(lines.at(-1)).toBe("  left   find it");
  expect(lines.join("\n")).not.toContain("where");
});

test("the last line counts", () => {
  const last = (faults: readonly Fault[]) =>
    stripVTControlCharacters(describeFaults(faults, ["10.0.0.100"])).split("\n").at(-1);
  expect([[], [HERE], [HERE, HERE]].map(last)).toEqual([
    "ok  10.0.0.100: no fault found",
    "1 fault of 10.0.0.100",
    "2 faults of 10.0.0.100",
  ]);
});

test("JSON has the commands as lines for a shell", () => {
  expect(faultData(HERE)).toEqual({ ...HERE, mend: ["ip link set dev eth1 mtu 1500"] });
});
