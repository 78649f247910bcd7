/** Mistakes in a configuration, and what is told of each. */

const LINK = "  addresses: [10.0.0.2/24]";
/** `becomes` in the place of `was` in a minimal configuration. */
interface Mistake {
  readonly name: string;
  readonly was: string;
  readonly becomes: string;
  /** What is told of it: line and column, what was found, what would do. */
  readonly want: string;
}

export const MISTAKES: Mistake[] = [
  {
    name: "unknown key",
    was: "{name: web1,",
    becomes: "{name: web1, wieght: 2,",
    want:
      '7:22: Unknown key in "clusters[0].backends[0]", found "wieght", use name, address, weight, health, backup, mtu',
  },
  {
    name: "unknown section",
    was: "clusters:",
    becomes: "cluster: 1\nclusters:",
    want: '3:1: Unknown key, found "cluster", use dispatcher, clusters, fleet, api',
  },
  {
    name: "no socket of BIRD",
    was: "clusters:",
    becomes: "fleet: {bird: {socket: bird.ctl}}\nclusters:",
    want:
      '3:24: "fleet.bird.socket" is wrong, found "bird.ctl", use the path of a socket such as /run/bird/bird.ctl, without spaces and commas, 107 octets at most',
  },
  {
    name: "a fleet without its colon",
    was: "clusters:",
    becomes: "fleet:\nclusters:",
    want:
      '3:7: "fleet" is wrong, found nothing, use a mapping such as {bird: {socket: /run/bird/bird.ctl}}, or {}',
  },
  {
    name: "a name that is too long for BIRD",
    was: "clusters:\n  - name: web",
    becomes: `fleet: {bird: {}}\nclusters:\n  - name: ${"w".repeat(48)}`,
    want: `5:11: The name is too long to be a part of a name in BIRD, found ${
      "w".repeat(48)
    } with 48 characters, use 47 at most`,
  },
  {
    name: "BIRD for one of a pair",
    was: "  addresses: [10.0.0.2/24]\nclusters:",
    becomes:
      "  addresses: [10.0.0.2/24]\n  vrrp: {id: 51, addresses: [10.0.0.3/24]}\nfleet: {bird: {}}\nclusters:",
    want:
      "4:15: BIRD announces each dispatcher by itself, found dispatcher.vrrp as well, leave one of the two out: " +
      "with vrrp the router's routes to the pair are static",
  },
  {
    name: "a fallback in a fleet",
    was: "clusters:\n  - name: web",
    becomes: "fleet: {}\nclusters:\n  - name: web\n    fallback: broadcast",
    want:
      "6:15: In a fleet no router asks by ARP who has a cluster address, so there is no fallback, found broadcast, leave it out",
  },
  {
    name: "a cluster address without a next hop of its family",
    was: "clusters:\n  - name: web\n    addresses: [10.0.0.100]",
    becomes: 'fleet: {}\nclusters:\n  - name: web\n    addresses: ["2001:db8::100"]',
    want:
      "6:17: In a fleet a cluster address is reached by way of the dispatcher's own, found 2001:db8::100 and no IPv6 address of the dispatcher, add one to dispatcher.addresses",
  },
  {
    name: "no address of the API",
    was: "clusters:",
    becomes: "api: {listen: 8080}\nclusters:",
    want:
      '3:15: "api.listen" is wrong, found 8080, use an address and a port such as 127.0.0.1:8080, or a list of them',
  },
  {
    name: "an address without its port",
    was: "clusters:",
    becomes: "api: {listen: [127.0.0.1]}\nclusters:",
    want:
      '3:16: "api.listen[0]" is wrong, found "127.0.0.1", use an address and a port such as 127.0.0.1:8080 or [::1]:8080',
  },
  {
    name: "an API for other machines without a token",
    was: "clusters:",
    becomes: 'api: {listen: ["[::1]:8080", 10.0.0.5:8080]}\nclusters:',
    want:
      "3:30: Other machines can ask there and there is no token, found 10.0.0.5:8080, add api.tokenFile or use 127.0.0.1 or [::1]",
  },
  {
    name: "a port of the API that is another's",
    was: "clusters:",
    becomes: "api: {tokenFile: t, listen: [127.0.0.1:8080, 0.0.0.0:8080]}\nclusters:",
    want: "3:46: The port is taken by an address before, found 0.0.0.0:8080, leave one of them out",
  },
  {
    name: "an API at the address of the dispatcher",
    was: "clusters:",
    becomes: "api: {tokenFile: t, listen: 10.0.0.2:8080}\nclusters:",
    want:
      "3:29: The address is the dispatcher's, not this machine's, found 10.0.0.2:8080, use one of the machine's own",
  },
  {
    name: "a certificate without its key",
    was: "clusters:",
    becomes: "api: {listen: 127.0.0.1:8080, tls: {certificate: c}}\nclusters:",
    want: '3:36: "api.tls.key" is missing, found nothing, use the path of a file',
  },
  {
    name: "missing key",
    was: "{name: web1, ",
    becomes: "{",
    want:
      '7:9: "clusters[0].backends[0].name" is missing, found nothing, use letters, digits, dots, dashes and ' +
      "underscores, 63 at most",
  },
  {
    name: "no address",
    was: "10.0.0.11}",
    becomes: "10.0.0.256}",
    want:
      '7:31: "clusters[0].backends[0].address" is wrong, found "10.0.0.256", use an address such as 10.0.0.11 or 2001:db8::11',
  },
  {
    name: "no prefix length",
    was: "10.0.0.2/24",
    becomes: "10.0.0.2",
    want:
      '2:15: "dispatcher.addresses[0]" is wrong, found "10.0.0.2", use an address with prefix length such as ' +
      "10.0.0.2/24 or 2001:db8::2/64",
  },
  {
    name: "no power of two",
    was: "    backends",
    becomes: "    buckets: 1000\n    backends",
    want: '6:14: "clusters[0].buckets" is wrong, found 1000, use a power of two such as 4096',
  },
  {
    name: "weight out of range",
    was: "web1,",
    becomes: "web1, weight: 101,",
    want: '7:30: "clusters[0].backends[0].weight" is wrong, found 101, use a whole number from 0 to 100',
  },
  {
    name: "nobody but backups",
    was: "web1,",
    becomes: "web1, backup: true,",
    want: "7:7: All backends are backups, found 1, use one at least without `backup`",
  },
  {
    name: "a minimum above the number of backends",
    was: "    backends",
    becomes: "    minimum: 2\n    backends",
    want: "6:14: The minimum is never reached, found 2, use 1 at most, which is how many backends there are",
  },
  {
    name: "a slow start with modulo",
    was: "    backends",
    becomes: "    algorithm: modulo\n    slowStart: 30s\n    backends",
    want:
      "7:16: The algorithm modulo knows no slow start, found 30s, use maglev or rendezvous, or leave it out",
  },
  {
    name: "a fast path that there is not",
    was: LINK,
    becomes: `  fastPath: maybe\n${LINK}`,
    want: '2:13: "dispatcher.fastPath" is wrong, found "maybe", use auto, on, off, or a mapping such as ' +
      "{attach: uplink, interface: eth1}",
  },
  {
    name: "a fast path at another place",
    was: LINK,
    becomes: `  fastPath: {attach: tap, interface: eth1}\n${LINK}`,
    want:
      '2:22: "dispatcher.fastPath.attach" is wrong, found "tap", use uplink; the TAP\'s place is fastPath: auto, or on',
  },
  {
    name: "an uplink without its name",
    was: LINK,
    becomes: `  fastPath: {attach: uplink}\n${LINK}`,
    want: '2:13: "dispatcher.fastPath.interface" is missing, found nothing, use 1 to 15 characters without ' +
      "space, slash or colon",
  },
  {
    name: "an uplink with an unknown key",
    was: LINK,
    becomes: `  fastPath: {attach: uplink, interface: eth1, mode: xdp}\n${LINK}`,
    want: '2:47: Unknown key in "dispatcher.fastPath", found "mode", use attach, interface',
  },
  {
    name: "the TAP as uplink",
    was: LINK,
    becomes: `  fastPath: {attach: uplink, interface: oneip0}\n${LINK}`,
    want:
      "2:41: The uplink is the dispatcher's own TAP, found oneip0, use the interface that leads to the link, such as eth1",
  },
  {
    name: "the bridge as uplink",
    was: LINK,
    becomes: `  bridge: br0\n  fastPath: {attach: uplink, interface: br0}\n${LINK}`,
    want:
      "3:41: The uplink is the dispatcher's bridge, found br0, use the interface that leads to the link, such as eth1",
  },
  {
    name: "no backend",
    was: "      - {name: web1, address: 10.0.0.11}",
    becomes: "      []",
    want: '7:7: "clusters[0].backends" is wrong, found an empty list, list at least one backend',
  },
  {
    name: "a list left empty",
    was: "      - {name: web1, address: 10.0.0.11}",
    becomes: "",
    want: '6:14: "clusters[0].backends" is wrong, found nothing, list at least one backend',
  },
  {
    name: "a group's MAC",
    was: "  addresses: [10.0.0.2/24]",
    becomes: "  mac: 03:00:00:00:00:01\n  addresses: [10.0.0.2/24]",
    want: '2:8: "dispatcher.mac" is wrong, found "03:00:00:00:00:01", use a unicast MAC address such as ' +
      "02:00:00:00:00:01: its first octet even, not all of it 0",
  },
  {
    name: "an interface name that is too long",
    was: "  addresses: [10.0.0.2/24]",
    becomes: "  interface: sixteen-letters0\n  addresses: [10.0.0.2/24]",
    want:
      '2:14: "dispatcher.interface" is wrong, found "sixteen-letters0", use 1 to 15 characters without space, ' +
      "slash or colon",
  },
  {
    name: "a technique that there is not",
    was: "    backends",
    becomes: "    technique: flood\n    backends",
    want: '6:16: "clusters[0].technique" is wrong, found "flood", use route or broadcast',
  },
  {
    name: "a group that is one machine",
    was: "    backends",
    becomes: "    group: 02:00:00:00:00:01\n    backends",
    want:
      '6:12: "clusters[0].group" is wrong, found "02:00:00:00:00:01", use ff:ff:ff:ff:ff:ff or a multicast MAC address ' +
      "such as 03:bf:0a:00:00:64, its first octet odd",
  },
  {
    name: "an agent without a key",
    was: "    backends",
    becomes: "    agent: {port: 4121}\n    backends",
    want: '6:12: "clusters[0].agent.keyFile" is missing, found nothing, use the path of a file',
  },
  {
    name: "an agent that is too quick",
    was: "    backends",
    becomes: "    agent: {keyFile: key, interval: 10ms}\n    backends",
    want:
      '6:37: "clusters[0].agent.interval" is wrong, found "10ms", use a duration from 50ms to 10s such as 250ms',
  },
  {
    name: "two backends of one name",
    was: "10.0.0.11}",
    becomes: "10.0.0.11}\n      - {name: web1, address: 10.0.0.12}",
    want: '8:16: Two backends have the same name, found "web1" again, use another name',
  },
  {
    name: "two backends of one address",
    was: "10.0.0.11}",
    becomes: "10.0.0.11}\n      - {name: web2, address: 10.0.0.11}",
    want: '8:31: Two backends have the same address, found "10.0.0.11" again, use another address',
  },
  {
    name: "two backends of one address in two spellings",
    was: "{name: web1, address: 10.0.0.11}",
    becomes: '{name: web1, address: "fe80::11"}\n      - {name: web2, address: "fe80::0:11"}',
    want: '8:31: Two backends have the same address, found "fe80::0:11" again, use another address',
  },
  {
    name: "the dispatcher's address as cluster address",
    was: "[10.0.0.100]",
    becomes: "[10.0.0.2]",
    want:
      "5:17: A cluster address must be nobody's own, found 10.0.0.2, which is the dispatcher's address 10.0.0.2/24, " +
      "use a free address",
  },
  {
    name: "a backend's address as cluster address",
    was: "[10.0.0.100]",
    becomes: "[10.0.0.11]",
    want:
      "5:17: A cluster address must be nobody's own, found 10.0.0.11, which is the primary address of backend " +
      '"web1", use a free address',
  },
  {
    name: "a cluster address twice",
    was: "[10.0.0.100]",
    becomes: "[10.0.0.100, 10.0.0.100]",
    want: "5:29: A cluster address must be nobody's own, found 10.0.0.100, which is an address of cluster " +
      '"web", use a free address',
  },
  {
    name: "a backend off the link",
    was: "10.0.0.11}",
    becomes: "10.0.1.11}",
    want:
      "7:31: The backend is not on the link, found 10.0.1.11, use an address within 10.0.0.2/24: only the MAC " +
      "address of a frame is rewritten, so a router in between would not know the way",
  },
  {
    name: "a backend with the dispatcher's address",
    was: "10.0.0.11}",
    becomes: "10.0.0.2}",
    want:
      "7:31: A backend has the dispatcher's address 10.0.0.2/24, found 10.0.0.2, use the backend's own primary " +
      "address",
  },
  {
    name: "a gateway off the link",
    was: "  addresses: [10.0.0.2/24]",
    becomes: "  gateway: 10.1.0.1\n  addresses: [10.0.0.2/24]",
    want: "2:12: The gateway is not on the link, found 10.1.0.1, use an address within 10.0.0.2/24",
  },
  {
    name: "a next hop off the link",
    was: "  addresses: [10.0.0.2/24]",
    becomes: "  routes: [{prefix: 0.0.0.0/0, via: 10.1.0.1}]\n  addresses: [10.0.0.2/24]",
    want: "2:37: The next hop is not on the link, found 10.1.0.1, use an address within 10.0.0.2/24",
  },
  {
    name: "a next hop of the other family",
    was: "  addresses: [10.0.0.2/24]",
    becomes: '  routes: [{prefix: "::/0", via: 10.0.0.1}]\n  addresses: [10.0.0.2/24]',
    want:
      "2:34: The next hop is of another family than the prefix, found 10.0.0.1 for ::/0, use one of the same",
  },
  {
    name: "a gateway that is no address",
    was: "  addresses: [10.0.0.2/24]",
    becomes: "  gateway: 10.0.0.256\n  addresses: [10.0.0.2/24]",
    want:
      '2:12: "dispatcher.gateway" is wrong, found "10.0.0.256", use an address such as 10.0.0.11 or 2001:db8::11',
  },
  {
    name: "the second gateway off the link",
    was: "  addresses: [10.0.0.2/24]",
    becomes: '  gateway: [10.0.0.1, "2001:db8::1"]\n  addresses: [10.0.0.2/24]',
    want: "2:23: The gateway is not on the link, found 2001:db8::1, use an address within 10.0.0.2/24",
  },
  {
    name: "two gateways of one family",
    was: "  addresses: [10.0.0.2/24]",
    becomes: "  gateway: [10.0.0.1, 10.0.0.3]\n  addresses: [10.0.0.2/24]",
    want: "2:12: There are two gateways of one family, found both, use one for each family",
  },
  {
    name: "the same IPv6 cluster address in another spelling",
    was: "[10.0.0.100]",
    becomes: '["2001:db8::100", "2001:0DB8::0:100"]',
    want:
      "5:34: A cluster address must be nobody's own, found 2001:0DB8::0:100, which is an address of cluster " +
      '"web", use a free address',
  },
  {
    name: "a port without protocol",
    was: "    backends",
    becomes: "    ports: [80]\n    backends",
    want: '6:13: "clusters[0].ports[0]" is wrong, found 80, use a port such as 80/tcp',
  },
  {
    name: "a port beyond 65535",
    was: "    backends",
    becomes: "    ports: [80/tcp, 65536/udp]\n    backends",
    want: '6:21: "clusters[0].ports[1]" is wrong, found "65536/udp", use a port such as 80/tcp',
  },
  {
    name: "a mask of 33 bits",
    was: "    backends",
    becomes: "    mask: {ipv4: 33}\n    backends",
    want: '6:18: "clusters[0].mask.ipv4" is wrong, found 33, use a whole number from 1 to 32',
  },
  {
    name: "a duration without unit",
    was: "  addresses: [10.0.0.2/24]",
    becomes: '  announce: {refresh: "60"}\n  addresses: [10.0.0.2/24]',
    want:
      '2:23: "dispatcher.announce.refresh" is wrong, found "60", use 0s, or a duration from 1s to 24h such as 60s',
  },
  {
    name: "an unknown kind of limit",
    was: "  addresses: [10.0.0.2/24]",
    becomes: "  rateLimits: {redirect: 1}\n  addresses: [10.0.0.2/24]",
    want:
      '2:16: Unknown key in "dispatcher.rateLimits", found "redirect", use timeExceeded, unreachable, tooBig, ' +
      "parameterProblem, reset",
  },
  {
    name: "a key twice",
    was: "    backends",
    becomes: "    name: www\n    backends",
    want: '6:5: This is not YAML, found "name: www", Map keys must be unique',
  },
  {
    name: "more backends than buckets",
    was: "    backends:",
    becomes:
      "    buckets: 2\n    backends:\n      - {name: web2, address: 10.0.0.12}\n      - {name: web3, address: 10.0.0.13}",
    want: "6:14: There are more backends than buckets, found 2 for 3 backends, use a larger power of two",
  },
];
const free = "A cluster address must be nobody's own, found";
for (
  const [found, why] of [
    ["0.0.0.0", "an unspecified address"],
    ["127.0.0.1", "a loopback address"],
    ["255.255.255.255", "the broadcast address"],
    ["224.0.0.1", "a multicast address"],
    ["::", "an unspecified address"],
    ["::1", "a loopback address"],
    ["ff02::1", "a multicast address"],
    ["::ffff:10.0.0.100", "an IPv4 address in IPv6 form"],
  ]
) {
  MISTAKES.push({
    name: `${why}: ${found}`,
    was: "[10.0.0.100]",
    becomes: `["${found}"]`,
    want:
      `5:17: "clusters[0].addresses[0]" is wrong, found "${found}", which is ${why}, use one that a machine of ` +
      "the link can have",
  });
}
MISTAKES.push(
  {
    name: "the gateway as cluster address",
    was: `${LINK}\nclusters:\n  - name: web\n    addresses: [10.0.0.100]`,
    becomes: `${LINK}\n  gateway: 10.0.0.1\nclusters:\n  - name: web\n    addresses: [10.0.0.1]`,
    want: `6:17: ${free} 10.0.0.1, which is the gateway, use a free address`,
  },
  {
    name: "a next hop as cluster address",
    was: `${LINK}\nclusters:\n  - name: web\n    addresses: [10.0.0.100]`,
    becomes:
      `${LINK}\n  routes: [{prefix: 192.0.2.0/24, via: 10.0.0.9}]\nclusters:\n  - name: web\n    addresses: [10.0.0.9]`,
    want: `6:17: ${free} 10.0.0.9, which is the next hop to 192.0.2.0/24, use a free address`,
  },
  {
    name: "the link's broadcast address as cluster address",
    was: "[10.0.0.100]",
    becomes: "[10.0.0.255]",
    want: `5:17: ${free} 10.0.0.255, which is the broadcast address of 10.0.0.2/24, use a free address`,
  },
  {
    name: "a backend at the link's network address",
    was: "10.0.0.11}",
    becomes: "10.0.0.0}",
    want: "7:31: The backend has the network address of 10.0.0.2/24, found 10.0.0.0, use a machine's address",
  },
  {
    name: "a backend at the link's broadcast address",
    was: "10.0.0.11}",
    becomes: "10.0.0.255}",
    want:
      "7:31: The backend has the broadcast address of 10.0.0.2/24, found 10.0.0.255, use a machine's address",
  },
  {
    name: "a gateway at the link's broadcast address",
    was: LINK,
    becomes: `  gateway: 10.0.0.255\n${LINK}`,
    want:
      "2:12: The gateway is the broadcast address of 10.0.0.2/24, found 10.0.0.255, use a machine's address",
  },
  {
    name: "the dispatcher at the link's network address",
    was: "10.0.0.2/24",
    becomes: "10.0.0.0/24",
    want: "2:15: The address is the network address of 10.0.0.0/24, found 10.0.0.0/24, use one of a machine",
  },
  {
    name: "the dispatcher at the anycast address of all routers",
    was: "10.0.0.2/24]",
    becomes: '10.0.0.2/24, "2001:db8::/64"]',
    want:
      "2:28: The address is the subnet-router anycast address (RFC 4291 section 2.6.1) of 2001:db8::/64, found " +
      "2001:db8::/64, use one of a machine",
  },
  {
    name: "an address of the dispatcher twice",
    was: "10.0.0.2/24]",
    becomes: "10.0.0.2/24, 10.0.0.2/16]",
    want: "2:28: An address stands there twice, found 10.0.0.2/16 again, leave one of them out",
  },
  {
    name: "two routes to the same network",
    was: LINK,
    becomes:
      `  routes: [{prefix: 192.0.2.0/24, via: 10.0.0.9}, {prefix: 192.0.2.7/24, via: 10.0.0.8}]\n${LINK}`,
    want: "2:60: Two routes have the same prefix, found 192.0.2.7/24 again, leave one of them out",
  },
  {
    name: "a MAC of zeros",
    was: LINK,
    becomes: `  mac: 00:00:00:00:00:00\n${LINK}`,
    want: '2:8: "dispatcher.mac" is wrong, found "00:00:00:00:00:00", use a unicast MAC address such as ' +
      "02:00:00:00:00:01: its first octet even, not all of it 0",
  },
  {
    name: "a link that cannot carry IPv6",
    was: LINK,
    becomes: '  mtu: 1279\n  addresses: [10.0.0.2/24, "2001:db8::2/64"]',
    want: "2:8: The MTU is too small for IPv6, found 1279, use 1280 or more",
  },
  {
    name: "a way that cannot carry IPv6",
    was: "[10.0.0.100]\n    backends:\n      - {name: web1, address: 10.0.0.11}",
    becomes:
      '[10.0.0.100, "2001:db8::100"]\n    backends:\n      - {name: web1, address: 10.0.0.11, mtu: 68}',
    want: "7:47: The MTU is too small for IPv6, found 68, use 1280 or more",
  },
  {
    name: "announcements so rare that no timer can wait for them",
    was: LINK,
    becomes: `  announce: {refresh: 36000m}\n${LINK}`,
    want:
      '2:23: "dispatcher.announce.refresh" is wrong, found "36000m", use 0s, or a duration from 1s to 24h such as 60s',
  },
  {
    name: "announcements without a pause",
    was: LINK,
    becomes: `  announce: {interval: 0s}\n${LINK}`,
    want:
      '2:24: "dispatcher.announce.interval" is wrong, found "0s", use a duration from 10ms to 1m such as 1s',
  },
  {
    name: "an alias without an anchor",
    was: "[10.0.0.100]",
    becomes: "*addresses",
    want: "5:16: The alias stands for nothing, found *addresses, put &addresses before it",
  },
  {
    name: "a merge of what is no mapping",
    was: "{name: web1, ",
    becomes: "{<<: web1, ",
    want: "7:10: The merge key has no mapping, found another value, use an alias of a mapping",
  },
  {
    name: "aliases of aliases of aliases",
    was: "clusters:",
    becomes: `a: &a [${"x, ".repeat(10)}]\nb: &b [${"*a, ".repeat(10)}]\nc: &c [${
      "*b, ".repeat(10)
    }]\nclusters:`,
    want: "5:44: The aliases stand for too much, found more than 100 copies, write less of them",
  },
);
