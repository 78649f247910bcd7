import { expect, test } from "vitest";
import { parseInterfaces, parseListeners } from "../../../src/backend/check/snapshot.ts";

test("ss: wildcards, addresses, zones", () => {
  const text = `tcp   LISTEN 0      511          0.0.0.0:80         0.0.0.0:*
tcp   LISTEN 0      511                *:443              *:*
tcp   LISTEN 0      511             [::]:81            [::]:*
udp   UNCONN 0      0      127.0.0.53%lo:53         0.0.0.0:*
udp   UNCONN 0      0       0.0.0.0%eth1:67         0.0.0.0:*
udp   UNCONN 0      0      [2001:db8::100]:53          [::]:*
icmp6 UNCONN 0      0                *:58                *:*
`;
  expect(parseListeners(text)).toEqual([
    { protocol: "tcp", address: "0.0.0.0", port: 80 },
    { protocol: "tcp", address: "*", port: 443 },
    { protocol: "tcp", address: "::", port: 81 },
    { protocol: "udp", address: "0.0.0.0", port: 67 },
    { protocol: "udp", address: "2001:db8::100", port: 53 },
  ]);
});

test("ip address: what speaks ARP, and what does not", () => {
  const row = (ifname: string, link_type: string, flags: string[], more = {}) => (
    { ifname, link_type, flags, mtu: 1500, addr_info: [], ...more }
  );
  const json = JSON.stringify([
    row("lo", "loopback", ["LOOPBACK", "UP"]),
    row("eth1", "ether", ["BROADCAST", "UP"]),
    row("eth2", "ether", ["BROADCAST"]),
    row("eth3", "ether", ["BROADCAST", "UP"], { master: "br0", linkinfo: { info_slave_kind: "bridge" } }),
    row("eth4", "ether", ["BROADCAST", "UP"], { master: "red", linkinfo: { info_slave_kind: "vrf" } }),
    row("dummy0", "ether", ["BROADCAST", "NOARP", "UP"]),
    row("tun0", "none", ["POINTOPOINT", "NOARP", "UP"]),
  ]);
  expect(parseInterfaces(json).map(({ name, isQuiet, isLink }) => [name, isQuiet, isLink])).toEqual([
    ["lo", true, false],
    ["eth1", false, true],
    ["eth2", false, false],
    ["eth3", false, false],
    ["eth4", false, true],
    ["dummy0", true, false],
    ["tun0", true, false],
  ]);
});
