import { expect } from "vitest";
import { labTest, seenFrom } from "oneip/vitest";

const test = labTest("routing");

test.skipIf(process.getuid?.() !== 0)("clients keep their backends over a restart", async ({ lab }) => {
  const web = seenFrom(lab.node("client1"), "10.0.0.100", { from: ["198.51.100.7", "198.51.100.8"] });
  const { program } = lab.node("lb");

  await expect(web).toHaveOneOwner();
  await expect(web).toKeepBackend(async () => {
    await program!.stop();
    await program!.start();
  });
});
