/** Does each client keep its backend? */

import { call } from "../lab/traffic.ts";
import { Observer } from "../observe/observer.ts";
import { connectionsOf } from "./connections.ts";
import { captureCommand, execCommand, type Finding, firstOf } from "./finding.ts";
import { type Action, callMeanwhile } from "./meanwhile.ts";
import { nameOf, urlOf, type View } from "./view.ts";

/** Connections of each client when nothing is done meanwhile. */
const EACH = 5;

/**
 * Connects five times from each client; with an action before, during and after it, over connections of their own. Whoever accepts a
 * client's first one must accept all others.
 */
export async function keepsBackend(view: View, action?: Action): Promise<Finding> {
  const { client, from, withinMs } = view;
  const observer = await Observer.of(client.lab);
  const mark = await observer.mark();
  if (action !== undefined) await callMeanwhile(view, action);
  else await call(client, from, urlOf(view), { each: EACH, withinS: withinMs / 1000 });
  const connections = connectionsOf(view, (await observer.since(mark)).observations);
  const met = [...Map.groupBy(connections, (one) => one.client)].map(([address, own]) => ({
    address,
    backends: own.map(({ answers }) => answers.find(({ accepts }) => accepts)?.node ?? "nobody"),
  }));
  const moved = met.filter(({ backends }) =>
    backends.some((backend) => backend !== backends[0] || backend === "nobody")
  );
  const name = nameOf(view);
  const pass = met.length > 0 && moved.length === 0;
  const after = moved[0]?.backends.find((backend, _, all) => backend !== all[0] && backend !== "nobody");
  const [place] = connections.flatMap(({ answers }) => answers.filter(({ node }) => node === after));
  return {
    pass,
    sentence: pass
      ? `${client.plan.name} keeps its backend at ${name}: ${connections.length} connections of ${met.length} clients`
      : `${client.plan.name} does not keep its backend at ${name}: ${moved.length} of ${met.length} clients met another one or none`,
    seen: firstOf(
      (pass ? met : moved).map(({ address, backends }) => `${address} met ${describeRuns(backends)}`),
    ),
    look: pass ? [] : [
      ...client.lab.topology.nodes.filter(({ kind }) => kind === "oneip").map(({ name }) =>
        execCommand(
          client.lab.node(name),
          `oneip explain --live ${moved.map(({ address }) => address).join(" ")}`,
        )
      ),
      ...(place === undefined ? [] : [captureCommand(client, place)]),
    ],
  };
}

/** "web4 twice, then web1" */
function describeRuns(backends: readonly string[]): string {
  const runs: { backend: string; count: number }[] = [];
  for (const backend of backends) {
    const last = runs.at(-1);
    if (last?.backend === backend) last.count++;
    else runs.push({ backend, count: 1 });
  }
  return runs.map(({ backend, count }) => `${backend} ${count === 1 ? "once" : `${count} times`}`).join(
    ", then ",
  );
}
