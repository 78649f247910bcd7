/** Does each client keep its backend? */

import { ask, type Asked, NO_SYN } from "./asked.ts";
import { type Connection, connectionsOf } from "./connections.ts";
import { captureCommand, countOf, execCommand, type Finding, firstOf } from "./finding.ts";
import { type Action, callMeanwhile } from "./meanwhile.ts";
import { seenWhile } from "./seen_while.ts";
import { nameOf, type View } from "./view.ts";

/** Connections of each client when nothing is done meanwhile. */
const EACH = 5;

/**
 * Connects five times from each client; with an action before, during and after it, over connections of their own. Whoever accepts a
 * client's first one must accept all others.
 */
export async function keepsBackend(view: View, action?: Action): Promise<Finding> {
  const { client } = view;
  const { connections, notes } = action === undefined
    ? await ask(view, EACH)
    : await askMeanwhile(view, action);
  const met = [...Map.groupBy(connections, (one) => one.client)].map(([address, own]) => ({
    address,
    backends: own.map(({ answers }) => answers.find(({ accepts }) => accepts)?.node),
  }));
  const moved = met.filter(({ backends }) => !areSame(backends));
  const [who, name] = [client.plan.name, nameOf(view)];
  const clients = countOf(met.length, "client");
  const reason = met.length === 0 ? NO_SYN : `${moved.length} of ${clients} met another one, or none`;
  const pass = met.length > 0 && moved.length === 0;
  return {
    pass,
    sentence: pass
      ? `${who} keeps its backend at ${name}: ${countOf(connections.length, "connection")} of ${clients}`
      : `${who} does not keep its backend at ${name}: ${reason}`,
    seen: [
      ...firstOf(
        (pass ? met : moved).map(({ address, backends }) => `${address} met ${describeRuns(backends)}`),
      ),
      ...notes,
    ],
    look: pass ? [] : lookAt(view, connections, moved),
  };
}

async function askMeanwhile(view: View, action: Action): Promise<Pick<Asked, "connections" | "notes">> {
  const { observations, gaps } = await seenWhile(view.client.lab, () => callMeanwhile(view, action));
  return { connections: connectionsOf(view, observations), notes: gaps };
}

interface Met {
  readonly address: string;
  /** Who accepted each of its connections; undefined for one that nobody did. */
  readonly backends: readonly (string | undefined)[];
}

/** A connection in between that nobody accepts, as during a restart, is no other backend. */
function areSame(backends: Met["backends"]): boolean {
  return backends[0] !== undefined && backends.at(-1) === backends[0] &&
    backends.every((backend) => backend === undefined || backend === backends[0]);
}

/** "web4 5 times, then web1 once" */
function describeRuns(backends: Met["backends"]): string {
  const runs: { backend: string; count: number }[] = [];
  for (const backend of backends.map((name) => name ?? "nobody")) {
    const last = runs.at(-1);
    if (last?.backend === backend) last.count++;
    else runs.push({ backend, count: 1 });
  }
  return runs.map(({ backend, count }) => `${backend} ${count === 1 ? "once" : `${count} times`}`).join(
    ", then ",
  );
}

function lookAt({ client }: View, connections: readonly Connection[], [moved]: readonly Met[]): string[] {
  if (moved === undefined) return [];
  const dispatchers = client.lab.topology.nodes.filter(({ kind }) => kind === "oneip");
  const { answers = [] } = connections.findLast((one) => one.client === moved.address) ?? {};
  return [
    ...dispatchers.map(({ name }) =>
      execCommand(client.lab.node(name), `oneip explain --live ${moved.address}`)
    ),
    ...answers.map((answer) => captureCommand(client, answer)),
  ];
}
