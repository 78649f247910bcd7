/** The network that all exercises begin with, drawn in netns/course/course.yaml. */

import { ownFile } from "../system/installation.ts";

export const TOPOLOGY = fileOf("course.yaml");

/** The dispatcher's configuration, which says whose each client is. */
export const CONFIG = fileOf("course.oneip.yaml");

/** Shell lines by node. */
export type Lines = Readonly<Record<string, readonly string[]>>;

/** `198.51.100.1` and so on are its addresses. */
export const CLIENT = "client";
export const CLIENTS = Array.from({ length: 254 }, (_, index) => `198.51.100.${index + 1}`);

/** The bridge that is the backends' link, and a machine on it from which one can ask. */
export const LINK = "lan";
export const ON_THE_LINK = { node: "lb", interface: "br0" };

/** The way to the clients, as the backends know it, and its port on the link. */
export const ROUTER = { node: "router", address: "10.0.0.1" };

/** The ends of the tunnel. */
export const TUNNEL = [{ node: "isp", interface: "eth2" }, { node: "router", interface: "eth1" }];

/** A file of the course. */
export function fileOf(name: string): string {
  return ownFile(`netns/course/${name}`);
}
