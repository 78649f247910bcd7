/** The connections of a client in what was seen: who answered each SYN, and who cut what. */

import type { Observation } from "../observe/protocol.ts";
import { ACK, FIN, isSyn, RST, SYN } from "../wire/tcp.ts";
import { formatPlace } from "./finding.ts";
import type { View } from "./view.ts";
import { describeWay, keyOf, originsOf } from "./way.ts";

/** The first answer of a machine to a SYN. */
export interface Answer {
  readonly node: string;
  readonly interface: string;
  readonly accepts: boolean;
  /** From which address; another one than the cluster's is of no use to the client. */
  readonly source: string;
  readonly mac: string;
}

export interface Connection {
  readonly client: string;
  readonly port: number;
  /** The SYN on its way, in the order of time. */
  readonly syn: readonly Observation[];
  /** Each machine's, by its name. */
  readonly answers: readonly Answer[];
}

/** In the order in which they were begun. A SYN that is sent again is the same one. */
export function connectionsOf(view: View, observations: readonly Observation[]): Connection[] {
  const { client, target, from } = view;
  const segments = observations.filter(({ kind }) => kind === "tcp");
  const syns = new Map<string, Observation[]>();
  for (const one of segments) {
    if (isSyn(one.flags) && one.dst === target.address && one.dstPort === target.port) {
      pushTo(syns, keyOf(one), one);
    }
  }
  const answers = new Map<string, Observation[]>();
  for (const one of segments) if ((one.flags & ACK) !== 0) pushTo(answers, answerKeyOf(one), one);
  return [...syns.values()].flatMap((syn): Connection[] => {
    const { src, srcPort, sequence } = syn[0]!;
    const isTheirs = from.includes("")
      ? syn.some(({ node, isOutgoing }) => node === client.plan.name && isOutgoing)
      : from.includes(src);
    if (!isTheirs) return [];
    const own = answers.get([target.port, src, srcPort, (sequence + 1) | 0].join(" ")) ?? [];
    return [{ client: src, port: srcPort, syn, answers: answersIn(own) }];
  });
}

/** What is the same of a SYN and of its answers, whichever address they come from. */
function answerKeyOf({ srcPort, dst, dstPort, acknowledgment }: Observation): string {
  return [srcPort, dst, dstPort, acknowledgment].join(" ");
}

function answersIn(observations: readonly Observation[]): Answer[] {
  const isAnswer = ({ flags }: Observation) => (flags & SYN) !== 0 || (flags & RST) !== 0;
  const byPacket = Map.groupBy(observations.filter(isAnswer), keyOf);
  const answers = [...byPacket.values()].flatMap((packet) =>
    originsOf(packet).map(({ node, interface: name, flags, src, srcMac }) => (
      { node, interface: name, accepts: (flags & RST) === 0, source: src, mac: srcMac }
    ))
  );
  // A machine that has accepted and then resets what it does not know has answered once.
  const first = new Map<string, Answer>();
  for (const answer of answers) if (!first.has(answer.node)) first.set(answer.node, answer);
  return [...first.values()].sort((one, other) => one.node < other.node ? -1 : 1);
}

/** Who ended a connection, and how: the first FIN or reset of the server's side or of a machine between. */
export function endOf(
  { target }: View,
  observations: readonly Observation[],
  client: string,
  port: number,
): (Observation & { readonly isReset: boolean }) | undefined {
  const ends = observations.filter(({ kind, src, srcPort, dst, dstPort, flags }) =>
    kind === "tcp" && src === target.address && srcPort === target.port && dst === client &&
    dstPort === port &&
    (flags & (FIN | RST)) !== 0
  );
  const [first] = Map.groupBy(ends, keyOf).values();
  const [origin] = first === undefined ? [] : originsOf(first);
  return origin && { ...origin, isReset: (origin.flags & RST) !== 0 };
}

/** "198.51.100.7, port 40000: web4 accepted it at web4:eth1" */
export function describeConnection(connection: Connection, view: View): string {
  const { answers, syn } = connection;
  const what = answers.length === 0
    ? `the SYN went ${describeWay(syn)}`
    : answers.map((answer) => formatAnswer(answer, view)).join("; ");
  return `${formatClient(connection)}: ${what}`;
}

/** "198.51.100.7, port 40000" */
export function formatClient({ client, port }: Pick<Connection, "client" | "port">): string {
  return `${client}, port ${port}`;
}

export function formatAnswer(answer: Answer, { target }: View): string {
  const verb = answer.accepts ? "accepted" : "refused";
  const source = answer.source === target.address ? "" : `, from ${answer.source}`;
  return `${answer.node} ${verb} it at ${formatPlace(answer)}${source}`;
}

function pushTo<T>(map: Map<string, T[]>, key: string, value: T): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, [value]);
  else known.push(value);
}
