import { Command } from "@commander-js/extra-typings";
import type { DirectionChanges } from "../lab/links/changes.ts";
import type { LinkDirection } from "../lab/links/lab_link.ts";

const EXAMPLES = `
Examples:
  oneip lab link mobile
  oneip lab link mobile phone:eth1 --loss 5% --delay 80ms
  oneip lab link mobile phone:eth1 --one-way --cut`;

export function linkCommand(lab: string) {
  return new Command("link")
    .description("show what the faulty links of a lab do and have done, or change one")
    .argument("<lab>", lab)
    .argument("[end]", "one end of the link, NODE:INTERFACE")
    .option("--delay <time>", "how long a frame is on its way")
    .option("--jitter <time>", "how much longer or shorter than that, at most")
    .option("--loss <share>", "how many frames are lost")
    .option("--duplicate <share>", "how many arrive twice")
    .option("--reorder <share>", "how many the next one overtakes")
    .option("--corrupt <share>", "of how many one bit is flipped")
    .option("--rate <rate>", "bits a second; 0: no limit")
    .option("--queue <frames>", "how many frames may wait for their turn at the rate")
    .option("--seed <number>", "begin with frame 0, decided by this seed")
    .option("--down <times>", "from when to when nothing gets through, counted from now")
    .option("--cut", "let nothing through")
    .option("--heal", "let frames through again")
    .option("--one-way", "change only what this end sends")
    .option(
      "--json",
      "print JSON: an array of {from, to, set, counts, held, missed, untaken}, one for each direction",
    )
    .addHelpText("after", EXAMPLES)
    .action(async (name, end, { json, ...options }) => {
      const { UsageError } = await import("../input/errors.ts");
      const { Lab } = await import("../lab/lab.ts");
      const { labName } = await import("../lab/find.ts");
      const { oneWay = false, ...asked } = options;
      const changes = changesOf(asked);
      const isChange = Object.keys(changes).length > 0;
      const lab = Lab.open(labName(name));
      if (Object.keys(asked).filter((key) => ["cut", "heal", "down"].includes(key)).length > 1) {
        throw new UsageError("Of --cut, --heal and --down only one can be meant; use one of them");
      }
      if (end === undefined && (isChange || oneWay)) {
        throw new UsageError(
          `It is not said which link to change; name one end of it, such as ${
            lab.links()[0]?.ends[0] ?? "client1:eth1"
          }`,
        );
      }
      const links = end === undefined ? lab.links() : [lab.link(end)];
      if (isChange) await links[0]!.set(oneWay ? { from: { [end!]: changes } } : changes);
      const directions = (await Promise.all(links.map((link) => link.status()))).flat();
      if (json) return console.log(JSON.stringify(directions, null, 2));
      if (directions.length === 0) {
        return console.log(
          `No link of lab "${lab.name}" can do harm; say something of one in the topology, such as delay: 0`,
        );
      }
      const { formatTable } = await import("./table.ts");
      console.log(formatTable(["from", "to", "set", "frames", "became of them"], directions.map(row)));
    });
}

interface Asked
  extends
    Partial<Record<"delay" | "jitter" | "loss" | "duplicate" | "reorder" | "corrupt" | "rate", string>> {
  readonly queue?: string;
  readonly seed?: string;
  readonly down?: string;
  readonly cut?: true;
  readonly heal?: true;
}

/** As they would stand in a topology. What is no number is told as it is. */
function changesOf({ queue, seed, down, cut, heal, ...same }: Asked): DirectionChanges {
  const number = (text: string) => (/^\d+$/.test(text) ? Number(text) : text) as number;
  return {
    ...same,
    ...(queue === undefined ? {} : { queue: number(queue) }),
    ...(seed === undefined ? {} : { seed: number(seed) }),
    ...(down === undefined ? {} : { down: down.split(",") as [string, string] }),
    ...(cut === undefined ? {} : { down: true }),
    ...(heal === undefined ? {} : { down: false }),
  };
}

function row({ from, to, set, counts, held, missed, untaken, logFault }: LinkDirection): (string | number)[] {
  const { frames, octets: _, ...became } = counts;
  const all = { ...became, "under way": held, missed, "not taken": untaken };
  const said = Object.entries(all).filter(([, count]) => count > 0).map(([what, count]) =>
    `${count} ${what}`
  );
  const settings = Object.entries(set).map(([key, value]) =>
    `${key} ${Array.isArray(value) ? value.join(" to ") : value}`
  );
  return [
    from,
    to,
    settings.join(", ") || "no harm",
    frames,
    [...said, ...(logFault === undefined ? [] : [`no log: ${logFault}`])].join(", ") || "-",
  ];
}
