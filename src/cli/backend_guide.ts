import { Command, Option } from "@commander-js/extra-typings";
import { type GuideMethod, type GuideSystem, RECIPES } from "../backend/guide/guide.ts";
import { clusterOption } from "./backend_options.ts";

const SYSTEMS = Object.keys(RECIPES) as GuideSystem[];

export function guideCommand() {
  return new Command("guide")
    .description(
      "print how machines of a system become backends: alias, ARP silence, extra route, persistence, undo",
    )
    .addOption(new Option("--os <system>", "system of the backend").choices(SYSTEMS).makeOptionMandatory())
    .addOption(clusterOption())
    .option(
      "--json",
      "print JSON: {system, methods: [{name, cost, steps: [{title, commands, note, basis}]}]}",
    )
    .addHelpText("after", "\nExample:\n  oneip backend guide --os windows --cluster 10.0.0.100")
    .action(async ({ os, cluster = [], json }) => {
      const { guideFor } = await import("../backend/guide/guide.ts");
      const { parseAddresses } = await import("./backend_expected.ts");
      const methods = guideFor(os, parseAddresses(cluster));
      if (json) console.log(JSON.stringify({ system: os, methods }, null, 2));
      else console.log(formatGuide(os, methods));
    });
}

/** Only commands stand without a mark, so that they can be copied. */
function formatGuide(system: GuideSystem, methods: readonly GuideMethod[]): string {
  return methods.map(({ name, cost, steps }) =>
    [
      `# ${system}: ${name}`,
      `# costs: ${cost}`,
      ...steps.map(({ title, commands, note, basis }) =>
        [
          `\n# ${title} (${basis === "tried" || basis === "unconfirmed" ? basis : `from: ${basis}`})`,
          ...(note === null ? [] : [`# ${note}`]),
          ...commands,
        ].join("\n")
      ),
    ].join("\n")
  ).join("\n\n");
}
