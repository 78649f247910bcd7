/** What containerlab has in its topologies and a lab of namespaces has not: what may stand there all the same, and what is refused. */

import * as z from "zod";
import type { Contents } from "../input/contents.ts";
import type { Path, Place } from "../input/places.ts";
import { parts } from "./levels.ts";
import { formatPath } from "../input/places.ts";

/** It may be there, and means nothing. */
const ignored = z.unknown().optional();

const WITHOUT_IMAGE = "a node runs the programs of this machine";
const WITHOUT_MANAGEMENT = 'there is no management network; "oneip lab exec" reaches every node';
const FOR_PEOPLE = "it is for people and other programs";

/** Keys that change nothing of what a lab is, each with the reason. */
const IGNORED = {
  file: { prefix: "a namespace is called LAB-NODE", mgmt: WITHOUT_MANAGEMENT },
  node: {
    image: WITHOUT_IMAGE,
    "image-pull-policy": WITHOUT_IMAGE,
    labels: FOR_PEOPLE,
    "mgmt-ipv4": WITHOUT_MANAGEMENT,
    "mgmt-ipv6": WITHOUT_MANAGEMENT,
  },
  link: { labels: FOR_PEOPLE, vars: FOR_PEOPLE },
} as const;

type Level = keyof typeof IGNORED;

/** The same, as part of a schema. */
export function ignoredKeys<L extends Level>(level: L) {
  const keys = Object.keys(IGNORED[level]) as (keyof (typeof IGNORED)[L])[];
  return Object.fromEntries(keys.map((key) => [key, ignored])) as Record<typeof keys[number], typeof ignored>;
}

/** What stands in a topology and means nothing, each with its place, in the order of the file. */
export function notesOf(
  contents: Contents,
  placeOf: (path: Path) => Place & { readonly file: string },
): string[] {
  const below = (path: Path) => parts(contents, path).map((key) => [...path, key]);
  const levels: (readonly [Level, Path])[] = [
    ["file", []],
    ["node", ["topology", "defaults"]],
    ...["kinds", "groups", "nodes"].flatMap((key) => below(["topology", key])).map((path) =>
      ["node", path] as const
    ),
    ...contents.all("topology.links[]", z.unknown()).map(({ path }) => ["link", path] as const),
  ];
  const found = levels.flatMap(([level, path]) =>
    Object.entries(IGNORED[level]).map(([key, why]) => ({ path: [...path, key], why }))
      .filter(({ path }) => contents.at(path, z.unknown()) !== undefined)
      .map((one) => ({ ...one, place: placeOf(one.path) }))
  );
  return found.sort((a, b) => a.place.line - b.place.line).map((
    { path, why, place: { file, line, column } },
  ) => `${file}:${line}:${column}: "${formatPath(path)}" means nothing here: ${why}`);
}

const OF_CONTAINERS = "there are no containers";
const SHARED_FILES = "all nodes see the files of this machine";
const WITHOUT_ORDER = "nodes come up side by side, and programs when all of them are set up";

/** Keys of containerlab that a lab cannot do without being another lab, each with the reason. */
const REFUSED: Readonly<Record<string, string>> = {
  aliases: "nodes have no names for each other",
  "auto-remove": OF_CONTAINERS,
  binds: SHARED_FILES,
  "cap-add": OF_CONTAINERS,
  certificate: "there are no certificates",
  "cgroup-parent": OF_CONTAINERS,
  "cgroupns-mode": OF_CONTAINERS,
  components: OF_CONTAINERS,
  config: OF_CONTAINERS,
  cpu: "nodes share the CPUs of this machine",
  "cpu-set": "nodes share the CPUs of this machine",
  credentials: OF_CONTAINERS,
  debug: OF_CONTAINERS,
  devices: SHARED_FILES,
  dns: "nodes share the resolver of this machine",
  "enforce-startup-config": OF_CONTAINERS,
  entrypoint: "use cmd",
  "env-files": "use env",
  extras: OF_CONTAINERS,
  healthcheck: "use ports, or a line of exec that waits",
  hostname: "a node is called LAB-NODE",
  license: OF_CONTAINERS,
  "link-apply-mode": OF_CONTAINERS,
  memory: "nodes share the memory of this machine",
  "network-mode": "every node has a network of its own",
  "pid-mode": "nodes share the processes of this machine",
  privileged: OF_CONTAINERS,
  "restart-policy": OF_CONTAINERS,
  runtime: OF_CONTAINERS,
  "security-opts": OF_CONTAINERS,
  settings: OF_CONTAINERS,
  "shm-size": OF_CONTAINERS,
  stages: WITHOUT_ORDER,
  "startup-delay": WITHOUT_ORDER,
  "suppress-startup-config": OF_CONTAINERS,
  tmpfs: SHARED_FILES,
  type: OF_CONTAINERS,
  user: "programs run as who brings the lab up; use setpriv in cmd",
  volumes: SHARED_FILES,
  endpoint: "a link has two ends in the lab: use endpoints",
  "host-interface": "a lab touches no interface of this machine",
  mode: "a lab touches no interface of this machine",
  remote: "a lab is on one machine",
  vni: "a lab is on one machine",
};

/** What is said of a key that containerlab has; undefined for one that it does not have either. */
export function refusalOf(key: string): string | undefined {
  const why = REFUSED[key];
  return why === undefined
    ? undefined
    : `This key of containerlab is not supported, found "${key}", leave it out: ${why}`;
}
