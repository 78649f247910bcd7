/** The files that bring a backend's set-up back when the machine starts: one or more for each cluster address. */

import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { hostLength, isIpv6 } from "../../wire/address.ts";

export const MANAGERS = ["systemd-networkd", "ifupdown", "sysctl.d"] as const;

export type Manager = (typeof MANAGERS)[number];

export interface PersistFile {
  /** Absolute. */
  readonly path: string;
  readonly text: string;
}

/** How a file of ours begins. Files that begin otherwise are left alone. */
const HEAD = "# Written by `oneip backend setup`, removed by `oneip backend teardown`.\n";

/**
 * The files for a cluster address below `root`. `silence` are the sysctls that keep the machine silent, "name=value"; none for
 * IPv6, which needs none.
 */
export function persistFiles(
  manager: Manager,
  cluster: string,
  silence: readonly string[],
  root: string,
): PersistFile[] {
  const sysctls = isIpv6(cluster) ? [] : silence;
  const sysctlFile = {
    path: join(root, `etc/sysctl.d/60-oneip-${cluster}.conf`),
    text: `${HEAD}${sysctls.join("\n")}\n`,
  };
  switch (manager) {
    case "sysctl.d":
      return sysctls.length === 0 ? [] : [sysctlFile];
    case "systemd-networkd":
      return [...(sysctls.length === 0 ? [] : [sysctlFile]), ...networkdFiles(cluster, root)];
    case "ifupdown":
      return [ifupdownFile(cluster, sysctls, root)];
  }
}

/** Did set-up write what is there now? Also false where nothing is. */
export function isOurs(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true && read(path).startsWith(HEAD);
}

/** What a person must do besides, if anything. */
export function persistNote(manager: Manager, root: string): string | undefined {
  if (manager === "sysctl.d") {
    return "sysctl.d brings back the ARP silence only: add the alias in the machine's own network configuration";
  }
  if (manager === "systemd-networkd" && !existsSync(join(root, "run/systemd/netif"))) {
    return "systemd-networkd does not run here, and nothing else reads these files: enable it, or choose another --persist";
  }
  const main = join(root, "etc/network/interfaces");
  if (manager === "ifupdown" && !/^\s*source(-directory)?\s.*interfaces\.d/m.test(read(main))) {
    return `${main} does not read interfaces.d: add the line "source /etc/network/interfaces.d/*"`;
  }
  return undefined;
}

/** Only one .network file serves an interface (systemd.network(5)), so each address goes into a drop-in of the file for `lo`. */
function networkdFiles(cluster: string, root: string): PersistFile[] {
  const folder = join(root, "etc/systemd/network");
  const existing = names(folder).filter((name) => name.endsWith(".network")).find((name) =>
    /^\s*Name\s*=\s*lo\s*$/m.test(read(join(folder, name)))
  );
  const name = existing ?? "50-oneip-lo.network";
  const scope = isIpv6(cluster) ? "" : "Scope=host\n";
  return [
    ...(name === "50-oneip-lo.network"
      ? [{ path: join(folder, name), text: `${HEAD}[Match]\nName=lo\n` }]
      : []),
    {
      path: join(folder, `${name}.d/oneip-${cluster}.conf`),
      text: `${HEAD}[Address]\nAddress=${cluster}/${hostLength(cluster)}\n${scope}`,
    },
  ];
}

/** Several stanzas of one interface add up (interfaces(5)). `pre-up` sets the silence before the address comes. */
function ifupdownFile(cluster: string, sysctls: readonly string[], root: string): PersistFile {
  const lines = [
    "auto lo",
    `iface lo ${isIpv6(cluster) ? "inet6" : "inet"} static`,
    `    address ${cluster}/${hostLength(cluster)}`,
    ...(isIpv6(cluster) ? [] : ["    scope host"]),
    ...(sysctls.length === 0 ? [] : [`    pre-up sysctl -qw ${sysctls.join(" ")}`]),
  ];
  // Only letters, digits, dashes and underscores: `source-directory` skips other names.
  const name = `oneip-${cluster.replaceAll(/[.:]/g, "_")}`;
  return { path: join(root, "etc/network/interfaces.d", name), text: `${HEAD}${lines.join("\n")}\n` };
}

function names(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).sort() : [];
}

function read(path: string): string {
  return existsSync(path) ? readFileSync(path, "utf8") : "";
}
