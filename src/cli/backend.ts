/** `oneip backend`: the dispatcher's backends while it runs, and the machine that is to become one. */

import { Command } from "@commander-js/extra-typings";
import { addBackendCommand } from "./backend_add.ts";
import { checkBackendCommand } from "./backend_check.ts";
import { guideCommand } from "./backend_guide.ts";
import { removeBackendCommand } from "./backend_remove.ts";
import { setupCommand } from "./backend_setup.ts";
import { teardownCommand } from "./backend_teardown.ts";

export function backendCommand() {
  return new Command("backend")
    .description(
      "where the dispatcher runs: add a backend, or take it away; on a backend: set it up, check it, recipes for other systems",
    )
    .addHelpText(
      "after",
      "\nExamples:\n  oneip backend add web/web5 10.0.0.15\n  oneip backend check --cluster 10.0.0.100 --port 80",
    )
    .addCommand(addBackendCommand())
    .addCommand(removeBackendCommand())
    .addCommand(setupCommand())
    .addCommand(teardownCommand())
    .addCommand(checkBackendCommand())
    .addCommand(guideCommand());
}
