/** Matchers of vitest's `expect`, each of them no more than what it asks (src/assert), with the answer as its message. */

import { expect } from "vitest";
import { isBypassedByReplies } from "../assert/bypass.ts";
import { answersFromCluster } from "../assert/cluster_answer.ts";
import { describeFinding, type Finding } from "../assert/finding.ts";
import { keepsBackend } from "../assert/kept_backend.ts";
import { losesNoConnection } from "../assert/kept_connections.ts";
import type { Action } from "../assert/meanwhile.ts";
import { hasOneOwner } from "../assert/one_owner.ts";
import { reaches, type ReachOptions } from "../assert/reach.ts";
import { View } from "../assert/view.ts";
import { LabNode } from "../lab/lab.ts";

/** What `expect` of a node of a lab, or of `seenFrom(node, address)`, has besides. All are to be awaited. */
export interface LabMatchers<R = Promise<void>> {
  /** Of a node: this address answers its ping, or, with a port, accepts a connection. */
  toReach(target: string, options?: ReachOptions): R;
  /** Of a view: each of its clients is accepted with the cluster address, and no backend has drawn that address to itself. */
  toAnswerFromCluster(): R;
  /** Of a view: each SYN of its clients is answered by exactly one machine, as seen on the wire. */
  toHaveOneOwner(): R;
  /** Of a view: each of its clients meets one backend, again and again, or while something is done. */
  toKeepBackend(action?: Action): R;
  /** Of a view: while something is done, each connection that its clients hold stays, and each new one is answered. */
  toLoseNoConnection(action: Action): R;
  /** Of the dispatcher's node: the replies that a view's clients get are not seen there. */
  toBeBypassedByReplies(view: View): R;
}

declare module "vitest" {
  interface Matchers<R, T> extends LabMatchers {}
}

expect.extend({
  toReach: async (client: unknown, target: string, options?: ReachOptions) =>
    resultOf(await reaches(nodeOf("toReach", client), target, options)),
  toAnswerFromCluster: async (view: unknown) =>
    resultOf(await answersFromCluster(viewOf("toAnswerFromCluster", view))),
  toHaveOneOwner: async (view: unknown) => resultOf(await hasOneOwner(viewOf("toHaveOneOwner", view))),
  toKeepBackend: async (view: unknown, action?: Action) =>
    resultOf(await keepsBackend(viewOf("toKeepBackend", view), action)),
  toLoseNoConnection: async (view: unknown, action: Action) =>
    resultOf(await losesNoConnection(viewOf("toLoseNoConnection", view), action)),
  toBeBypassedByReplies: async (dispatcher: unknown, view: View) =>
    resultOf(await isBypassedByReplies(nodeOf("toBeBypassedByReplies", dispatcher), view)),
});

/** Whether it was hoped for or not (`.not`), the message says what was found. */
function resultOf(finding: Finding) {
  return { pass: finding.pass, message: () => describeFinding(finding) };
}

function nodeOf(matcher: string, received: unknown): LabNode {
  if (received instanceof LabNode) return received;
  throw new TypeError(
    `${matcher} is for a node, as in expect(lab.node("client1")), found ${describe(received)}`,
  );
}

function viewOf(matcher: string, received: unknown): View {
  if (received instanceof View) return received;
  throw new TypeError(
    `${matcher} is for what a node sees, as in expect(seenFrom(lab.node("client1"), "10.0.0.100")), found ${
      describe(received)
    }`,
  );
}

function describe(received: unknown): string {
  if (received instanceof LabNode) return `the node ${received.plan.name}`;
  return received instanceof View ? `a view of ${received.target.address}` : typeof received;
}
