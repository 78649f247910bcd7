import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { deleteRoute } from "../../../src/backend/routes/delete_route.ts";
import { formatMask, parseMask } from "../../../src/backend/routes/mask.ts";
import { formatCommand } from "../../../src/system/programs.ts";
import { parsePrintedRoutes } from "../../../src/backend/routes/printed_routes.ts";
import { extraRoutes, inferClusters } from "../../../src/backend/routes/routes.ts";

/** As IBM's manual prints it ("Checking for an extra route"), without line breaks: the alias 9.67.133.158 has its class A mask. */
const WINDOWS_IN_ONE_LINE =
  "Active Routes: Network Address Netmask Gateway Address Interface Metric 0.0.0.0 0.0.0.0 9.67.128.1 9.67.133.67 1 " +
  "9.0.0.0 255.0.0.0 9.67.133.158 9.67.133.158 1 9.67.128.0 255.255.248.0 9.67.133.67 9.67.133.67 1 " +
  "9.67.133.67 255.255.255.255 127.0.0.1 127.0.0.1 1 9.67.133.158 255.255.255.255 127.0.0.1 127.0.0.1 1 " +
  "9.255.255.255 255.255.255.255 9.67.133.67 9.67.133.67 1 127.0.0.0 255.0.0.0 127.0.0.1 127.0.0.1 1 " +
  "224.0.0.0 224.0.0.0 9.67.133.158 9.67.133.158 1 224.0.0.0 224.0.0.0 9.67.133.67 9.67.133.67 1 " +
  "255.255.255.255 255.255.255.255 9.67.133.67 9.67.133.67 1";

const WINDOWS_FRENCH = `
Itin\u00e9raires actifs\u00a0:
Destination r\u00e9seau    Masque r\u00e9seau  Adr. passerelle   Adr. interface M\u00e9trique
          0.0.0.0          0.0.0.0         10.0.0.1        10.0.0.11       20
         10.0.0.0    255.255.255.0        10.0.0.11        10.0.0.11       20
         10.0.0.0    255.255.255.0       10.0.0.100       10.0.0.100       30
        10.0.0.11  255.255.255.255        127.0.0.1        127.0.0.1       20
       10.0.0.100  255.255.255.255        127.0.0.1        127.0.0.1       30
        127.0.0.0        255.0.0.0        127.0.0.1        127.0.0.1        1
        224.0.0.0        240.0.0.0       10.0.0.100       10.0.0.100       30
Passerelle par d\u00e9faut\u00a0:          10.0.0.1
===========================================================================
Itin\u00e9raires persistants\u00a0:
  Aucun`;

const WINDOWS_GERMAN = `
Schnittstellenliste
 13...00 50 56 a1 02 03 ......Intel(R) 82574L-Gigabit-Netzwerkverbindung
 17...02 00 4c 4f 4f 50 ......Microsoft KM-TEST Loopbackadapter
  1...........................Software Loopback Interface 1
IPv4-Routentabelle
Aktive Routen:
     Netzwerkziel    Netzwerkmaske          Gateway    Schnittstelle Metrik
          0.0.0.0          0.0.0.0         10.0.0.1        10.0.0.11    281
         10.0.0.0    255.255.255.0   Auf Verbindung         10.0.0.11    281
         10.0.0.0    255.255.255.0   Auf Verbindung        10.0.0.100    281
        10.0.0.11  255.255.255.255   Auf Verbindung         10.0.0.11    281
       10.0.0.100  255.255.255.255   Auf Verbindung        10.0.0.100    281
       10.0.0.255  255.255.255.255   Auf Verbindung        10.0.0.100    281
        127.0.0.0        255.0.0.0   Auf Verbindung         127.0.0.1    331
        224.0.0.0        240.0.0.0   Auf Verbindung        10.0.0.100    281
  255.255.255.255  255.255.255.255   Auf Verbindung        10.0.0.100    281
St\u00e4ndige Routen:
  Netzwerkadresse          Netzmaske  Gatewayadresse  Metrik
          0.0.0.0          0.0.0.0         10.0.0.1  Standard`;

const WINDOWS_TWO_ADAPTERS = `
Network Destination        Netmask          Gateway       Interface  Metric
          0.0.0.0          0.0.0.0         10.0.0.1       10.0.0.11    281
         10.0.0.0    255.255.255.0         On-link        10.0.0.11    281
      192.168.5.0    255.255.255.0         On-link      192.168.5.5    281
      192.168.5.5  255.255.255.255         On-link      192.168.5.5    281`;

/** The two rows are IBM's, the others in their manner. */
const AIX = `
Destination        Gateway           Flags   Refs     Use  If   Exp  Groups

Route Tree for Protocol Family 2 (Internet):
default            9.27.176.1        UG        4   210331 en0      -      -
9.27.176.0         9.27.176.106      UHSb      0        0 en0      -      -   =>
9.27.176/24        9.27.176.106      U         5  1020304 en0      -      -
9.27.176/24        9.27.176.131      U         0        0 lo0      -      -
9.27.176.106       127.0.0.1         UGHS      0     2000 lo0      -      -
127/8              127.0.0.1         U        11    32000 lo0      -      -

Route Tree for Protocol Family 24 (Internet v6):
::1%1              ::1%1             UH        0    20000 lo0      -      -`;

