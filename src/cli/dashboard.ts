import { Command } from "@commander-js/extra-typings";
import { portNumber } from "./port_number.ts";
import { untilSignal } from "./until_signal.ts";

export function dashboardCommand() {
  return new Command("dashboard")
    .description("open the page on which one sees the running dispatcher at work and steers it, until Ctrl-C")
    .option("-p, --port <number>", "of 127.0.0.1; without it any free one", portNumber)
    .addHelpText(
      "after",
      "\nPrints the address of the page, with a token that is made for it: whoever has the address may steer. It is for a browser of\n" +
        "this machine, or one at the other end of `ssh -L 8080:127.0.0.1:8080`. With the key `api` the dispatcher itself serves the page." +
        "\n\nExample:\n  oneip dashboard --port 8080",
    )
    .action(async ({ port = 0 }) => {
      const { controlPath, converse } = await import("../api/client.ts");
      const { relay } = await import("../api/relay.ts");
      const path = controlPath();
      (await converse(path)).end(); // One must run now. When it ends later, the page says so.
      const { url, close } = await relay(path, port);
      console.log(url);
      await untilSignal();
      close();
    });
}
