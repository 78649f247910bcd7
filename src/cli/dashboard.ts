import { Command, InvalidArgumentError } from "@commander-js/extra-typings";

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
      await new Promise<void>((resolve) => {
        for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
      });
      close();
    });
}

function portNumber(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port > 0 && port < 65_536) return port;
  throw new InvalidArgumentError("Use a whole number from 1 to 65535.");
}