const SOLARIS = `
Routing Table: IPv4
  Destination           Gateway           Flags  Ref     Use     Interface
-------------------- -------------------- ----- ----- ---------- ---------
default              10.0.0.1             UG        2       4711
10.0.0.0             10.0.0.11            U         5        815 net0
10.0.0.0             10.0.0.100           U         1          0 lo0:1
224.0.0.0            10.0.0.11            U         1          0 net0
127.0.0.1            127.0.0.1            UH        2         18 lo0`;

const HPUX = `
Routing tables
Destination           Gateway            Flags Refs Interface  Pmtu
127.0.0.1             127.0.0.1          UH    0    lo0        32808
10.0.0.11             10.0.0.11          UH    0    lan0       32808
10.0.0.100            10.0.0.100         UH    0    lo0:1      32808
10.0.0.0              10.0.0.11          U     2    lan0       1500
10.0.0.0              10.0.0.100         U     2    lo0:1      32808
127.0.0.0             127.0.0.1          U     0    lo0        32808
default               10.0.0.1           UG    0    lan0       0`;

const FREEBSD = `
Routing tables

Internet:
Destination        Gateway            Flags     Netif Expire
default            10.0.0.1           UGS         em0
10.0.0.0/24        link#2             U           lo0
10.0.0.100         link#2             UH          lo0
127.0.0.1          link#2             UH          lo0

Internet6:
Destination                       Gateway                       Flags     Netif Expire
::/96                             ::1                           URS         lo0
2001:db8::/64                     link#1                        U           em0
fe80::%lo0/64                     link#2                        U           lo0`;

const MACOS = `
Routing tables

Internet:
Destination        Gateway            Flags               Netif Expire
default            10.0.0.1           UGScg                 en0
10/24              10.0.0.100         UC                    lo0
10.0.0.100         10.0.0.100         UH                    lo0
127                127.0.0.1          UCS                   lo0
127.0.0.1          127.0.0.1          UH                    lo0
224.0.0/4          link#4             UmCS                  en0      !`;

const LINUX_NETSTAT = `
Kernel IP routing table
Destination     Gateway         Genmask         Flags   MSS Window  irtt Iface
0.0.0.0         10.0.0.1        0.0.0.0         UG        0 0          0 eth0
10.0.0.0        0.0.0.0         255.255.255.0   U         0 0          0 eth0
10.0.0.0        0.0.0.0         255.255.255.0   U         0 0          0 lo`;

/** Of a Linux 6.18 with \`ip address add 10.0.0.80/24 dev lo\` and \`fd00::80/64\`. */
const LINUX = `10.0.0.0/24 dev b0 proto kernel scope link src 10.0.0.2
local 10.0.0.0/24 dev lo table local proto kernel scope host src 10.0.0.80
local 10.0.0.2 dev b0 table local proto kernel scope host src 10.0.0.2
local 10.0.0.80 dev lo table local proto kernel scope host src 10.0.0.80
broadcast 10.0.0.255 dev b0 table local proto kernel scope link src 10.0.0.2
local 127.0.0.0/8 dev lo table local proto kernel scope host src 127.0.0.1
local 127.0.0.1 dev lo table local proto kernel scope host src 127.0.0.1
broadcast 127.255.255.255 dev lo table local proto kernel scope link src 127.0.0.1
fd00::/64 dev b0 proto kernel metric 256 pref medium
fd00::/64 dev lo proto kernel metric 256 pref medium
local ::1 dev lo table local proto kernel metric 0 pref medium
local fd00::80 dev lo table local proto kernel metric 0 pref medium
multicast ff00::/8 dev b0 table local proto kernel metric 256 pref medium`;

