import { Command } from "@commander-js/extra-typings";

export function saveCommand(lab: string) {
  return new Command("save")
    .description("print a node's configuration as it is now, as the lines of a topology that make it again")
    .argument("<lab>", lab)
    .argument("<node>", "node of the topology")
    .addHelpText(
      "after",
      "\nAddresses, routes, rules, settings (sysctl), static neighbors, bridges and VLANs, and what nft has. Without what a new namespace " +
        "has anyway, and what a dispatcher or a routing daemon makes again.\n\nExample:\n  oneip lab save routing router",
    )
    .action(async (name, node) => {
      const { stringify } = await import("yaml");
      const { Lab } = await import("../lab/lab.ts");
      const { labName } = await import("../lab/find.ts");
      const { savedLines } = await import("../lab/save.ts");
      const lines = await savedLines(Lab.open(labName(name)).node(node));
      console.log(`# topology.nodes.${node}`);
      console.log(stringify({ exec: lines }, { lineWidth: 0 }).trimEnd());
    });
}
