import { afterAll, beforeAll, expect, test } from "vitest";
import { Lab, until } from "oneip";
import { exercises, findExercise } from "../../src/course/exercise.ts";
import { judge, type Judgement } from "../../src/course/judge.ts";
import { type Lines, TOPOLOGY } from "../../src/course/network.ts";
import { runChecked } from "../../src/system/programs.ts";
import { needsTap } from "../needs.ts";
import { ROOT, RUNTIME } from "../runtime.ts";

/** One lab for all exercises: each leaves it as it found it. */
let lab: Lab;
beforeAll(async () => {
  if (!needsTap()) lab = await Lab.up(TOPOLOGY, { name: `t${process.pid}-course` });
});
afterAll(() => lab?.down());

/** Runs a student's commands, in the checkout, one node after another. */
async function type(lines: Lines): Promise<void> {
  const PATH = `${ROOT}scripts:${process.env["PATH"]}`;
  for (const [node, commands] of Object.entries(lines)) {
    await runChecked(lab.node(node).command(["sh", "-ec", commands.join("\n")]), {
      cwd: ROOT,
      env: { PATH, ONEIP_RUNTIME: RUNTIME },
    });
  }
}

/** Judges until it is what is waited for: on a busy machine some client may wait in vain, and a dispatcher takes seconds to notice. */
async function judged(number: number, what: string, isRight: (judgement: Judgement) => boolean) {
  let last: Judgement | undefined;
  await until(() => `exercise ${number} is ${what}; it is ${JSON.stringify(last)}`, async () => {
    last = await judge(lab, findExercise(String(number)), undefined, 1);
    return isRight(last);
  });
}

function solved(number: number): Promise<void> {
  return judged(number, "solved", ({ wrong }) => wrong === undefined);
}

function wrong(number: number, reached: number, sentence: RegExp): Promise<void> {
  return judged(
    number,
    `wrong: ${sentence}`,
    (found) => found.reached.length === reached && sentence.test(found.wrong ?? ""),
  );
}

interface Case {
  readonly number: number;
  /** What is said of the fault, after so many stages that are right from the beginning. */
  readonly wrong: RegExp;
  readonly after?: number;
  /** Looks right, and is not: what is said of it. */
  readonly bad: { readonly lines: Lines; readonly reached: number; readonly wrong: RegExp };
  /** Another right solution than the exercise's own. */
  readonly other?: Lines;
  /** What the exercise's own solution need not find: it undoes these. */
  readonly undo: Lines;
}

const webs = (line: string) => ({ web1: [line], web2: [line], web3: [line] });

const CASES: Case[] = [
  {
    number: 1,
    wrong: /^The router sends requests for 10\.0\.0\.100 to web2, not to the dispatcher\.$/,
    bad: {
      lines: {
        router: ["ip neigh replace 10.0.0.100 lladdr 02:00:00:00:00:02 dev eth2 nud permanent"],
      },
      reached: 2,
      wrong: /asks who has 10\.0\.0\.100, web2 answers, too\.$/,
    },
    other: {
      web2: [
        "nft add table arp quiet",
        "nft add chain arp quiet in '{ type filter hook input priority 0; }'",
        "nft add rule arp quiet in arp operation request arp daddr ip 10.0.0.100 drop",
      ],
    },
    undo: { web2: ["nft delete table arp quiet"], router: ["ip neigh del 10.0.0.100 dev eth2"] },
  },
  {
    number: 2,
    wrong: /^6 of 18 clients get no answer within 1 s, all of them clients of web3: 198\.51\.100\.\d+, /,
    bad: {
      lines: { web3: ["ip address add 10.0.0.100/32 dev eth1"] },
      reached: 2,
      wrong: /web3 answers, too\.$/,
    },
    other: {
      web3: [
        "ip address del 10.0.0.100/32 dev eth1",
        "ip link add quiet0 type bridge",
        "ip link set quiet0 up",
        "ip address add 10.0.0.100/32 dev quiet0",
      ],
    },
    undo: { web3: ["ip link del quiet0", "ip address add 10.0.0.100/32 dev lo scope host"] },
  },
  {
    number: 3,
    wrong: /^6 of 18 clients do not meet their backend: 198\.51\.100\.\d+ \(web[23] in place of web1\), /,
    bad: {
      lines: { web1: ["sysctl -qw net.ipv4.conf.all.rp_filter=0"] },
      reached: 1,
      wrong: /^web1 takes all of 10\.0\.0\.0\/24 for itself\.$/,
    },
    other: { web1: ["ip route del local 10.0.0.0/24 dev lo table local"] },
    undo: {
      web1: [
        "sysctl -qw net.ipv4.conf.all.rp_filter=1",
        "ip address add 10.0.0.100/32 dev lo scope host",
        "ip address del 10.0.0.100/24 dev lo",
      ],
    },
  },
  {
    number: 4,
    wrong: /^18 of 18 clients get no whole large page within 1 s: /,
    after: 1,
    bad: {
      lines: { isp: ["ip link set eth2 mtu 1500"], router: ["ip link set eth1 mtu 1500"] },
      reached: 2,
      wrong: /^The tunnel's MTU is 1500 at isp, where it was 1400 and 1500 at router, where it was 1400, /,
    },
    other: {
      isp: ["ip link set eth2 mtu 1400"],
      router: [
        "ip link set eth1 mtu 1400",
        "nft add table inet clamp",
        "nft add chain inet clamp forward '{ type filter hook forward priority 0; }'",
        "nft add rule inet clamp forward tcp flags syn tcp option maxseg size set 1360",
      ],
    },
    undo: { router: ["nft delete table inet clamp", "nft delete table inet filter"] },
  },
  {
    number: 6,
    wrong: /^18 of 18 clients get no answer within 1 s: /,
    bad: {
      lines: webs("ip neigh replace 10.0.0.1 lladdr 02:1a:b0:00:02:02 dev eth1 nud permanent"),
      reached: 2,
      wrong: /asks who has 10\.0\.0\.1, printer answers, too\.$/,
    },
    other: {
      printer: ["ip link set eth1 down"],
    },
    undo: {
      printer: ["ip link set eth1 up", "ip address del 10.0.0.1/32 dev eth1"],
      ...webs("ip neigh del 10.0.0.1 dev eth1"),
    },
  },
  // The last, since it leaves the technique of the others.
  {
    number: 5,
    wrong: /^\d clients are answered by two backends at once: 198\.51\.100\.\d+ \(web1 and web2\)/,
    bad: {
      lines: { router: ["ip neigh del 10.0.0.100 dev eth2"] },
      reached: 2,
      wrong: /to the dispatcher, not to all machines\.$/,
    },
    undo: { router: ["ip neigh replace 10.0.0.100 lladdr ff:ff:ff:ff:ff:ff dev eth2 nud permanent"] },
  },
];

test.skipIf(needsTap()).each(CASES)(
  "exercise $number: what is wrong is said, what only looks right is not taken, and right solutions are",
  async ({ number, wrong: sentence, after = 0, bad, other, undo }) => {
    const { fault, solution } = findExercise(String(number));
    await lab.setUp(fault);
    await wrong(number, after, sentence);
    await type(bad.lines);
    await wrong(number, bad.reached, bad.wrong);
    if (other !== undefined) {
      await type(other);
      await solved(number);
    }
    await type(undo);
    if (other !== undefined) await lab.setUp(fault);
    await type(solution);
    await solved(number);
  },
);

test("every exercise is tried", () => {
  expect(CASES.map(({ number }) => number).sort()).toEqual(exercises().map(({ number }) => number));
});
