/** What should hold in a lab holds in the shipped one, and is missed, with all that was seen, when it is spoilt. */

import { statSync } from "node:fs";
import { describe, expect } from "vitest";
import { isBypassedByReplies, type Lab, type LabNode, must, mustNot, reaches } from "oneip";
import { labTest, seenFrom } from "oneip/vitest";
import { ask } from "../../src/api/client.ts";
import { needsTap } from "../needs.ts";
import { clientOf, clients, CLUSTER, CLUSTER6, expected } from "./labs.ts";

const test = labTest("routing", { captures: false });

const BACKENDS = ["web1", "web2", "web3", "web4"];

/** A client of each backend. */
const from = BACKENDS.map(clientOf);
const [ofWeb1, , , ofWeb4] = from;
/** Another one of web1. */
const another = clients(250).findLast((client) => expected([client])[client] === "web1")!;

/** For what fails: enough for a packet that comes at all. */
const withinMs = 2000;

/** What a matcher says that does not hold, with what differs from run to run by its name. */
async function said(matching: Promise<unknown>): Promise<string> {
  const message = await matching.then(() => "it holds", (error: Error) => error.message);
  return message.replaceAll(/routing-[0-9a-f]{8}/g, "LAB")
    .replaceAll(/port \d+/g, "port P")
    .replace(/\d+ ms after/, "N ms after")
    .replace(/of \d+ that it began/, "of N that it began")
    .replaceAll(/\d+ times|once(?=,|$)/gm, "N times");
}

/** Where its dispatcher is asked. */
function control(lab: Lab): string {
  return `/run/oneip/${statSync(`/run/netns/${lab.node("lb").namespace}`).ino}.sock`;
}

/** Spoils a node by shell lines for as long as something is asked. */
async function spoilt<T>(node: LabNode, lines: string, mend: string, asked: () => Promise<T>): Promise<T> {
  await node.exec("sh", "-ec", lines);
  try {
    return await asked();
  } finally {
    await node.exec("sh", "-ec", mend);
  }
}

