import { Command, Option } from "@commander-js/extra-typings";

export function graphCommand(topology: string) {
  return new Command("graph")
    .description("draw a topology, or a lab that is up with its addresses")
    .argument("<topology>", `${topology}; or the name of a lab that is up`)
    .addOption(
      new Option(
        "--format <format>",
        "text for a terminal, Mermaid for Markdown, DOT for Graphviz, or an SVG picture",
      )
        .choices(["text", "mermaid", "dot", "svg"]).default("text" as const),
    )
    .addHelpText(
      "after",
      "\nExamples:\n  oneip lab graph routing\n  oneip lab graph routing --format svg > routing.svg",
    )
    .action(async (word, { format }) => {
      const { topology, addresses } = await import("../lab/find.ts").then(({ toDraw }) => toDraw(word));
      const draw = await drawerOf(format);
      console.log(draw(topology, addresses).trimEnd());
    });
}

async function drawerOf(format: "text" | "mermaid" | "dot" | "svg") {
  switch (format) {
    case "text":
      return (await import("../lab/graph_text.ts")).toText;
    case "svg":
      return (await import("../lab/graph_svg.ts")).toSvg;
    case "dot":
      return (await import("../lab/graph.ts")).toDot;
    case "mermaid":
      return (await import("../lab/graph.ts")).toMermaid;
  }
}
