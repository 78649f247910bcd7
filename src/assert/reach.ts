/** Does a client reach an address? */

import type { LabNode } from "../lab/lab.ts";
import type { Observation } from "../observe/protocol.ts";
import * as icmpv4 from "../wire/icmpv4.ts";
import * as icmpv6 from "../wire/icmpv6.ts";
import { isIpv6, parseIp } from "../wire/address.ts";
import { SYN } from "../wire/tcp.ts";
import { ask } from "./asked.ts";
import { formatAnswer } from "./connections.ts";
import { captureCommand, execCommand, type Finding, firstOf } from "./finding.ts";
import { errorsTo } from "./icmp_errors.ts";
import { seenWhile } from "./seen_while.ts";
import { nameOf, seenFrom, urlOf, type View } from "./view.ts";
import { describeWay, keyOf } from "./way.ts";

/** Who asks, and how long. */
export interface ReachOptions {
  /** Which address of the client asks. Default: the one that it would take. */
  readonly from?: string;
  /** After which it is given up. Default: 10 seconds. */
  readonly withinMs?: number;
}

const WITHIN_MS = 10_000;
/** Seconds between two echo requests. */
const BETWEEN_S = 0.2;

/**
 * An address such as `10.0.0.100` is reached when it answers `ping`; with a port, as in `10.0.0.100:80`, when it accepts a TCP connection.
 * Throws UsageError for what is neither.
 */
export async function reaches(client: LabNode, target: string, options: ReachOptions = {}): Promise<Finding> {
  const address = parseIp(target);
  const { from, withinMs = WITHIN_MS } = options;
  const view = seenFrom(client, target, { withinMs, ...(from === undefined ? {} : { from: [from] }) });
  return address === undefined ? await connects(view) : await echoes(view, address);
}

/** A question on its way, and the answer on its own. */
interface Question {
  readonly view: View;
  readonly name: string;
  /** Asks the same again by hand. */
  readonly command: string;
  readonly question: readonly Observation[];
  readonly answer: readonly Observation[];
  /** Why there was no answer that is of use; undefined where there was one. */
  readonly failure: string | undefined;
  /** What else was seen. */
  readonly more: readonly string[];
}

async function echoes(view: View, address: string): Promise<Finding> {
  const { client, from: [from = ""], withinMs } = view;
  const source = from === "" ? "" : ` -I ${from}`;
  const command = `ping -n -c 1 -i ${BETWEEN_S} -w ${Math.ceil(withinMs / 1000)}${source} ${address}`;
  const { result, observations, gaps } = await seenWhile(client.lab, () => client.run(command.split(" ")));
  const types = isIpv6(address) ? icmpv6 : icmpv4;
  const echoes = observations.filter(({ kind }) => kind === "icmp");
  const requests = echoes.filter(({ flags, dst }) => flags >>> 8 === types.ECHO_REQUEST && dst === address);
  // The last of them, which had the most time for the neighbors on its way to be found.
  const { sequence } = requests.at(-1) ?? { sequence: undefined };
  const ofIt = (some: readonly Observation[]) => some.filter((one) => one.sequence === sequence);
  const errors = errorsTo(requests[0]?.src, observations);
  return findingOf({
    view,
    name: address,
    command: `ping -c 3${source} ${address}`,
    question: ofIt(requests),
    answer: ofIt(echoes.filter(({ flags, src }) => flags >>> 8 === types.ECHO_REPLY && src === address)),
    failure: result.status === 0 ? undefined : errors[0] ?? `no echo reply in ${withinMs} ms`,
    more: [...errors, ...(requests.length === 0 ? [`sent nothing: ${result.stderr.trim()}`] : []), ...gaps],
  });
}

async function connects(view: View): Promise<Finding> {
  const { client, target, withinMs } = view;
  const { connections, observations, notes } = await ask(view);
  const [connection] = connections;
  const { answers = [], syn = [] } = connection ?? {};
  const toClient = observations.filter(({ kind, dst, dstPort }) =>
    kind === "tcp" && dst === connection?.client && dstPort === connection.port
  );
  const accepting = toClient.filter(({ src, srcPort, flags }) =>
    src === target.address && srcPort === target.port && (flags & SYN) !== 0
  );
  const hasCome = accepting.some(({ node, isOutgoing }) => node === client.plan.name && !isOutgoing);
  const refusal = answers.find(({ accepts }) => !accepts);
  const answer = accepting[0] ?? toClient[0];
  const errors = errorsTo(connection?.client, observations);
  const reason = refusal === undefined
    ? errors[0] ?? `no connection in ${withinMs} ms`
    : `${refusal.node} refuses it`;
  return findingOf({
    view,
    name: nameOf(view),
    command: `curl -v ${urlOf(view)}`,
    question: syn,
    answer: answer === undefined ? [] : toClient.filter((one) => keyOf(one) === keyOf(answer)),
    failure: hasCome ? undefined : reason,
    more: [...answers.map((answer) => formatAnswer(answer, view)), ...errors, ...notes],
  });
}

function findingOf({ view: { client }, name, command, question, answer, failure, more }: Question): Finding {
  const pass = failure === undefined;
  const last = (answer.length > 0 ? answer : question).at(-1);
  const who = client.plan.name;
  return {
    pass,
    sentence: pass ? `${who} reaches ${name}` : `${who} does not reach ${name}: ${failure}`,
    seen: [
      `question: ${describeWay(question)}`,
      `answer: ${describeWay(answer)}`,
      ...firstOf(more),
    ],
    look: pass ? [] : [
      execCommand(client, command),
      ...(last === undefined ? [] : [
        execCommand(client.lab.node(last.node), "ip address show"),
        captureCommand(client, last),
      ]),
    ],
  };
}
