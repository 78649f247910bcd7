/** What a verification found: plain data, the same on standard output, in the log and over a socket. */

/** Each with what it means, in the order in which they should be mended. Those that `backend check` finds have its names. */
export const FAULTS = {
  "own-address-taken": "another machine has an address of the dispatcher",
  "no-own-address": "the dispatcher has no address to ask from",
  "backend-down": "does not answer for its own address",
  "arp-ignore": "answers ARP requests for the cluster address",
  "arp-announce": "names the cluster address as its own in ARP requests",
  "arp-published": "has a published (proxy) neighbor entry for the cluster address",
  "proxy-arp": "is a proxy for other machines' addresses on the link",
  "address-taken": "has the cluster address, and is no backend",
  "alias-missing": "does not have the cluster address",
  "alias-interface": "has the cluster address on an interface that answers for it",
  "alias-scope": "answers ARP requests because the alias has scope global and arp_ignore is 3",
  "wrong-source": "answers from another address than the cluster address",
  "firewall": "drops or rejects what is for the cluster address",
  "no-service": "has no server on a service port of the cluster address",
} as const;

export type FaultId = keyof typeof FAULTS;

export interface Fault {
  /** The likeliest. */
  readonly id: FaultId;
  /** What would look the same from here. */
  readonly or: readonly FaultId[];
  /** Name of the machine in the configuration; null for one that is not there, or where no machine is at fault. */
  readonly backend: string | null;
  /** Of the machine, such as `02:00:00:00:00:11`; null when it is not known. */
  readonly mac: string | null;
  /** The cluster address that suffers; null for all. */
  readonly cluster: string | null;
  readonly found: string;
  /** What it does. */
  readonly why: string;
  /** Shell commands, to be run in this order on the machine at fault; empty where no command can. */
  readonly mend: readonly string[];
  /** What a person must do, or decide before; null where the commands are all. */
  readonly decide: string | null;
}

export interface VerifiedBackend {
  readonly name: string;
  readonly address: string;
  /** Null when it did not answer. */
  readonly mac: string | null;
  readonly ok: boolean;
}

export interface VerificationReport {
  /** No fault was found. */
  readonly ok: boolean;
  /** Each machine once, whatever the number of its clusters. */
  readonly backends: readonly VerifiedBackend[];
  readonly faults: readonly Fault[];
}

/** The report of these faults, in order. */
export function reportOf(
  backends: readonly Omit<VerifiedBackend, "ok">[],
  faults: readonly Fault[],
): VerificationReport {
  const order = Object.keys(FAULTS);
  return {
    ok: faults.length === 0,
    backends: backends.map((backend) => ({
      ...backend,
      ok: !faults.some(({ id, backend: at }) => at === backend.name || id === "own-address-taken"),
    })),
    faults: faults.toSorted((a, b) => order.indexOf(a.id) - order.indexOf(b.id)),
  };
}
