/** Asks the running dispatcher about one backend, which people call `NAME` or `CLUSTER/NAME`. */

import { controlPath, converse } from "../api/client.ts";
import type { CommandName, Input, Output } from "../api/contract.ts";
import { findBackend } from "../cluster/find_backend.ts";

type AboutBackend = {
  [N in CommandName]: Input<N> extends { cluster: string; backend: string } ? N : never;
}[CommandName];

/** Throws UsageError when there is none of this name, or several. */
export async function askAbout<N extends AboutBackend>(
  text: string,
  command: N,
  input: Omit<Input<N>, "cluster" | "backend">,
): Promise<Output<N>> {
  const conversation = await converse(controlPath());
  try {
    const { clusters } = await conversation.ask("status", {});
    const { cluster, backend } = findBackend(clusters, text);
    return await conversation.ask(
      command,
      { ...input, cluster: cluster.name, backend: backend.name } as Input<N>,
    );
  } finally {
    conversation.end();
  }
}
