import { expect, test } from "vitest";
import { runChecked } from "../../src/system/programs.ts";
import { needsTap } from "../needs.ts";
import { runTs } from "../runtime.ts";

test.skipIf(needsTap())("a program written for tuntap2 finds its surface and whole frames", async () => {
  const printed = await runChecked(["unshare", "-n", ...runTs("test/device/tuntap2_probe.ts")]);
  expect(JSON.parse(printed)).toEqual({
    fresh: { name: "tap0", isTap: true, isTun: false, isUp: false, ipv4: "" },
    set: { mac: "02:00:00:00:00:55", mtu: 1300, ipv4: "10.8.0.1/24", ipv6: "2001:db8:9::1/64", isUp: true },
    isDuplex: true,
    echo: "10.8.0.2",
    frames: 98,
    released: null,
    gone: true,
    tun: { isTap: false, isTun: true, mac: "A TUN interface has no MAC address" },
    shim: { isTun: true, mtu: 1280, ipv4: "10.7.0.1/16", isUp: true },
    ping: true,
  });
});
