/** `oneip prove`: has each client one owner, whoever is down? */

import { Command, InvalidArgumentError } from "@commander-js/extra-typings";

/** By it the samples are drawn, unless another one is given. */
const SEED = 1;

export function proveCommand() {
  return new Command("prove")
    .description("prove that each client has one owner, whichever backends are down, in both techniques")
    .requiredOption("-c, --config <file>", "configuration file")
    .option(
      "--down <names>",
      "only with these backends down, and each set beside it: names with commas between them",
    )
    .option("--seed <number>", "by which samples are drawn", wholeNumber, SEED)
    .option("--no-kernel", "leave the kernel out")
    .option(
      "--json",
      "print JSON: {ok, finished, seed, seconds, withoutKernel, clusters: [{cluster, backends, buckets, algorithm, " +
        "rows: [{what, liveSets, of, pairs, seconds}], filters: {liveSets, of}, sample: {clients, filters, of}, " +
        "claims: [{id, claim, asked, unit, wrong, example: {cluster, down, bucket, client, found, commands}}], " +
        "nearest: {backend, down, buckets, exact, most}, mostMoved, shares: [{backend, buckets, exact, most}]}]}; of: null of what " +
        "is drawn; sample, example and nearest: null where there is none; shares: with --down; withoutKernel: why, or null",
    )
    .addHelpText(
      "after",
      "\nUp to 12 backends: every live set, and each pair of them that differ by one backend. Beyond that: each one down, each two, and a\n" +
        "sample. The kernel is asked through nft in a network namespace of its own, as root. Ctrl-C prints what was done by then. Exit\n" +
        "status 1 when something is wrong, or it was stopped." +
        "\n\nExamples:\n  oneip prove -c oneip.yaml\n  oneip prove -c oneip.yaml --down web3,web4",
    )
    .action(async ({ config: file, down, seed, kernel, json }) => {
      const { mapsWithDown } = await import("../cluster/explain.ts");
      const { loadConfig } = await import("../config/load.ts");
      const { prove } = await import("../prove/prove.ts");
      const { REAL_CLOCK } = await import("../system/clock.ts");
      const { describeProof, showProgress } = await import("./print_proof.ts");
      const config = loadConfig(file);
      const names = down?.split(",").filter((name) => name !== "");
      // As with explain: a name that is none is told.
      mapsWithDown(config, names ?? []);
      const stop = new AbortController();
      const signals = ["SIGINT", "SIGTERM"] as const;
      const abort = () => stop.abort();
      for (const signal of signals) process.once(signal, abort);
      const progress = showProgress(process.stderr);
      const proof = await prove(config, {
        file,
        down: names,
        seed,
        withoutKernel: !kernel ? "--no-kernel" : names === undefined ? undefined : "--down is about maps",
        clock: REAL_CLOCK,
        signal: stop.signal,
        progress: progress.show,
      });
      progress.end();
      for (const signal of signals) process.off(signal, abort);
      console.log(json ? JSON.stringify(proof, null, 2) : describeProof(proof));
      if (!proof.ok) process.exitCode = 1;
    });
}

function wholeNumber(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("Use a whole number from 0 to 999999999.");
}
