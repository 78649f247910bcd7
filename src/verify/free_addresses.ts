/** The dispatcher's own addresses must be free, also of the machine that it runs on: else the kernel answers in its place. */

import type { Config } from "../config/config.ts";
import { localAddresses } from "../device/links.ts";
import { UsageError } from "../input/errors.ts";

/** Throws UsageError when an interface of this machine has one of them. */
export function requireFreeAddresses({ dispatcher }: Config): void {
  for (const { address, interfaceName } of localAddresses()) {
    if (!dispatcher.addresses.some((own) => own.address === address)) continue;
    throw new UsageError(
      `dispatcher.addresses has ${address}, which is this machine's own, on "${interfaceName}"; ` +
        "give the dispatcher a free address of the link, which no machine has",
    );
  }
}
