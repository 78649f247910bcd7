import { Command } from "@commander-js/extra-typings";

export function runCommand() {
  return new Command("run")
    .description("run the dispatcher until SIGTERM or SIGINT")
    .requiredOption("-c, --config <file>", "configuration file")
    .option(
      "--takeover",
      "take over from the dispatcher that runs here already, without a lost frame; it ends when this one forwards",
    )
    .addHelpText(
      "after",
      "\nIts log goes to standard output: sentences on a terminal, else a line of JSON for each event.\n\nExamples:\n  oneip run -c /etc/oneip/oneip.yaml\n  oneip run --takeover -c /etc/oneip/oneip.yaml",
    )
    .action(async ({ config, takeover = false }) => {
      const { serve, VerificationError } = await import("../api/service.ts");
      const { Sentences } = await import("./sentences.ts");
      try {
        await serve(config, {
          takeover,
          readable: (config) => {
            const sentences = new Sentences(config);
            return (line) => sentences.of(line);
          },
        });
      } catch (error) {
        if (error instanceof VerificationError) {
          const { describeVerification } = await import("./print_verification.ts");
          console.error(describeVerification(error.report));
        }
        throw error;
      }
    });
}
