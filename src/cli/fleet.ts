/** `oneip fleet`: which routes this dispatcher's BIRD announces, and a hand on them. */

import { Command } from "@commander-js/extra-typings";
import type { Output } from "../api/contract.ts";
import type { CommandName, Input } from "../api/contract.ts";

const JSON_OPTION =
  "print JSON: {bird: {socket, answers, why, since, sessions: {established, all}, administration}, " +
  "routes: [{cluster, state, why, since}]}";

export function fleetCommand() {
  return new Command("fleet")
    .description(
      "what the running dispatcher has BIRD announce to routers, in a fleet of several dispatchers",
    )
    .addHelpText("after", "\nExample:\n  oneip fleet status")
    .enablePositionalOptions()
    .addCommand(status())
    .addCommand(drain())
    .addCommand(undrain());
}

function status() {
  return new Command("status")
    .description(
      "print of each cluster whether its routes are announced, since when and why (not), and how many routers hear BIRD",
    )
    .option("--json", JSON_OPTION)
    .addHelpText("after", "\nExample:\n  oneip fleet status")
    .action(({ json }) => show("fleet", {}, json));
}

function drain() {
  return new Command("drain")
    .description(
      "let routers go over to the other dispatchers, until it is undrained, or the dispatcher ends",
    )
    .option("--now", "withdraw the routes, also where no other dispatcher announces them")
    .option("--json", JSON_OPTION)
    .addHelpText(
      "after",
      "\nIts routes are announced with the community GRACEFUL_SHUTDOWN (RFC 8326): a router that has others does not use them any\n" +
        "more, and no connection is lost. The dispatcher forwards on what comes to it.\n\nExample:\n  oneip fleet drain",
    )
    .action(({ now = false, json }) => show("fleetDrain", { now }, json));
}

function undrain() {
  return new Command("undrain")
    .description("announce the routes again, as usual")
    .option("--json", JSON_OPTION)
    .addHelpText("after", "\nExample:\n  oneip fleet undrain")
    .action(({ json }) => show("fleetUndrain", {}, json));
}

async function show<N extends CommandName & ("fleet" | "fleetDrain" | "fleetUndrain")>(
  command: N,
  input: Input<N>,
  json: true | undefined,
): Promise<void> {
  const { ask, controlPath } = await import("../api/client.ts");
  const { REAL_CLOCK } = await import("../system/clock.ts");
  const { describeFleet } = await import("./print_fleet.ts");
  const fleet: Output<"fleet"> = await ask(controlPath(), command, input);
  console.log(json ? JSON.stringify(fleet, null, 2) : describeFleet(fleet, REAL_CLOCK.sinceEpoch()));
}
