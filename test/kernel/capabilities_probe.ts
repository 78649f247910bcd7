/** Run as a worker, for capabilities belong to a thread: loads the program with fewer and fewer of them, and tells what came of it. */

import { parentPort } from "node:worker_threads";
import { CAP_BPF, CAP_NET_ADMIN, keepOnly } from "../../src/device/privileges.ts";
import { FastPath } from "../../src/kernel/fast_path.ts";
import { type Scene, SCENES } from "./scenes.ts";

function load({ plan, size, attachedTo }: Scene): string {
  try {
    new FastPath(plan, size, attachedTo).close();
    return "loaded";
  } catch (error) {
    return (error as Error).message;
  }
}

keepOnly([CAP_BPF, CAP_NET_ADMIN]);
const told = Object.fromEntries(Object.entries(SCENES).map(([name, scene]) => [name, load(scene())]));
keepOnly([CAP_BPF]);
told["without CAP_NET_ADMIN"] = load(SCENES["plain"]!());
keepOnly([]);
told["without any"] = load(SCENES["plain"]!());
parentPort!.postMessage(told);
