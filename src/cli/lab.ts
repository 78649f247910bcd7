import { Command } from "@commander-js/extra-typings";
import type { LabNode } from "../lab/lab.ts";

const TOPOLOGY = "topology file, or the name of one in netns/";
const LAB = "name of a lab that is up, or its topology";

export function labCommand() {
  return new Command("lab")
    .description("topologies in network namespaces")
    .addHelpText("after", "\nExample:\n  oneip lab up routing")
    .enablePositionalOptions()
    .addCommand(up())
    .addCommand(down())
    .addCommand(list())
    .addCommand(exec())
    .addCommand(shell())
    .addCommand(graph());
}

function up() {
  return new Command("up")
    .description("bring a topology up; it stays until `lab down`")
    .argument("<topology>", TOPOLOGY)
    .option("--name <name>", "another name than the topology's, so that several can stand side by side")
    .addHelpText("after", "\nExample:\n  oneip lab up routing")
    .action(async (topology, { name }) => {
      const { Lab } = await import("../lab/lab.ts");
      const began = performance.now();
      const progress = (step: string) => console.error(`  ${step}`);
      const lab = await Lab.up(topology, {
        keep: true,
        progress,
        ...(name === undefined ? {} : { name }),
      });
      const nodes = lab.topology.nodes.map((node) => node.name).join(", ");
      const seconds = ((performance.now() - began) / 1000).toFixed(1);
      console.log(`Lab "${lab.name}" is up: ${nodes}; it took ${seconds} s`);
      console.log(`Try: oneip lab exec ${lab.name} ${lab.topology.nodes[0]!.name} ip address`);
    });
}

function down() {
  return new Command("down")
    .description("remove a lab with all that runs in it; what is not there is no fault")
    .argument("<lab>", LAB)
    .addHelpText("after", "\nExample:\n  oneip lab down routing")
    .action(async (name) => {
      const { Lab } = await import("../lab/lab.ts");
      const { labName } = await import("../lab/find.ts");
      const lab = labName(name);
      for (const namespace of await Lab.down(lab)) {
        console.error(
          `The namespace ${namespace} stays: it was not made for a lab; "ip netns del ${namespace}" removes it`,
        );
      }
      console.log(`Lab "${lab}" is down`);
    });
}

function list() {
  return new Command("list")
    .description("list the labs that are up, and the nodes whose program has ended")
    .option(
      "--json",
      "print JSON: an array of {name, file, nodes, ended}, `ended` being the nodes whose program has ended",
    )
    .addHelpText("after", "\nExample:\n  oneip lab list --json")
    .action(async ({ json }) => {
      const { Lab } = await import("../lab/lab.ts");
      const { formatTable } = await import("./table.ts");
      const labs = Lab.list();
      if (json) return console.log(JSON.stringify(labs, null, 2));
      console.log(
        formatTable(
          ["lab", "nodes", "ended", "topology"],
          labs.map(({ name, file, nodes, ended }) => [name, nodes.length, ended.join(",") || "-", file]),
        ),
      );
    });
}

function exec() {
  return new Command("exec")
    .description("run a command on a node")
    .argument("<lab>", LAB)
    .argument("<node>", "node of the topology")
    .argument("<command...>", "command and arguments")
    .passThroughOptions()
    .addHelpText("after", "\nExample:\n  oneip lab exec routing client1 curl -s http://10.0.0.100/")
    .action(async (name, node, command) => {
      await enter(name, node, (at) => at.command(command));
    });
}

function shell() {
  return new Command("shell")
    .description("open a shell on a node")
    .argument("<lab>", LAB)
    .argument("<node>", "node of the topology")
    .addHelpText("after", "\nExample:\n  oneip lab shell routing router")
    .action(async (name, node) => {
      await enter(name, node, (at) => at.shell());
    });
}

/** Runs a command on a node with this terminal; its status is ours. */
async function enter(name: string, node: string, wordsAt: (node: LabNode) => string[]): Promise<void> {
  const { spawn } = await import("node:child_process");
  const { once } = await import("node:events");
  const { Lab } = await import("../lab/lab.ts");
  const { labName } = await import("../lab/find.ts");
  const [program = "", ...args] = wordsAt(Lab.open(labName(name)).node(node));
  const child = spawn(program, args, { stdio: "inherit" });
  const [status] = await once(child, "exit");
  process.exitCode = status ?? 1;
}

function graph() {
  return new Command("graph")
    .description("draw a topology, or a lab that is up with its addresses: Mermaid, or DOT for Graphviz")
    .argument("<topology>", `${TOPOLOGY}; or the name of a lab that is up`)
    .option("--dot", "print DOT")
    .addHelpText("after", "\nExample:\n  oneip lab graph routing --dot | dot -Tsvg > routing.svg")
    .action(async (word, { dot }) => {
      const { toDot, toMermaid } = await import("../lab/graph.ts");
      const { topology, addresses } = await import("../lab/find.ts").then(({ toDraw }) => toDraw(word));
      console.log((dot ? toDot(topology, addresses) : toMermaid(topology, addresses)).trimEnd());
    });
}
