import { expect, test } from "vitest";
import { Lab, request } from "oneip";

test.skipIf(process.getuid?.() !== 0)("a client keeps its backend when the dispatcher restarts", async () => {
  await using lab = await Lab.up("routing");
  const client = lab.node("client1");

  const before = await request(client, ["198.51.100.7"], "http://10.0.0.100/", 10);
  await lab.node("lb").program!.stop();
  await lab.node("lb").program!.start();
  const after = await request(client, ["198.51.100.7"], "http://10.0.0.100/", 10);

  const answers = new Array(20).fill({ client: "198.51.100.7", backend: "web4" });
  expect([...before, ...after]).toEqual(answers);
});
