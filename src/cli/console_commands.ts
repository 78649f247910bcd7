/** The commands of the console: each asks the running dispatcher by the contract, and prints what the command of that name prints. */

import type { Conversation } from "../api/client.ts";
import { type CommandName, CONTRACT, type Input } from "../api/contract.ts";
import { findBackend } from "../cluster/find_backend.ts";
import type { PrintedConfig } from "../config/print.ts";
import type { ConsoleCommand, ConsoleCommands, ConsoleParameter } from "../console/commands.ts";
import type { ClusterStatus } from "../engine/status.ts";
import { UsageError } from "../input/errors.ts";
import { REAL_CLOCK } from "../system/clock.ts";
import { describeBackends } from "./print_backends.ts";
import { describeBuckets } from "./print_buckets.ts";
import { describeChanges } from "./print_changes.ts";
import { describeConfig } from "./print_config.ts";
import { describeCounters } from "./print_counters.ts";
import { describeEvent } from "./print_events.ts";
import { describeExplanations } from "./print_explanations.ts";
import { describeNeighbors } from "./print_neighbors.ts";
import { describeBackend, describeStatus } from "./print_status.ts";
import { describeTechniques } from "./print_techniques.ts";
import { describeVerification } from "./print_verification.ts";

export type Ask = Conversation["ask"];

/** What a person has given, by the labels of the parameters. */
interface Given {
  readonly [label: string]: string | undefined;
}

/** Asks, and makes of the answer what is to be printed. */
type Run<Inputs> = (ask: Ask, given: Inputs) => Promise<string>;

export interface ConsoleMeans {
  /** Has a conversation with the dispatcher, and prints what comes of it, or why not. */
  carryOut(work: (ask: Ask) => Promise<string>): Promise<void>;
  /** The same for Tab. Throws when nobody answers. */
  look<T>(work: (ask: Ask) => Promise<T>): Promise<T>;
  leave(): void;
}

/** What `show events` shows without a number. */
const EVENTS = 20;

export function consoleCommands({ carryOut, look, leave }: ConsoleMeans): ConsoleCommands {
  const command = <Inputs = Given>(name: CommandName, parameters: ConsoleParameter[], run: Run<Inputs>) => ({
    description: (CONTRACT[name] as { readonly summary?: string }).summary ?? name,
    parameters,
    action: (given: object) => carryOut((ask) => run(ask, given as Inputs)),
  });
  const backend = {
    label: "backend",
    description: "backend",
    names: () => look(async (ask) => namesOf((await ask("status", {})).clusters)),
  };
  const cluster = {
    label: "cluster",
    description: "cluster",
    optional: true,
    names: () => look(async (ask) => (await ask("clusters", {})).map(({ name }) => name)),
  };
  const about = <Name extends "drain" | "undrain" | "weight">(
    name: Name,
    more: ConsoleParameter[],
    rest: (given: Given) => object,
  ) =>
    command<Given & { readonly backend: string }>(name, [backend, ...more], async (ask, given) => {
      const { clusters } = await ask("status", {});
      const found = findBackend(clusters, given.backend);
      const input = { ...rest(given), cluster: found.cluster.name, backend: found.backend.name };
      return describeBackend(await ask(name, input as Input<Name>));
    });
  const show: Record<string, ConsoleCommand> = {
    status: command("status", [], async (ask) => {
      const shown = {
        status: await ask("status", {}),
        counters: await ask("counters", {}),
        rates: undefined,
      };
      return describeStatus(shown, REAL_CLOCK.sinceEpoch());
    }),
    backends: command("backends", [], async (ask) => describeBackends(await ask("status", {}))),
    buckets: command("buckets", [cluster], async (ask, { cluster }) => {
      const clusters = cluster === undefined ? await ask("clusters", {}) : [{ name: cluster }];
      const described = [];
      for (const { name } of clusters) {
        described.push(describeBuckets(await ask("buckets", { cluster: name })));
      }
      return described.join("\n\n");
    }),
    counters: command("counters", [], async (ask) => describeCounters(await ask("counters", {}))),
    events: command("events", [{ label: "number", optional: true }], async (ask, { number = EVENTS }) => {
      const count = Number(number);
      if (!Number.isInteger(count) || count < 1) {
        throw new UsageError(`"${number}" is no number of events; use one such as ${EVENTS}`);
      }
      return (await ask("events", {})).slice(-count).map(describeEvent).join("\n");
    }),
    neighbors: command(
      "neighbors",
      [],
      async (ask) => describeNeighbors(await ask("neighbors", {}), REAL_CLOCK.sinceEpoch()),
    ),
    configuration: command("configuration", [], async (ask) => {
      const { dispatcher, clusters, ...others } = await ask("configuration", {}) as unknown as PrintedConfig;
      return describeConfig(dispatcher, clusters, others);
    }),
  };
  return {
    show: { description: "What the dispatcher does and knows", action: () => {}, subcommands: show },
    explain: command<{ readonly address: readonly string[] }>(
      "explain",
      [{ label: "address", rest: true }],
      async (ask, { address }) => {
        const explanations = [];
        for (const one of address) explanations.push(...await ask("explain", { address: one }));
        return describeExplanations(explanations);
      },
    ),
    drain: about(
      "drain",
      [{ label: "now", optional: true, words: ["now"] }],
      ({ now }) => ({ now: now !== undefined }),
    ),
    undrain: about("undrain", [], () => ({})),
    weight: about("weight", [{ label: "weight" }], ({ weight }) => ({ weight: Number(weight) })),
    verify: command("verify", [], async (ask) => describeVerification(await ask("verify", {}))),
    technique: command(
      "technique",
      [{ label: "technique", optional: true, words: ["route", "broadcast"] }, cluster],
      async (ask, { technique, cluster }) =>
        describeTechniques(
          technique === undefined
            ? await ask("techniques", {})
            : await ask("technique", { technique, cluster } as Input<"technique">),
        ),
    ),
    reload: command(
      "reload",
      [{ label: "dry-run", optional: true, words: ["dry-run"] }],
      async (ask, given) => describeChanges(await ask("reload", { dryRun: given["dry-run"] !== undefined })),
    ),
    quit: { description: "Leave the console; the dispatcher goes on", action: leave, aliases: ["exit"] },
  };
}

/** Names alone where they are enough. */
function namesOf(clusters: readonly ClusterStatus[]): string[] {
  const all = clusters.flatMap(({ name, backends }) =>
    backends.map((backend) => ({ cluster: name, name: backend.name }))
  );
  const count = Map.groupBy(all, ({ name }) => name);
  return all.map(({ cluster, name }) => count.get(name)!.length === 1 ? name : `${cluster}/${name}`);
}
