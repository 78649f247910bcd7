import { Argument, Command } from "@commander-js/extra-typings";

export function techniqueCommand() {
  return new Command("technique")
    .description("print or change who chooses the backend, in a running dispatcher")
    .addArgument(
      new Argument("[technique]", "the new one; default: only print").choices(
        ["route", "broadcast"] as const,
      ),
    )
    .option("--cluster <name>", "change only this cluster")
    .option("--json", "print JSON: an array of {cluster, technique}")
    .addHelpText(
      "after",
      "\nWith broadcast every backend gets every frame and keeps its own by its filter; routers that believe it, Linux among\n" +
        "them, are told to send there without the dispatcher in between.\n\nExample:\n  oneip technique broadcast",
    )
    .action(async (technique, { cluster, json }) => {
      const { ask, controlPath } = await import("../api/client.ts");
      const { describeTechniques } = await import("./print_techniques.ts");
      const techniques = technique === undefined
        ? await ask(controlPath(), "techniques", {})
        : await ask(controlPath(), "technique", { technique, cluster });
      console.log(
        json ? JSON.stringify(techniques, null, 2) : describeTechniques(techniques),
      );
    });
}
