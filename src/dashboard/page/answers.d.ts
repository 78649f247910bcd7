/** What the page reads of the dispatcher's answers. The contract (api/contract.ts) has more; a test holds the two together. */

export interface Backend {
  readonly cluster: string;
  readonly name: string;
  readonly address: string;
  readonly state: "unknown" | "up" | "down" | "flapping" | "draining";
  readonly why: string;
  readonly since: string;
  readonly weight: number;
  readonly backup: boolean;
  readonly portion: number;
  readonly buckets: number;
  readonly probeMs: number | null;
  readonly administration: { readonly state: "active" | "draining" | "down" };
}

export interface Cluster {
  readonly name: string;
  readonly technique: "route" | "broadcast";
  readonly buckets: number;
  readonly live: number;
  readonly minimum: number | null;
  readonly healthIgnored: boolean;
  readonly backends: readonly Backend[];
}

export interface Status {
  readonly interface: string;
  readonly runtime: string;
  readonly startedAt: string;
  readonly fastPath: { readonly interface: string | null };
  readonly epoch: number;
  readonly clusters: readonly Cluster[];
}

export interface Counters {
  readonly time: string;
  readonly verdicts: Readonly<Record<string, number>>;
  readonly tapDropped: number;
  readonly machines: readonly {
    readonly address: string;
    readonly frames: number;
    readonly octets: number;
  }[];
  readonly probes: { readonly asked: number; readonly failed: number };
  readonly clusters: readonly {
    readonly name: string;
    readonly bucketsInTransition: number;
    readonly connectionsRemembered: number;
  }[];
}

export interface Buckets {
  readonly cluster: string;
  readonly epoch: number;
  readonly backends: readonly string[];
  readonly owners: readonly number[];
  readonly inTransition: readonly number[];
}

export interface Explanation {
  readonly client: string;
  readonly cluster: string;
  readonly hash: string;
  readonly bucket: number;
  readonly backend: string | null;
  readonly keeps: string | null;
  readonly why: string;
}

export interface DispatcherEvent {
  readonly number: number;
  readonly time: string;
  readonly name: string;
  readonly message: string;
  readonly data: Readonly<Record<string, unknown>>;
}
