/** Run in a network namespace of its own: opens TAPs rightly and wrongly and prints what came of it, as JSON. */

import { execFileSync } from "node:child_process";
import { Tap } from "oneip";

const ip = (...args: string[]) => execFileSync("ip", args, { encoding: "utf8" });
const exists = (name: string) =>
  (JSON.parse(ip("-j", "link")) as { ifname: string }[]).some(({ ifname }) => ifname === name);
const failure = (options: object) => {
  try {
    new Tap(options).close();
    return "opened";
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`;
  }
};

ip("link", "add", "br0", "type", "bridge");
ip("link", "add", "dummy", "type", "veth", "peer", "name", "dummy2");

const tap = new Tap({
  name: "tap7",
  mac: "02:00:00:00:00:77",
  mtu: 1400,
  ipv4: "10.9.0.1/20",
  bridge: "br0",
});
const seen = JSON.parse(ip("-j", "-d", "address", "show", "dev", "tap7"))[0] as {
  master: string;
  address: string;
  mtu: number;
  flags: string[];
  addr_info: { local: string; prefixlen: number }[];
};
const told = {
  name: tap.name,
  mac: tap.mac,
  mtu: tap.mtu,
  ipv4: tap.ipv4,
  isUp: tap.isUp,
  isAdopted: tap.isAdopted,
};
const busy = failure({ name: "tap7" });
tap.close();
tap.close(); // Twice does no harm.

const kept = new Tap({ name: "tap8", persistent: true });
kept.close();
const stays = exists("tap8");
const adopted = new Tap({ name: "tap8", bridge: "br0" });
const isAdopted = adopted.isAdopted;
adopted.close();
const leftBridge = !ip("link", "show", "dev", "tap8").includes("master");

const wide = new Tap({ name: "tap6", queues: 2, offloads: true });
const { numqueues, vnet_hdr: hasHeader } = JSON.parse(ip("-j", "-d", "link", "show", "dev", "tap6"))[0]
  .linkinfo
  .info_data as { numqueues: number; vnet_hdr: boolean };
const many = { queues: wide.queues.length, granted: wide.granted, kernel: { numqueues, hasHeader } };
const queuesBeside = () =>
  JSON.parse(ip("-j", "-d", "link", "show", "dev", "tap6"))[0].linkinfo.info_data.numqueues;
const shared = {
  asMany: failure({ name: "tap6", queues: 2 }),
  asOne: failure({ name: "tap6" }),
  queuesAfterwards: queuesBeside(),
};
wide.close();
ip("tuntap", "add", "tap4", "mode", "tap", "multi_queue");
const lasting = new Tap({ name: "tap4", queues: 2 });
const lastingBusy = failure({ name: "tap4", queues: 2 });
lasting.close();
const lastingAgain = failure({ name: "tap4", queues: 2 });
ip("tuntap", "add", "tap5", "mode", "tap", "multi_queue");

const before = ip("-br", "link").split("\n").length;
const failures = {
  busy,
  otherKind: failure({ name: "dummy" }),
  longName: failure({ name: "a-name-of-seventeen" }),
  badName: failure({ name: "a/b" }),
  noBridge: failure({ name: "tap9", bridge: "br9" }),
  notABridge: failure({ name: "tap9", bridge: "dummy2" }),
  oneQueueOnly: failure({ name: "tap8", queues: 2 }),
  manyQueuesAsOne: failure({ name: "tap5" }),
  badMtu: failure({ name: "tap9", mtu: 5 }),
  badMac: failure({ name: "tap9", mac: "nonsense" }),
};

console.log(JSON.stringify({
  told,
  kernel: {
    master: seen.master,
    mac: seen.address,
    mtu: seen.mtu,
    up: seen.flags.includes("UP"),
    ipv4: seen.addr_info.filter(({ local }) => local.includes(".")).map(({ local, prefixlen }) =>
      `${local}/${prefixlen}`
    ),
  },
  gone: !exists("tap7") && !exists("tap6"),
  many,
  shared: { ...shared, lastingBusy, lastingAgain },
  persistent: { stays, isAdopted, staysAfterAdoption: exists("tap8"), leftBridge },
  failures,
  nothingLeft: ip("-br", "link").split("\n").length === before,
}));
