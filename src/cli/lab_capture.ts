import { Command, InvalidArgumentError } from "@commander-js/extra-typings";

const STANDARD_OUTPUT = "-";

/** The command that captures, in the namespace of the node: a person calls the other one. */
const HERE = "capture-here";

export function captureCommand(lab: string) {
  return withOptions(new Command("capture"))
    .description("write the frames that an interface of a node receives and sends, as pcapng")
    .argument("<lab>", lab)
    .argument("<node:interface>", "such as client1:eth1; also one that is in no topology, such as lb:oneip0")
    .addHelpText(
      "after",
      "\nIt needs no other program. Ctrl-C ends it. What is written slower than frames come is lost and counted." +
        "\n\nExamples:\n  oneip lab capture routing router:eth2 | wireshark -k -i -" +
        "\n  oneip lab capture routing lb:oneip0 --count 10 -w lb.pcapng",
    )
    .action(async (name, end, { write, force = false, count, snaplen }) => {
      const { UsageError } = await import("../input/errors.ts");
      const [, node, interfaceName] = /^([^:]+):([^:]+)$/.exec(end) ?? [];
      if (node === undefined || interfaceName === undefined) {
        throw new UsageError(
          `No end of a link, found "${end}", use a node and an interface such as client1:eth1`,
        );
      }
      if (write === STANDARD_OUTPUT && process.stdout.isTTY) {
        throw new UsageError("A capture is nothing for a terminal; give -w FILE, or a program that reads it");
      }
      const { Lab } = await import("../lab/lab.ts");
      const { labName } = await import("../lab/find.ts");
      const { runHere } = await import("./run_here.ts");
      await runHere(
        Lab.open(labName(name)).node(node).oneip([
          "lab",
          HERE,
          interfaceName,
          `--write=${write}`,
          ...(force ? ["--force"] : []),
          ...(count === undefined ? [] : [`--count=${count}`]),
          ...(snaplen === undefined ? [] : [`--snaplen=${snaplen}`]),
        ]),
      );
    });
}

export function captureHereCommand() {
  return withOptions(new Command(HERE))
    .argument("<interface>")
    .action(async (interfaceName, { write, force = false, count = Infinity, snaplen = Infinity }) => {
      const { captureInterface } = await import("./capture_interface.ts");
      const file = write === STANDARD_OUTPUT ? undefined : write;
      await captureInterface({ interfaceName, file, force, count, snaplen });
    });
}

function withOptions(command: Command) {
  return command
    .option("-w, --write <file>", "where to write; - for standard output", STANDARD_OUTPUT)
    .option("--force", "write over a file that is there")
    .option("--count <number>", "end after so many frames", wholeNumber)
    .option("--snaplen <octets>", "keep so many octets of each frame; without it all", wholeNumber);
}

function wholeNumber(text: string): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("Use a whole number from 1.");
}
