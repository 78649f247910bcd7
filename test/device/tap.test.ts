import { expect, test } from "vitest";
import { grant } from "../../src/device/offloads.ts";
import { run, runChecked } from "../../src/system/programs.ts";
import { needsTap } from "../needs.ts";
import { runTs } from "../runtime.ts";

test.skipIf(needsTap())(
  "a TAP is made, set up, adopted, kept and removed, and each failure names its remedy",
  async () => {
    const printed = await runChecked(["unshare", "-n", ...runTs("test/device/tap_probe.ts")]);
    expect(JSON.parse(printed)).toEqual({
      told: {
        name: "tap7",
        mac: "02:00:00:00:00:77",
        mtu: 1400,
        ipv4: "10.9.0.1/20",
        isUp: true,
        isAdopted: false,
      },
      full: { length: 5, taken: 5, isCounted: true, questions: true, elsewhere: 0 },
      steered: {
        // Those that have crossed no router are in the neighbor queue, others are data.
        advertisements: [[255, 255], [64, 64]],
        flows: 20,
        frames: 60,
        isShared: true,
        isSplit: false,
        neighbors: [true, false],
        isOpenTwice:
          'TapError: Cannot open interface "tap3": another program has it open; stop that program or choose another name',
      },
      oneQueue: { isAdopted: true, hasNeighborQueue: false },
      kernel: { master: "br0", mac: "02:00:00:00:00:77", mtu: 1400, up: true, ipv4: ["10.9.0.1/20"] },
      gone: true,
      many: {
        queues: 2,
        granted: ["checksum", "tso4", "tso6", "tso-ecn", "uso4", "uso6"],
        kernel: { numqueues: 2, hasHeader: true },
      },
      shared: {
        asMany: expect.stringContaining('"tap6": another program has it open; stop that program'),
        asOne: expect.stringContaining('"tap6": another program has it open; stop that program'),
        queuesAfterwards: 2,
        lastingBusy: expect.stringContaining('"tap4": another program has it open; stop that program'),
        lastingAgain: "opened",
      },
      persistent: { stays: true, isAdopted: true, staysAfterAdoption: true, leftBridge: true },
      failures: {
        busy:
          'TapError: Cannot open interface "tap7": another program has it open; stop that program or choose another name',
        otherKind:
          'TapError: Cannot open interface "dummy": one of that name exists and is of another kind; choose another ' +
          "name or delete it",
        longName:
          'TapError: Cannot open interface "a-name-of-seventeen": the name is longer than 15 octets; choose a shorter one',
        badName:
          'TapError: Cannot open interface "a/b": an interface name has no space, slash or colon; choose another one',
        noBridge: 'TapError: Cannot add "tap9" to bridge "br9": there is no such interface; make it with ' +
          '"ip link add br9 type bridge"',
        notABridge: 'TapError: Cannot add "tap9" to bridge "dummy2": "dummy2" is no bridge',
        oneQueueOnly:
          'TapError: Cannot open interface "tap8": one of that name exists, and for one queue only or of another kind; ' +
          'delete it, or make it with "ip tuntap add tap8 mode tap multi_queue"',
        manyQueuesAsOne: "opened",
        badMtu: 'TapError: Cannot set MTU to 5 on "tap9": EINVAL: invalid argument',
        badMac: 'TapError: Cannot set the MAC of "tap9": "nonsense" is none',
      },
      nothingLeft: true,
    });
  },
);

test("of the offloads, those that the kernel takes together are granted", () => {
  const kernel = (known: number) => (flags: number) => (flags & ~known) === 0;
  expect(grant(kernel(0x7f))).toEqual(["checksum", "tso4", "tso6", "tso-ecn", "uso4", "uso6"]);
  expect(grant(kernel(0x1f)), "before Linux 6.2").toEqual(["checksum", "tso4", "tso6", "tso-ecn"]);
  expect(grant(kernel(0x01))).toEqual(["checksum"]);
  expect(grant(() => false)).toEqual([]);
});

test.skipIf(needsTap())("without permission the error says what to do", async () => {
  const script = runTs("test/device/tap_probe.ts").map((word) => `'${word}'`).join(" ");
  const { stderr } = await run([
    "unshare",
    "-n",
    "setpriv",
    "--bounding-set=-net_admin",
    "--inh-caps=-net_admin",
    "sh",
    "-c",
    script.replace("tap_probe", "open_tap"),
  ]);
  expect(stderr).toContain(
    'Cannot open interface "oneip9": EPERM: operation not permitted; run as root or with CAP_NET_ADMIN',
  );
});

test.skipIf(needsTap())("when /dev/net/tun is another device the error says so", async () => {
  const script = runTs("test/device/open_tap.ts").map((word) => `'${word}'`).join(" ");
  const replaced = "mount --bind /dev/null /dev/net/tun && " + script;
  const { stderr } = await run(["unshare", "-n", "-m", "sh", "-c", replaced]);
  expect(stderr).toContain(
    'Cannot open interface "oneip9": /dev/net/tun is another device; replace it: ' +
      '"rm /dev/net/tun && mknod /dev/net/tun c 10 200"',
  );
});

test.skipIf(needsTap())("without /dev/net/tun the error says what to do", async () => {
  const script = runTs("test/device/open_tap.ts").map((word) => `'${word}'`).join(" ");
  const hidden = "mount -t tmpfs none /dev/net && " + script;
  const { stderr } = await run(["unshare", "-n", "-m", "sh", "-c", hidden]);
  expect(stderr).toContain(
    'Cannot open interface "oneip9": /dev/net/tun: ENOENT: no such file or directory; the kernel has no',
  );
  expect(stderr).toContain("modprobe tun");
});
