import { Command } from "@commander-js/extra-typings";

export function runCommand() {
  return new Command("run")
    .description("run the dispatcher until SIGTERM or SIGINT")
    .requiredOption("-c, --config <file>", "configuration file")
    .addHelpText("after", "\nExample:\n  oneip run -c /etc/oneip/oneip.yaml")
    .action(async ({ config }) => {
      const { serve, VerificationError } = await import("../api/service.ts");
      try {
        await serve(config);
      } catch (error) {
        if (error instanceof VerificationError) {
          const { describeVerification } = await import("./print_verification.ts");
          console.error(describeVerification(error.report));
        }
        throw error;
      }
    });
}
