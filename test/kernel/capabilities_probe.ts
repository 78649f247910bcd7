/** Run as a worker, for capabilities belong to a thread: loads the program with fewer and fewer of them, and tells what came of it. */

import { parentPort } from "node:worker_threads";
import { MOST } from "../../src/config/limits.ts";
import { CAP_BPF, CAP_NET_ADMIN, keepOnly } from "../../src/device/privileges.ts";
import { FastPath } from "../../src/kernel/fast_path.ts";
import { PLAN } from "../path/arrange.ts";
import { Scene, SCENES } from "./scenes.ts";

function load({ plan, size, attachedTo }: Scene): string {
  try {
    new FastPath(plan, size, attachedTo).close();
    return "loaded";
  } catch (error) {
    return (error as Error).message;
  }
}

function largest(): Scene {
  const cluster = PLAN.clusters[0]!;
  return new Scene({
    offloads: true,
    vlan: 7,
    clusters: Array.from({ length: MOST.clusters }, (_, index) => ({
      ...cluster,
      addresses: [`10.1.${index}.1`, `2001:db8:1::${index.toString(16)}`],
      buckets: MOST.buckets / MOST.clusters,
      ports: [{ port: 80, protocol: "tcp" }] as const,
    })),
    // Each cluster may have a group.
    mtus: new Array<number>(MOST.backends + MOST.clusters).fill(1500),
  });
}

keepOnly([CAP_BPF, CAP_NET_ADMIN]);
const told = Object.fromEntries(Object.entries(SCENES).map(([name, scene]) => [name, load(scene())]));
told["as large as a configuration may be"] = load(largest());
keepOnly([CAP_BPF]);
told["without CAP_NET_ADMIN"] = load(SCENES["plain"]!());
keepOnly([]);
told["without any"] = load(SCENES["plain"]!());
parentPort!.postMessage(told);
