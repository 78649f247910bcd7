import { Command } from "@commander-js/extra-typings";
import type { InspectedLab } from "../lab/inspect.ts";

export function inspectCommand(lab: string) {
  return new Command("inspect")
    .description("show the nodes of a lab that is up: their interfaces, MACs, addresses and links")
    .argument("<lab>", lab)
    .option(
      "--json",
      "print JSON: {name, file, nodes, links}. `nodes` has {name, kind, namespace, program, interfaces}, `program` being `runs`, " +
        "`ended` or `none`; `interfaces` has {name, mac, mtu, up, bridge, addresses, peer}; `links` has two ends each, NODE:INTERFACE",
    )
    .addHelpText("after", "\nExample:\n  oneip lab inspect routing")
    .action(async (word, { json }) => {
      const { labName } = await import("../lab/find.ts");
      const { inspectLab } = await import("../lab/inspect.ts");
      const found = await inspectLab(labName(word));
      console.log(json ? JSON.stringify(found, null, 2) : await table(found));
    });
}

/** A row for each interface; `lo` only where it has an address of its own. */
async function table({ nodes }: InspectedLab): Promise<string> {
  const { formatTable } = await import("./table.ts");
  const rows = nodes.flatMap(({ name, kind, program, interfaces }) => {
    const shown = interfaces.filter((one) => one.name !== "lo" || one.addresses.length > 0);
    const of = (first: boolean) => first ? [name, kind, program === "none" ? "-" : program] : ["", "", ""];
    if (shown.length === 0) return [[...of(true), "-", "-", "-", "-", "-"]];
    return shown.map(({ name, mac, up, addresses, peer, bridge }, index) => [
      ...of(index === 0),
      name,
      up ? "up" : "down",
      mac,
      addresses.join(", ") || "-",
      peer ?? (bridge === null ? "-" : `port of ${bridge}`),
    ]);
  });
  return formatTable(
    ["node", "kind", "program", "interface", "state", "MAC", "addresses", "linked with"],
    rows,
  );
}
