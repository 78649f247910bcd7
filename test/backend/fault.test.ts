import { expect, test } from "vitest";
import { FAULT_IDS } from "../../src/backend/fault.ts";
import { FAULTS } from "../../src/control/verification_report.ts";

/** What only the dispatcher's side can see. */
const FROM_OUTSIDE = [
  "own-address-taken",
  "no-own-address",
  "backend-down",
  "address-taken",
  "wrong-source",
  "firewall",
];

test("what check and verify both find has one name", () => {
  const shared = Object.keys(FAULTS).filter((id) => !FROM_OUTSIDE.includes(id));
  expect(FAULT_IDS).toEqual(expect.arrayContaining(shared));
});
