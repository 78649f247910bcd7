/**
 * The Unix socket on which a running dispatcher is commanded, and its path. Who may write to it may do all: only the dispatcher's own user
 * and root, as the kernel sees to at each connection, by the modes of the socket and its folder (unix(7)).
 */

import { once } from "node:events";
import { linkSync, lstatSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { isLeft } from "../device/handed_descriptors.ts";
import { forOwnerOnly } from "../device/owner_only.ts";
import { isAnswered } from "./client.ts";
import { apiOf, type Sources } from "./http.ts";
import { LIMITS, type Limits } from "./limits.ts";
import { serverOf } from "./server.ts";

/**
 * So long a connection may be silent between two requests: as long as another dispatcher may take to get ready before it goes on to take
 * over (handing_over.ts), and a little more.
 */
const SILENT_MS = 130_000;

/** A socket on which commands are heard. */
export interface Listener {
  /** Hears nobody new, and leaves the path to another one. Who is connected stays so. */
  leave(): void;
  /** Ends it at once, whoever is connected. */
  close(): void;
}

/**
 * Listens until it is closed. Throws when another dispatcher listens there, when something else is in its place, or when the
 * socket cannot be made.
 */
export async function listen(path: string, sources: Sources, limits: Limits = LIMITS): Promise<Listener> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  await clear(path);
  clearTakeovers(path);
  const server = serverOf(apiOf(sources, limits), sources.clock, { ...limits, silentMs: SILENT_MS });
  forOwnerOnly(() => server.listen(path));
  try {
    await once(server, "listening");
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === "EADDRINUSE" ? takenByAnother(path) : error;
  }
  let isListening = true;
  const leave = () => {
    if (isListening) server.close();
    isListening = false;
  };
  return {
    leave,
    close() {
      leave();
      server.closeAllConnections();
    },
  };
}

/** Takes away the socket of a dispatcher that was killed, and nothing else. */
async function clear(path: string): Promise<void> {
  const left = lstatSync(path, { throwIfNoEntry: false });
  if (left === undefined) return;
  if (!left.isSocket()) {
    throw new Error(`${path} exists and is no socket; remove it, or set ONEIP_CONTROL to another path`);
  }
  if (await isAnswered(path)) throw takenByAnother(path);
  // Another start may have put its own socket there since: what is moved away by one is in no other's hands.
  const aside = `${path}.${process.pid}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw error;
  }
  const { ino, mtimeMs } = lstatSync(aside);
  const isAnothers = ino !== left.ino || mtimeMs !== left.mtimeMs;
  if (isAnothers) linkSync(aside, path);
  rmSync(aside);
  if (isAnothers) throw takenByAnother(path);
}

/** Takes away the sockets of takeovers whose process was killed, and nothing else. */
function clearTakeovers(path: string): void {
  const folder = dirname(path);
  const begin = `${basename(path)}.`;
  for (const name of readdirSync(folder)) {
    if (!name.startsWith(begin) || !/^[0-9a-f]{8}$/.test(name.slice(begin.length))) continue;
    if (isLeft(join(folder, name))) rmSync(join(folder, name), { force: true });
  }
}

function takenByAnother(path: string): Error {
  return new Error(`Another dispatcher has ${path}; set ONEIP_CONTROL to another path for this one`);
}
