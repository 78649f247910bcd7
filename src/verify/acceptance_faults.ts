/** Faults of a backend that does not take what is sent to it for a cluster address, or does not answer it as it should. */

import { formatMac, type Mac } from "../wire/address.ts";
import type { Fault } from "../fault/fault.ts";
import type { FaultId } from "../fault/ids.ts";
import { addSilentAlias } from "../fault/remedies.ts";
import type { Answer } from "../link/packet_frames.ts";

/** How a backend answered what was sent to one cluster address, and to its own address where that tells more. */
export interface Acceptance {
  readonly cluster: string;
  readonly echo: Answer | undefined;
  /** Asked only when all that was sent to the cluster address is lost. */
  readonly ownEcho: Answer | undefined;
  readonly ports: readonly {
    /** TCP. */
    readonly port: number;
    readonly answer: Answer | undefined;
    /** Asked only when the port is closed. */
    readonly ownAnswer: Answer | undefined;
  }[];
}

/** A backend that answered for its primary address. */
export interface Machine {
  readonly name: string;
  /** Primary. */
  readonly address: string;
  readonly mac: Mac;
}

/** Something came back from the cluster address itself, so the machine has it. */
export function isAccepted({ cluster, echo, ports }: Acceptance): boolean {
  return [echo, ...ports.map(({ answer }) => answer)].some((answer) =>
    answer?.from === cluster && !isError(answer)
  );
}

/** It has come to nothing, or to a machine that takes it for another one's: that asks for the same at the machine's own address. */
export function isLost(answer: Answer | undefined): boolean {
  return answer === undefined || answer.kind === "unrouted";
}

function isError({ kind }: Answer): boolean {
  return kind === "refused" || kind === "unrouted";
}

export function faultsOfAcceptance(acceptance: Acceptance, machine: Machine): Fault[] {
  const { cluster, echo, ports } = acceptance;
  const wrong = [echo, ...ports.map(({ answer }) => answer)].find((answer) =>
    answer !== undefined && !isError(answer) && answer.from !== cluster
  );
  // This one fault explains all that is missing besides: no connection can come about.
  if (wrong !== undefined) return [wrongSource(cluster, machine, wrong)];
  if (!isAccepted(acceptance)) return [notAccepted(acceptance, machine)];
  return [
    ...(echo?.kind === "echo" ? [] : [firewall(cluster, machine, `echo requests to ${cluster}`, echo, [])]),
    ...ports.flatMap(({ port, answer, ownAnswer }) => {
      if (answer?.kind === "open") return [];
      if (answer?.kind === "closed") return [noService(cluster, machine, port, ownAnswer)];
      return [firewall(cluster, machine, `SYNs to port ${port}/tcp of ${cluster}`, answer, [])];
    }),
  ];
}

export function faultOfSilence(name: string, address: string): Fault {
  return {
    id: "backend-down",
    or: [],
    backend: name,
    mac: null,
    clusters: [],
    found: `nobody answers for ${address}`,
    why: `${name} gets no traffic; its clients go to the other backends`,
    mend: [],
    decide: `start ${name}, or check its cable, its VLAN and its address; if no backend answers, check the ` +
      "dispatcher's own port (a bridge with STP does not forward for 30 s)",
  };
}

function notAccepted({ cluster, echo, ownEcho }: Acceptance, machine: Machine): Fault {
  const { name, address } = machine;
  if (isLost(echo) && ownEcho !== undefined) {
    return {
      ...about("alias-missing", cluster, machine, ["firewall"]),
      found: echo === undefined
        ? `${name} answers what is sent to ${address}, and nothing that is sent to ${cluster}`
        : `${name} takes what is sent to ${cluster} for another machine's: it says unreachable`,
      why: `${name} drops what the dispatcher sends to it, so its clients get no answer`,
      mend: addSilentAlias(cluster),
      decide: null,
    };
  }
  const or: readonly FaultId[] = echo === undefined ? ["alias-missing"] : [];
  return firewall(cluster, machine, `echo requests to ${cluster}`, echo, or);
}

function firewall(
  cluster: string,
  machine: Machine,
  what: string,
  answer: Answer | undefined,
  or: readonly FaultId[],
): Fault {
  const found = answer === undefined
    ? `${what} are not answered`
    : `${what} are rejected: ${answer.from} says unreachable`;
  return {
    ...about("firewall", cluster, machine, or),
    found,
    why: "such packets from clients are lost there, although the dispatcher finds the backend alive",
    mend: [],
    decide: `let such packets to ${cluster} pass: look at the packet filter of ${machine.name} ` +
      `("nft list ruleset") and at net.ipv4.icmp_echo_ignore_all`,
  };
}

function noService(cluster: string, machine: Machine, port: number, ownAnswer: Answer | undefined): Fault {
  const isElsewhere = ownAnswer?.kind === "open";
  return {
    ...about("no-service", cluster, machine, []),
    found: isElsewhere
      ? `port ${port}/tcp is open at ${machine.address}, and closed at ${cluster}`
      : `port ${port}/tcp is closed at ${cluster}`,
    why: "clients are refused, although the dispatcher finds the backend alive",
    mend: [],
    decide: isElsewhere
      ? `let the server listen on ${cluster} as well, or on all addresses`
      : `start the server, and let it listen on ${cluster} or on all addresses`,
  };
}

function wrongSource(cluster: string, machine: Machine, { from }: Answer): Fault {
  return {
    ...about("wrong-source", cluster, machine, []),
    found: `what is sent to ${cluster} is answered from ${from}`,
    why: "clients drop answers from an address that they did not ask",
    mend: [],
    decide:
      `look on ${machine.name} for a rule that changes the source ("nft list ruleset"), and for a NAT in ` +
      "place of the alias",
  };
}

function about(id: FaultId, cluster: string, { name, mac }: Machine, or: readonly FaultId[]) {
  return { id, or, backend: name, mac: formatMac(mac.high, mac.low), clusters: [cluster] };
}
