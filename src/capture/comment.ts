/** What is said of a frame, as its comment in a capture file. */

export interface Described {
  readonly verdict: string;
  /** The others are null when the frame is for no cluster; `backend` also when there is none. */
  readonly cluster: string | null;
  readonly client: string | null;
  readonly bucket: number | null;
  readonly backend: string | null;
}

export function commentOf({ verdict, cluster, client, bucket, backend }: Described): string {
  if (cluster === null) return verdict;
  return `${verdict}, cluster ${cluster}, client ${client}, bucket ${bucket}, backend ${backend ?? "none"}`;
}
