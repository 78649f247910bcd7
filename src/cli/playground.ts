import { Command } from "@commander-js/extra-typings";
import { portNumber } from "./port_number.ts";
import { untilSignal } from "./until_signal.ts";

export function playgroundCommand() {
  return new Command("playground")
    .description("open the page in which one plays with a cluster in a browser, until Ctrl-C")
    .option("-p, --port <number>", "of 127.0.0.1; without it any free one", portNumber)
    .addHelpText(
      "after",
      "\nPrints the address of the page. In it the dispatcher's own code runs in virtual time: nothing of this machine is touched, nothing needs\n" +
        "to run, and the page asks nobody for anything. `scripts/playground FOLDER` of a checkout makes a folder of it for any web server." +
        "\n\nExample:\n  oneip playground --port 8080",
    )
    .action(async ({ port = 0 }) => {
      const { servePlayground } = await import("../playground/serve.ts");
      const { url, close } = await servePlayground(port);
      console.log(url);
      await untilSignal();
      close();
    });
}
