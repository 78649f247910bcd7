import { Command } from "@commander-js/extra-typings";

export function validateCommand(topology: string) {
  return new Command("validate")
    .description("find every mistake in a topology and in its dispatchers' configurations; nothing is made")
    .argument("<topology>", topology)
    .addHelpText("after", "\nExample:\n  oneip lab validate two.yaml")
    .action(async (word) => {
      const { topologyFile } = await import("../lab/shipped.ts");
      const { validate } = await import("../lab/validate.ts");
      const file = topologyFile(word);
      const { nodes, links, notes } = validate(file);
      for (const note of notes) console.log(note);
      console.log(`${file} is right: ${nodes.length} nodes, ${links.length} links`);
    });
}
