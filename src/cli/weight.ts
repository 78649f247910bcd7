import { Command, InvalidArgumentError } from "@commander-js/extra-typings";

export function weightCommand() {
  return new Command("weight")
    .description("give a backend of the running dispatcher another weight, until the dispatcher ends")
    .argument("<backend>", "its name, as NAME or CLUSTER/NAME")
    .argument("<weight>", "0 to 100; 0 drains it", parseWeight)
    .option("--json", "print JSON: the backend as status prints it with --json")
    .addHelpText(
      "after",
      "\nThe weights of all backends together decide how many buckets each owns.\n\nExample:\n  oneip weight web/web2 3",
    )
    .action(async (backend, weight, { json }) => {
      const { askAbout } = await import("./ask_about.ts");
      const { describeBackend } = await import("./print_status.ts");
      const status = await askAbout(backend, "weight", { weight });
      console.log(json ? JSON.stringify(status, null, 2) : describeBackend(status));
    });
}

export function parseWeight(text: string): number {
  if (!/^\d{1,3}$/.test(text) || Number(text) > 100) {
    throw new InvalidArgumentError("Use a whole number from 0 to 100.");
  }
  return Number(text);
}
