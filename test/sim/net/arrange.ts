/** client - router - switch - two servers, in virtual time. */

import { VirtualClock } from "oneip";
import { Host } from "../../../src/sim/net/host.ts";
import { Network } from "../../../src/sim/net/network.ts";
import { Switch } from "../../../src/sim/net/switch.ts";

export function arrange(seed = 1) {
  const time = new VirtualClock();
  const network = new Network(time, seed);
  const client = new Host(time, "client", { seed });
  const router = new Host(time, "router", { seed, forwards: true });
  const lan = new Switch(time, "lan");
  const servers = ["web1", "web2"].map((name) => new Host(time, name, { seed })) as [Host, Host];
  const c0 = client.addInterface("eth0", ["10.1.0.2/24", "2001:db8:1::2/64"]);
  const r0 = router.addInterface("eth0", ["10.1.0.1/24", "2001:db8:1::1/64"]);
  const r1 = router.addInterface("eth1", ["10.0.0.1/24", "2001:db8::1/64"]);
  const outside = network.join(c0.port, r0.port);
  const inside = network.join(r1.port, lan.addPort("p0"));
  for (const via of ["10.1.0.1", "2001:db8:1::1"]) {
    client.ip.addRoute(via.includes(":") ? "::/0" : "0.0.0.0/0", [via]);
  }
  const links = servers.map((server, index) => {
    const { port } = server.addInterface("eth0", [`10.0.0.${11 + index}/24`, `2001:db8::${11 + index}/64`]);
    server.ip.addRoute("0.0.0.0/0", ["10.0.0.1"]);
    server.ip.addRoute("::/0", ["2001:db8::1"]);
    return network.join(port, lan.addPort(`p${index + 1}`));
  });
  return { time, network, client, router, lan, servers, outside, inside, links };
}