const cases: {
  name: string;
  text: string;
  system: string | undefined;
  clusters: string[];
  want: string[];
}[] = [
  {
    name: "Windows, in one line",
    text: WINDOWS_IN_ONE_LINE,
    system: "windows",
    clusters: ["9.67.133.158"],
    want: ["route delete 9.0.0.0 9.67.133.158"],
  },
  {
    name: "Windows in French",
    text: WINDOWS_FRENCH,
    system: "windows",
    clusters: ["10.0.0.100"],
    want: ["route delete 10.0.0.0 10.0.0.100"],
  },
  {
    name: "Windows since Vista, in German, with the adapter's number",
    text: WINDOWS_GERMAN,
    system: "windows",
    clusters: ["10.0.0.100"],
    want: ["route delete 10.0.0.0 mask 255.255.255.0 0.0.0.0 if 17"],
  },
  {
    name: "Windows with a second adapter, which is no alias",
    text: WINDOWS_TWO_ADAPTERS,
    system: "windows",
    clusters: [],
    want: [],
  },
  {
    name: "AIX",
    text: AIX,
    system: "aix",
    clusters: ["9.27.176.131"],
    want: ["route delete 9.27.176/24 9.27.176.131"],
  },
  {
    name: "Solaris",
    text: SOLARIS,
    system: "solaris",
    clusters: ["10.0.0.100"],
    want: ["route delete -net 10.0.0.0 10.0.0.100"],
  },
  {
    name: "HP-UX",
    text: HPUX,
    system: "hpux",
    clusters: ["10.0.0.100"],
    want: ["route delete 10.0.0.100 10.0.0.100"],
  },
  {
    name: "FreeBSD, and not the route that refuses",
    text: FREEBSD,
    system: "freebsd",
    clusters: ["10.0.0.100"],
    want: ["route delete -net 10.0.0.0/24 -ifp lo0"],
  },
  {
    name: "macOS with its short networks",
    text: MACOS,
    system: "macos",
    clusters: ["10.0.0.100"],
    want: ["route delete -net 10.0.0.0/24 10.0.0.100"],
  },
  {
    name: "Linux, every table",
    text: LINUX,
    system: "linux",
    clusters: ["10.0.0.80", "fd00::80"],
    want: ["ip route del local 10.0.0.0/24 dev lo table local", "ip route del fd00::/64 dev lo"],
  },
];

describe("the extra route, without being told the alias:", () => {
  for (const { name, text, system, clusters, want } of cases) {
    test(name, () => {
      const table = parsePrintedRoutes(text)!;
      expect(table.system).toBe(system);
      expect(inferClusters(table.routes)).toEqual(clusters);
      const extra = extraRoutes(table.routes, clusters).map(({ route, cluster }) =>
        formatCommand(deleteRoute(table.system!, route, cluster).command)
      );
      expect(extra).toEqual(want);
    });
  }
});

test("only those of the cluster addresses that count", () => {
  const { routes } = parsePrintedRoutes(WINDOWS_IN_ONE_LINE)!;
  expect(extraRoutes(routes, ["9.67.133.67"]), "the machine's own").toEqual([]);
  expect(extraRoutes(routes, ["192.0.2.80"])).toEqual([]);
});

test("a second adapter is an alias if one says so", () => {
  const { routes } = parsePrintedRoutes(WINDOWS_TWO_ADAPTERS)!;
  expect(
    extraRoutes(routes, ["192.168.5.5"]).map(({ route }) =>
      formatCommand(deleteRoute("windows", route).command)
    ),
  )
    .toEqual(["route delete 192.168.5.0 mask 255.255.255.0 0.0.0.0 if INTERFACE-NUMBER"]);
});

test("Linux without table local is recognized, and what it shows on lo is found", () => {
  const table = parsePrintedRoutes(LINUX_NETSTAT)!;
  expect([table.system, table.lacksLocal]).toEqual(["linux", true]);
  expect(
    extraRoutes(table.routes, ["10.0.0.100"]).map(({ route }) =>
      formatCommand(deleteRoute("linux", route).command)
    ),
  )
    .toEqual(["ip route del 10.0.0.0/24 dev lo"]);
  expect(parsePrintedRoutes("default via 10.0.0.1 dev eth0\n10.0.0.0/24 dev eth0 scope link")!.lacksLocal)
    .toBe(
      true,
    );
  expect(parsePrintedRoutes(LINUX)!.lacksLocal).toBe(false);
});

test("what is no table is none", () => {
  for (const text of ["", "hello", "10.0.0.1", "Destination Gateway\n"]) {
    expect(parsePrintedRoutes(text)).toBeUndefined();
  }
});

test("masks", () => {
  expect(["255.255.248.0", "0.0.0.0", "255.255.255.255", "255.0.255.0", "U"].map(parseMask))
    .toEqual([21, 0, 32, undefined, undefined]);
  expect([21, 0, 32].map(formatMask)).toEqual(["255.255.248.0", "0.0.0.0", "255.255.255.255"]);
});

test("any words in, no throw", () => {
  const word = fc.oneof(
    fc.constantFrom(
      "Destination",
      "Gateway",
      "Flags",
      "If",
      "default",
      "local",
      "via",
      "dev",
      "lo0",
      "U",
      "link#1",
      "\n",
    ),
    fc.constantFrom(
      "10/8",
      "10.0.0.0",
      "255.0.0.0",
      "10.0.0/99",
      "1.2.3.4/255.0.255.0",
      "::/0",
      "fe80::%lo0/64",
      "::/999",
    ),
    fc.ipV4(),
    fc.ipV6(),
    fc.nat(),
    fc.string(),
  );
  fc.assert(fc.property(fc.array(word, { maxLength: 60 }), (words) => {
    for (const head of ["", "Destination Gateway Flags Refs If\n"]) {
      const table = parsePrintedRoutes(head + words.join(" "));
      if (table !== undefined) extraRoutes(table.routes, [...inferClusters(table.routes), "10.0.0.1", "::1"]);
    }
  }));
});
