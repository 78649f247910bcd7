import { Command } from "@commander-js/extra-typings";

export function checkCommand() {
  return new Command("check")
    .description("validate a configuration and print what would run")
    .requiredOption("-c, --config <file>", "configuration file")
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  oneip check -c oneip.yaml")
    .action(async ({ config: file, json }) => {
      const { loadConfig } = await import("../control/load_config.ts");
      const { describeConfig } = await import("./describe_config.ts");
      const { text, data } = describeConfig(loadConfig(file));
      console.log(json ? JSON.stringify(data, null, 2) : text);
    });
}
