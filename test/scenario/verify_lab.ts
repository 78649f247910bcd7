/** A segment with a dispatcher and backends that are sound until somebody spoils them; nginx serves on each. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import { type FaultData, Lab, type ReportData, type Result } from "oneip";
import { ONEIP } from "../runtime.ts";
import { CLUSTER, CLUSTER6 } from "./labs.ts";

export interface Machine {
  /** Of the backend, its node, and its port of the segment. */
  readonly name: string;
  /** Where its nginx listens, $P and $P6 being its own addresses; all addresses by default. */
  readonly listen?: readonly string[];
}

/** Own addresses of the backend with this number. */
const primary = (index: number) => ({
  P: `10.0.0.${index + 11}`,
  P6: `2001:db8::${(index + 11).toString(16)}`,
});

export class VerifyLab {
  readonly lab: Lab;
  readonly machines: readonly Machine[];
  /** The dispatcher's configuration. */
  readonly file: string;
  readonly #folder: string;

  /** Brings it up, with the dispatcher running. */
  static async up(purpose: string, machines: readonly Machine[], config: string = configOf(machines)) {
    const folder = mkdtempSync(join(tmpdir(), `oneip-${purpose}-`));
    try {
      writeFileSync(join(folder, "oneip.yaml"), config);
      writeFileSync(join(folder, "lab.yaml"), topologyOf(folder, machines));
      for (const [index, machine] of machines.entries()) writeNginx(folder, machine, index);
      const lab = await Lab.up(join(folder, "lab.yaml"), { name: `t${process.pid}-${purpose}` });
      return new VerifyLab(folder, lab, machines);
    } catch (error) {
      rmSync(folder, { recursive: true });
      throw error;
    }
  }

  private constructor(folder: string, lab: Lab, machines: readonly Machine[]) {
    this.#folder = folder;
    this.lab = lab;
    this.machines = machines;
    this.file = join(folder, "oneip.yaml");
  }

  async down(): Promise<void> {
    await this.lab.down();
    rmSync(this.#folder, { recursive: true });
  }

  /** The command on the dispatcher's machine. */
  oneip(...words: string[]): Promise<Result> {
    return this.lab.node("lb").run([...ONEIP, ...words]);
  }

  /** What `verify` says of the configuration. */
  async verify(): Promise<ReportData & { status: number }> {
    const { stdout, stderr, status } = await this.oneip("verify", "--json", "-c", this.file);
    expect(stderr).toBe("");
    return { ...JSON.parse(stdout) as ReportData, status };
  }

  /** What the running dispatcher has logged of faults. */
  logged(): FaultData[] {
    return this.lab.node("lb").program!.log.split("\n").filter((line) =>
      line.includes("verification found a fault")
    ).map((line) => JSON.parse(line) as FaultData);
  }

  /** Runs shell lines on each backend. */
  async onEach<M extends Machine>(
    machines: readonly M[],
    lines: (machine: M) => readonly string[],
  ): Promise<void> {
    await Promise.all(machines.map(async (machine, index) => {
      const { P, P6 } = primary(index);
      await this.lab.node(machine.name).exec("sh", "-ec", [`P=${P} P6=${P6}`, ...lines(machine)].join("\n"));
    }));
  }

  /** Lets nginx listen on all addresses, wherever it did or was to listen. */
  async serveEverywhere(): Promise<void> {
    const wrong = this.machines.filter(({ listen }) => listen !== undefined);
    await Promise.all(wrong.map(async ({ name }) => {
      writeNginx(this.#folder, { name }, this.machines.findIndex((machine) => machine.name === name));
      const nginx = nginxCommand(this.#folder, name);
      await this.lab.node(name).exec(
        "sh",
        "-ec",
        `${nginx} -s stop
        while [ -e ${this.#folder}/${name}.pid ]; do sleep 0.05; done
        ${nginx}`,
      );
    }));
  }
}

function topologyOf(folder: string, machines: readonly Machine[]): string {
  const nodes = machines.map(({ name }, index) => {
    const { P, P6 } = primary(index);
    return `
    ${name}:
      exec:
        - sysctl -qw net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2
        - sysctl -qw net.ipv6.conf.eth1.keep_addr_on_down=1
        - ip address add ${P}/24 dev eth1
        - ip address add ${P6}/64 dev eth1
        - ip route add default via 10.0.0.1
        - ip address add ${CLUSTER}/32 dev lo scope host
        - ip address add ${CLUSTER6}/128 dev lo
        - ${nginxCommand(folder, name)}`;
  });
  return `
name: verify
topology:
  nodes:
    lan: {kind: bridge}
    stranger: {exec: [ip address add 10.0.0.250/24 dev eth1]}
    lb:
      kind: oneip
      startup-config: oneip.yaml
      exec:
        - ip link add br0 type bridge forward_delay 0
        - ip link set eth1 master br0
        - ip link set br0 up${nodes.join("")}
  links:
${
    ["lb", "stranger", ...machines.map(({ name }) => name)].map((name) =>
      `    - endpoints: ["${name}:eth1", "lan:${name.slice(0, 15)}"]`
    ).join("\n")
  }
`;
}

export function configOf(machines: readonly Machine[]): string {
  return `
dispatcher:
  interface: oneip0
  bridge: br0
  mac: 02:00:00:00:00:02
  addresses: [10.0.0.2/24, "2001:db8::2/64"]
clusters:
  - name: web
    addresses: [${CLUSTER}, "${CLUSTER6}"]
    ports: [80/tcp]
    backends:
${machines.map(({ name }, index) => `      - {name: ${name}, address: ${primary(index).P}}`).join("\n")}
`;
}

function nginxCommand(folder: string, name: string): string {
  return `nginx -e ${folder}/${name}.log -c ${folder}/${name}.conf`;
}

function writeNginx(
  folder: string,
  { name, listen = ["[::]:80 ipv6only=off"] }: Machine,
  index: number,
): void {
  const { P, P6 } = primary(index);
  const servers = listen.map((at) =>
    `server { listen ${at.replace("$P6", P6).replace("$P", P)}; return 200 ${name}; }`
  );
  const text =
    `daemon on; master_process off; pid ${folder}/${name}.pid; error_log ${folder}/${name}.log; events {}
    http { access_log off; ${servers.join(" ")} }`;
  writeFileSync(join(folder, `${name}.conf`), text);
}
