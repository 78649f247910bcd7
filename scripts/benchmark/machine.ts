/** What was measured with and on. */

import { cpus, release, totalmem } from "node:os";
import { fileURLToPath } from "node:url";
import { run } from "../../src/system/programs.ts";

export interface Machine {
  readonly cores: number;
  readonly processor: string;
  readonly memoryMb: number;
  readonly kernel: string;
  /** Commit of the checkout; a "+" behind it when files differ from it. */
  readonly commit: string;
  /** By program, as it tells of itself. */
  readonly versions: Readonly<Record<string, string>>;
}

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const BIN = `${ROOT}node_modules/.bin/`;

/** How each says its version. Some do it on standard error, and with another status than 0. */
const ASK: Readonly<Record<string, readonly string[]>> = {
  deno: [`${BIN}deno`, "--version"],
  node: [`${BIN}node`, "--version"],
  gcc: ["gcc", "--version"],
  vde_switch: ["vde_switch", "--version"],
  nft: ["nft", "--version"],
  haproxy: ["haproxy", "-v"],
  nginx: ["nginx", "-v"],
  iperf3: ["iperf3", "--version"],
  wrk: ["wrk", "--version"],
  trafgen: ["trafgen", "--version"],
  tcpreplay: ["tcpreplay", "--version"],
};

export async function describeMachine(): Promise<Machine> {
  const versions = await Promise.all(
    Object.entries(ASK).map(async ([name, command]) => [name, await firstVersion(command)] as const),
  );
  return {
    cores: cpus().length,
    processor: cpus()[0]?.model ?? "unknown",
    memoryMb: Math.round(totalmem() / 2 ** 20),
    kernel: release(),
    commit: (await said(["git", "-C", ROOT, "describe", "--always", "--dirty=+"])).trim(),
    versions: Object.fromEntries(versions.filter(([, version]) => version !== "")),
  };
}

async function firstVersion(command: readonly string[]): Promise<string> {
  return /\d+(\.\d+)+/.exec(await said(command))?.[0] ?? "";
}

/** Empty when there is no such program. */
async function said(command: readonly string[]): Promise<string> {
  try {
    const { stdout, stderr } = await run(command);
    return stdout + stderr;
  } catch {
    return "";
  }
}
