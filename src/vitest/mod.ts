/**
 * What a vitest suite imports, `oneip/vitest`: a test that has a lab, and matchers that say what should hold in it.
 *
 *     import { expect } from "vitest";
 *     import { labTest, seenFrom } from "oneip/vitest";
 *
 *     const test = labTest("netns/routing.yaml");
 *
 *     test("a client reaches the cluster, and its backend answers past the dispatcher", async ({ lab }) => {
 *       const client = lab.node("client1");
 *       await expect(client).toReach("10.0.0.100");
 *       await expect(lab.node("lb")).toBeBypassedByReplies(seenFrom(client, "10.0.0.100"));
 *     });
 */

export { seenFrom, type View, type ViewOptions } from "../assert/view.ts";
export type { LabMatchers } from "./matchers.ts";
export { type LabTest, labTest, type LabTestOptions } from "./lab_test.ts";

import "./matchers.ts";
