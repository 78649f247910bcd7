/** The agents' UDP on a real loopback interface. */

import { expect, test } from "vitest";
import { until } from "oneip";
import { HeartbeatSockets } from "../../../src/filter/agent/sockets.ts";
import { clusterOf } from "../../config/cluster.ts";

const PORT = 41_207;

test("an agent listens at its backend's address alone, so that two addresses have the same port", async () => {
  const [web1, web2] = [{ name: "web1", address: "127.1.0.1" }, { name: "web2", address: "127.1.0.2" }];
  const cluster = {
    backends: clusterOf({}, ["web1", "web2"]).backends.map((backend, index) => (
      { ...backend, address: [web1, web2][index]!.address }
    )),
  };
  const first = await HeartbeatSockets.open(cluster, web1, PORT);
  const second = await HeartbeatSockets.open(cluster, web2, PORT); // Would not do if the first one had all addresses.
  const heard: string[] = [];
  second.onDatagram((datagram, from) => heard.push(`${from} ${String.fromCharCode(...datagram)}`));
  first.send(new TextEncoder().encode("alive"), "web2");
  await until("it is heard", () => heard.length > 0);
  expect(heard).toEqual(["127.1.0.1 alive"]);
  await expect(HeartbeatSockets.open(cluster, web2, PORT)).rejects.toThrow(
    `Cannot listen on UDP port ${PORT} of 127.1.0.2 (EADDRINUSE)`,
  );
  await Promise.all([first.close(), second.close()]);
});
