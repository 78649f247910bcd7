/**
 * How many frames a second the simulator carries on one core. A frame counts once for each link that it crosses.
 *
 *     node_modules/.bin/node scripts/benchmark/simulated_frames.ts [SECONDS]
 *     node_modules/.bin/deno run -A scripts/benchmark/simulated_frames.ts [SECONDS]
 *
 * Four clients behind a router ask four servers behind a switch again and again, each over a new connection: for 1 kB, for 100 kB, and
 * by pings, in each family.
 */

import { formatTable } from "../../src/cli/table.ts";
import { VirtualClock } from "../../src/mod.ts";
import { Host } from "../../src/sim/net/host.ts";
import type { HostConnection } from "../../src/sim/net/host_connection.ts";
import { Network } from "../../src/sim/net/network.ts";
import { Switch } from "../../src/sim/net/switch.ts";

const SECONDS = Number(process.argv[2] ?? 3);
const CLIENTS = 4;
/** Of each client at one time. */
const AT_ONCE = 8;
/** Virtual time between two looks at the machine's. */
const TURN_MS = 10;

function makeNetwork() {
  const time = new VirtualClock();
  const network = new Network(time, 1);
  const router = new Host(time, "router", { forwards: true });
  const lan = new Switch(time, "lan");
  const inside = router.addInterface("lan", ["10.0.0.1/24", "2001:db8::1/64"]);
  network.join(inside.port, lan.addPort("router"));
  const hosts = Array.from({ length: CLIENTS }, (_, index) => {
    const number = index + 1;
    const [client, server] = [new Host(time, `c${number}`), new Host(time, `s${number}`)];
    const outside = router.addInterface(`c${number}`, [`10.${number}.0.1/24`, `2001:db8:${number}::1/64`]);
    const at = client.addInterface("eth0", [`10.${number}.0.2/24`, `2001:db8:${number}::2/64`]);
    network.join(at.port, outside.port);
    client.ip.addRoute("0.0.0.0/0", [`10.${number}.0.1`]);
    client.ip.addRoute("::/0", [`2001:db8:${number}::1`]);
    const there = server.addInterface("eth0", [`10.0.0.${10 + number}/24`, `2001:db8::${10 + number}/64`]);
    network.join(there.port, lan.addPort(`s${number}`));
    server.ip.addRoute("0.0.0.0/0", ["10.0.0.1"]);
    server.ip.addRoute("::/0", ["2001:db8::1"]);
    return { client, server, addresses: [`10.0.0.${10 + number}`, `2001:db8::${10 + number}`] };
  });
  return { time, network, hosts };
}

/** Asks for so many octets, again and again. */
function download(client: Host, server: Host, to: string, octets: number): void {
  const answer = new Uint8Array(octets);
  server.tcp.listen(80, (connection: HostConnection) => ({
    received: () => {
      connection.write(answer);
      connection.end();
    },
  }));
  const ask = () => {
    const connection = client.tcp.connect(to, 80);
    if (connection === undefined) throw new Error(`No way to ${to}, or no port`);
    connection.program = {
      opened: () => connection.write(Uint8Array.of(1)),
      ended: () => connection.end(),
      over: ask,
    };
  };
  for (let count = 0; count < AT_ONCE; count++) ask();
}

function ping(client: Host, to: string): void {
  const ask = () => client.pings.send(to, {}, ask);
  for (let count = 0; count < AT_ONCE; count++) ask();
}

async function measure(name: string, family: number, octets: number | undefined, watches = false) {
  const { time, network, hosts } = makeNetwork();
  for (const { client, server, addresses } of hosts) {
    const to = addresses[family]!;
    if (octets === undefined) ping(client, to);
    else download(client, server, to, octets);
  }
  let watched = 0;
  if (watches) network.watch({ sent: () => watched++, arrived: () => watched++ });
  const frames = () =>
    network.links.reduce((sum, { lanes }) => sum + lanes[0].counts.frames + lanes[1].counts.frames, 0);
  // What the optimiser needs to see.
  await time.advance(200);
  const [before, beganMs, beganCpu, beganVirtualMs] = [
    frames(),
    performance.now(),
    process.cpuUsage(),
    time.now(),
  ];
  while (performance.now() - beganMs < SECONDS * 1000) await time.advance(TURN_MS);
  const cpu = process.cpuUsage(beganCpu);
  const cpuS = (cpu.user + cpu.system) / 1e6;
  const count = frames() - before;
  return [
    name,
    Math.round(count / cpuS),
    Math.round(count / ((performance.now() - beganMs) / 1000)),
    Math.round((time.now() - beganVirtualMs) / 10) / 100,
  ];
}

const rows: (string | number)[][] = [];
for (const [family, name] of ["IPv4", "IPv6"].entries()) {
  rows.push(await measure(`${name}, connections of 1 kB`, family, 1000));
  rows.push(await measure(`${name}, connections of 100 kB`, family, 100_000));
  rows.push(await measure(`${name}, pings`, family, undefined));
}
rows.push(await measure("IPv4, connections of 1 kB, watched", 0, 1000, true));
console.log(formatTable(["traffic", "frames per s of CPU", "per s", "virtual s"], rows));