describe.skipIf(needsTap())("a lab", () => {
  test("that is sound passes everything", async ({ lab }) => {
    const client = lab.node("client1");
    const web = seenFrom(client, CLUSTER, { from });
    for (const target of [CLUSTER, CLUSTER6, `${CLUSTER}:80`, `http://[${CLUSTER6}]/`]) {
      await expect(client).toReach(target);
    }
    await expect(web).toAnswerFromCluster();
    await expect(web).toHaveOneOwner();
    await expect(web).toKeepBackend();
    await expect(lab.node("lb")).toBeBypassedByReplies(web);
    await expect(seenFrom(client, CLUSTER6)).toHaveOneOwner();
  });

  test("loses no connection and moves no client while its configuration is read again", async ({ lab }) => {
    const web = seenFrom(lab.node("client1"), CLUSTER, { from: [ofWeb1!, ofWeb4!] });
    await expect(web).toLoseNoConnection(() => ask(control(lab), "reload", {}));
    await expect(web).toKeepBackend(() => ask(control(lab), "reload", {}));
  });

  test("with a backend that lacks the alias, and one that answers from another address", async ({ lab }) => {
    const client = lab.node("client1");
    const viewOf = (address: string) => seenFrom(client, CLUSTER, { from: [address], withinMs });
    const rewrite = `table ip another { chain c { type filter hook output priority 0;
      ip saddr ${CLUSTER} ip saddr set 10.0.0.14; }; }`;
    // Side by side: none is disturbed by what the others ask.
    const [[ping, connect, cluster], source] = await Promise.all([
      spoilt(
        lab.node("web1"),
        // Else it might send the packets on, as machines do that forward.
        `sysctl -qw net.ipv4.ip_forward=0; ip address del ${CLUSTER}/32 dev lo`,
        `ip address add ${CLUSTER}/32 dev lo scope host`,
        () =>
          Promise.all([
            said(expect(client).toReach(CLUSTER, { from: another, withinMs })),
            said(must(reaches(client, `${CLUSTER}:80`, { from: another, withinMs }))),
            said(expect(viewOf(ofWeb1!)).toAnswerFromCluster()),
          ]),
      ),
      spoilt(
        lab.node("web4"),
        `nft '${rewrite}'`,
        "nft delete table ip another",
        () => said(expect(viewOf(ofWeb4!)).toAnswerFromCluster()),
      ),
    ]);
    expect(source).toBe(
      `${CLUSTER} does not answer client1 from the cluster: of 1 connection, 1 got no SYN-ACK from that address

Seen:
  ${ofWeb4}, port P: web4 accepted it at web4:eth1, from 10.0.0.14

Look further:
  oneip lab exec LAB web4 ip address show
  oneip lab capture LAB web4:eth1`,
    );
    expect(ping).toBe(`client1 does not reach ${CLUSTER}: no echo reply in 2000 ms

Seen:
  question: client1, wan, router, lan, lb, lan, web1; last seen coming in at web1:eth1
  answer: not seen anywhere

Look further:
  oneip lab exec LAB client1 ping -c 3 -I ${another} ${CLUSTER}
  oneip lab exec LAB web1 ip address show
  oneip lab capture LAB web1:eth1`);
    expect(connect).toBe(`client1 does not reach ${CLUSTER}: no connection in 2000 ms

Seen:
  question: client1, wan, router, lan, lb, lan, web1; last seen coming in at web1:eth1
  answer: not seen anywhere

Look further:
  oneip lab exec LAB client1 curl -v http://${CLUSTER}/
  oneip lab exec LAB web1 ip address show
  oneip lab capture LAB web1:eth1`);
    expect(cluster).toBe(
      `${CLUSTER} does not answer client1 from the cluster: of 1 connection, 1 got no SYN-ACK from that address

Seen:
  ${ofWeb1}, port P: the SYN went client1, wan, router, lan, lb, lan, web1; last seen coming in at web1:eth1

Look further:
  oneip lab exec LAB web1 ip address show
  oneip lab capture LAB web1:eth1`,
    );
  });

  test("with a backend that answers ARP", async ({ lab }) => {
    const web = seenFrom(lab.node("client1"), CLUSTER, { from });
    const router = lab.node("router");
    const arp = (value: number) =>
      lab.node("web1").exec("sysctl", "-qw", `net.ipv4.conf.all.arp_ignore=${value}`);
    await arp(0);
    const message = await spoilt(
      router,
      `ip route del ${CLUSTER}`,
      `ip route add ${CLUSTER} via 10.0.0.2; ip neigh flush to ${CLUSTER}`,
      () => said(expect(web).toAnswerFromCluster()),
    );
    await arp(1);
    expect(message).toBe(
      `${CLUSTER} does not answer client1 from the cluster: web1 says on the link that it has this address

Seen:
  web1 said at web1:eth1 that ${CLUSTER} is at 02:1a:b0:00:06:01
  router has ${CLUSTER} at 02:1a:b0:00:06:01, which is web1:eth1

Look further:
  oneip lab exec LAB web1 sysctl -a -r arp_ignore
  oneip lab exec LAB router ip neigh show to ${CLUSTER}
  oneip lab capture LAB web1:eth1`,
    );
  });

  test("with two owners", async ({ lab }) => {
    const web = seenFrom(lab.node("client1"), CLUSTER, { from: [ofWeb1!, ofWeb4!], withinMs });
    const twice = `table ip twice { chain c { type filter hook prerouting priority 0;
      iifname eth1 ip saddr ${ofWeb4} ip daddr ${CLUSTER} dup to 10.0.0.13 device eth2; }; }`;
    const message = await spoilt(
      lab.node("router"),
      `nft '${twice}'`,
      "nft delete table ip twice",
      () => said(expect(web).toHaveOneOwner()),
    );
    // As docs/library.md quotes it.
    expect(`${message}\n`).toBe(`\
10.0.0.100 does not have one owner: of 2 SYNs, 1 got more than one answer, and 0 got none

Seen:
  198.51.100.1, port P: web3 accepted it at web3:eth1; web4 accepted it at web4:eth1

Look further:
  oneip lab exec LAB web3 nft list ruleset
  oneip lab capture LAB web3:eth1
  oneip lab exec LAB web4 nft list ruleset
  oneip lab capture LAB web4:eth1
`);
  });

  test("with replies by way of the dispatcher's machine", async ({ lab }) => {
    const web = seenFrom(lab.node("client1"), CLUSTER, { from: [ofWeb4!], withinMs });
    const dispatcher = lab.node("lb");
    await dispatcher.exec(
      "sh",
      "-ec",
      `sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.send_redirects=0 net.ipv4.conf.br0.send_redirects=0
      ip address add 10.0.0.3/24 dev br0
      ip route add default via 10.0.0.1`,
    );
    const [message, plain] = await spoilt(
      lab.node("web4"),
      "ip route replace default via 10.0.0.3",
      "ip route replace default via 10.0.0.1",
      async () =>
        [
          await said(expect(dispatcher).toBeBypassedByReplies(web)),
          await mustNot(isBypassedByReplies(dispatcher, web)),
        ] as const,
    );
    expect(message).toBe(
      `lb is not bypassed by the replies of ${CLUSTER}: 2 of 2 were seen there

Seen:
  reply to ${ofWeb4}, port P: web4, lan, lb, lan, router, wan, client1; last seen coming in at client1:eth1

Look further:
  oneip lab exec LAB web4 ip route get ${ofWeb4} from ${CLUSTER}
  oneip lab capture LAB lb:eth1`,
    );
    expect(plain.pass).toBe(false);
  });

  test("with connections that are cut", async ({ lab }) => {
    const web = seenFrom(lab.node("client1"), CLUSTER, { from: [ofWeb1!, ofWeb4!] });
    const cut = () => lab.node("web4").exec("ss", "-K", "-t", "state", "established", "sport = :80");
    expect(await said(expect(web).toLoseNoConnection(cut))).toBe(
      `client1 loses connections to ${CLUSTER}: 1 of 2 that it held, 0 of N that it began meanwhile

Seen:
  held, ${ofWeb4}, port P: web4 reset it at web4:eth1, N ms after the action began

Look further:
  oneip lab exec LAB web4 ss -tan
  oneip lab capture LAB web4:eth1
  oneip lab exec LAB client1 curl -v http://${CLUSTER}/`,
    );
  });

  test("with a backend that is drained meanwhile", async ({ lab }) => {
    const web = seenFrom(lab.node("client1"), CLUSTER, { from: [ofWeb1!, ofWeb4!] });
    const socket = control(lab);
    const web4 = { cluster: "web", backend: "web4" };
    const message = await said(expect(web).toKeepBackend(() => ask(socket, "drain", web4)));
    await ask(socket, "undrain", web4);
    expect(message).toBe(
      `client1 does not keep its backend at ${CLUSTER}: 1 of 2 clients met another one, or none

Seen:
  ${ofWeb4} met web4 N times, then web3 N times

Look further:
  oneip lab exec LAB lb oneip explain --live ${ofWeb4}
  oneip lab capture LAB web3:eth1`,
    );
  });

  test("is told what a matcher is for, when that is given to another one", async ({ lab }) => {
    const client = lab.node("client1");
    expect(await said(expect(seenFrom(client, CLUSTER)).toReach(CLUSTER))).toBe(
      'toReach is for a node, as in expect(lab.node("client1")), found a view of 10.0.0.100',
    );
    expect(await said(expect(client).toHaveOneOwner())).toBe(
      'toHaveOneOwner is for what a node sees, as in expect(seenFrom(lab.node("client1"), "10.0.0.100")), found the node client1',
    );
    expect(() => seenFrom(client, "web")).toThrow(
      '"web" is nothing that a node can ask; give an address such as 10.0.0.100, with a port as in 10.0.0.100:80 or',
    );
    expect(() => seenFrom(client, CLUSTER, { from: [CLUSTER6] })).toThrow(
      `"${CLUSTER6}" cannot ask ${CLUSTER}; give an address of the same family`,
    );
    const nobodys = "10.1.2.3";
    expect(await said(expect(client).toReach(CLUSTER, { from: nobodys, withinMs }))).toContain(
      "  sent nothing: ping: bind: Cannot assign requested address",
    );
    expect(await said(expect(seenFrom(client, CLUSTER, { from: [nobodys] })).toHaveOneOwner())).toBe(
      `${CLUSTER} does not have one owner: no SYN of its clients was seen

Seen:
  ${nobodys} sent nothing: bind failed with errno 99: Cannot assign requested address`,
    );
    expect(await said(expect(client).not.toReach(CLUSTER))).toBe(`client1 reaches ${CLUSTER}

Seen:
  question: client1, wan, router, lan, lb, lan, web3; last seen coming in at web3:eth1
  answer: web3, lan, router, wan, client1; last seen coming in at client1:eth1`);
  });
});
