/** The faulty links of a lab: the program that carries their frames, and what is asked of it. */

import { existsSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { UsageError } from "../input/errors.ts";
import { runOwn } from "../system/installation.ts";
import { carrierFiles } from "./links/files.ts";
import { LabLink } from "./links/lab_link.ts";
import { type CarrierPlan, READY } from "./links/plan.ts";
import { readPlayback } from "./links/playback.ts";
import { NAMES, namespaceOf } from "./namespaces.ts";
import { hasEnded, Program, type ProgramPlan } from "./program.ts";
import { folderOf, type LabRecord } from "./record.ts";
import type { Endpoint, FaultyLink, Topology } from "./topology.ts";

/** Throws InputError when a log that shall be played back is none, and UsageError when there is no place for one. */
export function checkLogs(file: string, { faulty }: Topology): void {
  for (const { ends: [a, b], log, playback } of faulty) {
    if (playback !== undefined) readPlayback(pathOf(playback, file, ""), [nameOf(a), nameOf(b)]);
    const folder = log === undefined || isInLabFolder(log) ? undefined : dirname(pathOf(log, file, ""));
    if (folder !== undefined && !existsSync(folder)) {
      throw new UsageError(
        `The log of ${nameOf(a)} has no folder, found ${log}, make ${folder} or use another file`,
      );
    }
  }
}

/**
 * Starts the program that makes the faulty links, where there are any, and waits until they are there. It gets ready while the
 * namespaces are made, and has its plan when they are. `surroundings`: where it runs.
 */
export async function startCarrier(
  record: LabRecord,
  { faulty }: Topology,
  surroundings: Pick<ProgramPlan, "there" | "cwd" | "env">,
  namespacesMade: Promise<void>,
): Promise<void> {
  if (faulty.length === 0) return;
  const { plan, socket, log } = carrierFiles(folderOf(record.name));
  const links = faulty.map(({ ends: [a, b], settings, log, playback }) => ({
    ends: [endOf(record, a, settings[0]), endOf(record, b, settings[1])] as const,
    log: log && pathOf(log, record.file, folderOf(record.name)),
    playback: playback && pathOf(playback, record.file, ""),
  }));
  const program = new Program({
    cmd: `${runOwn("lab/links/main")} "${plan}"`,
    ...surroundings,
    logFile: log,
    ports: [],
    readyText: READY,
  });
  const give = () => {
    writeFileSync(`${plan}.new`, JSON.stringify({ socket, links } satisfies CarrierPlan));
    renameSync(`${plan}.new`, plan);
  };
  await Promise.all([program.start(), namespacesMade.then(give)]);
}

/** Was it started, and does it run no longer? */
export function carrierHasEnded({ name, mark }: LabRecord): boolean {
  return hasEnded(carrierFiles(folderOf(name)).log, mark);
}

/** Frames are counted from now on, and so is the time of `down`. */
export async function restartLinks(record: LabRecord, { faulty }: Topology): Promise<void> {
  if (faulty.length === 0) return;
  const { ask } = await import("./links/ask.ts");
  await ask(folderOf(record.name), { of: [], restart: true });
}

/** Throws UsageError when no link ends there, or it is none of the faulty ones. */
export function linkOf(record: LabRecord, { links, faulty }: Topology, end: string): LabLink {
  const found = faulty.find(({ ends }) => ends.some((one) => nameOf(one) === end));
  if (found !== undefined) return labLink(record, found);
  const isThere = links.flat().some((one) => nameOf(one) === end);
  const names = (isThere ? faulty.map(({ ends }) => ends) : links).flat().map(nameOf);
  const which = names.length === 0 ? "" : `, or use one of ${names.join(", ")}`;
  throw new UsageError(
    isThere
      ? `The link of ${end} can do no harm, since nothing was said of it; add delay: 0 to it in the topology${which}`
      : `Lab "${record.name}" has no link with this end, found "${end}"${which.replace(", or ", ", ")}`,
  );
}

/** All that can do harm, in the order of the topology. */
export function linksOf(record: LabRecord, { faulty }: Topology): LabLink[] {
  return faulty.map((link) => labLink(record, link));
}

function labLink(record: LabRecord, { ends: [a, b], log }: FaultyLink): LabLink {
  const folder = folderOf(record.name);
  return new LabLink([nameOf(a), nameOf(b)], folder, log && pathOf(log, record.file, folder));
}

function endOf(record: LabRecord, end: Endpoint, settings: FaultyLink["settings"][0]) {
  const namespace = `${NAMES}/${namespaceOf(record.name, end.node)}`;
  return { name: nameOf(end), namespace, interface: end.interface, mac: end.mac, settings };
}

function nameOf({ node, interface: name }: Endpoint): string {
  return `${node}:${name}`;
}

const LAB_FOLDER = "$LAB_FOLDER/";

function isInLabFolder(path: string): boolean {
  return path.startsWith(LAB_FOLDER);
}

/** Relative to the topology, or in the lab's folder. */
function pathOf(path: string, topology: string, folder: string): string {
  return isInLabFolder(path) ? join(folder, path.slice(LAB_FOLDER.length)) : resolve(dirname(topology), path);
}
