import { Command } from "@commander-js/extra-typings";
import { REAL_CLOCK } from "../system/clock.ts";
import type { LabNode } from "../lab/lab.ts";
import { captureCommand, captureHereCommand } from "./lab_capture.ts";
import { graphCommand } from "./lab_graph.ts";
import { inspectCommand } from "./lab_inspect.ts";
import { saveCommand } from "./lab_save.ts";
import { testCommand } from "./lab_test.ts";
import { validateCommand } from "./lab_validate.ts";
import { linkCommand } from "./lab_link.ts";

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
    .addCommand(inspectCommand(LAB))
    .addCommand(exec())
    .addCommand(shell())
    .addCommand(captureCommand(LAB))
    .addCommand(captureHereCommand(), { hidden: true })
    .addCommand(saveCommand(LAB))
    .addCommand(graphCommand(TOPOLOGY))
    .addCommand(linkCommand(LAB))
    .addCommand(validateCommand(TOPOLOGY))
    .addCommand(testCommand(LAB));
}

function up() {
  return new Command("up")
    .description("bring a topology up; it stays until `lab down`")
    .argument("<topology>", TOPOLOGY)
    .option("--name <name>", "another name than the topology's, so that several can stand side by side")
    .addHelpText("after", "\nExample:\n  oneip lab up routing")
    .action(async (topology, { name }) => {
      const { Lab } = await import("../lab/lab.ts");
      const beganMs = REAL_CLOCK.now();
      const progress = (step: string) => console.error(`  ${step}`);
      const lab = await Lab.up(topology, {
        keep: true,
        progress,
        ...(name === undefined ? {} : { name }),
      });
      const nodes = lab.topology.nodes.map((node) => node.name).join(", ");
      for (const note of lab.topology.notes) console.error(note);
      const seconds = ((REAL_CLOCK.now() - beganMs) / 1000).toFixed(1);
      console.log(`Lab "${lab.name}" is up: ${nodes}; it took ${seconds} s`);
      console.log(`Try: oneip lab exec ${lab.name} ${lab.topology.nodes[0]!.name} ip address`);
    });
}

function down() {
  return new Command("down")
    .description("remove a lab with all that runs in it; what is not there is no fault")
    .argument("[lab]", LAB)
    .option("--all", "every lab that is up, or was left half made")
    .addHelpText("after", "\nExamples:\n  oneip lab down routing\n  oneip lab down --all")
    .action(async (name, { all = false }) => {
      const { Lab } = await import("../lab/lab.ts");
      const { labName } = await import("../lab/find.ts");
      const { UsageError } = await import("../input/errors.ts");
      if (all === (name !== undefined)) throw new UsageError("Which lab? Give its name, or else --all");
      const labs = name === undefined ? Lab.list().map((info) => info.name) : [labName(name)];
      if (labs.length === 0) console.log("No lab is up");
      for (const lab of labs) {
        for (const namespace of await Lab.down(lab)) {
          console.error(
            `The namespace ${namespace} stays: it was not made for a lab; "ip netns del ${namespace}" removes it`,
          );
        }
        console.log(`Lab "${lab}" is down`);
      }
    });
}

function list() {
  return new Command("list")
    .description("list the labs that are up, and the nodes whose program has ended")
    .option(
      "--json",
      "print JSON: an array of {name, file, nodes, ended}, `ended` being the nodes whose program has ended, and `(links)`",
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
  const { Lab } = await import("../lab/lab.ts");
  const { labName } = await import("../lab/find.ts");
  const { runHere } = await import("./run_here.ts");
  await runHere(wordsAt(Lab.open(labName(name)).node(node)));
}
