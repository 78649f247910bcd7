import { Command } from "@commander-js/extra-typings";
import { checkBackendCommand } from "./backend_check.ts";
import { guideCommand } from "./backend_guide.ts";
import { setupCommand } from "./backend_setup.ts";
import { teardownCommand } from "./backend_teardown.ts";

export function backendCommand() {
  return new Command("backend")
    .description("on a backend: set it up, check it, recipes for other systems")
    .addHelpText("after", "\nExample:\n  oneip backend check --cluster 10.0.0.100 --port 80")
    .addCommand(setupCommand())
    .addCommand(teardownCommand())
    .addCommand(checkBackendCommand())
    .addCommand(guideCommand());
}
