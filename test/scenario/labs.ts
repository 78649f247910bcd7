/** What the scenario tests share. */

import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { explain, Lab, type LabNode, parseConfig, type Report, until } from "oneip";
import { ROOT, RUNTIME } from "../runtime.ts";
import { bytes } from "./bytes.ts";

export const CLUSTER = "10.0.0.100";
export const CLUSTER6 = "2001:db8::100";

const CONFIG_FILE = join(ROOT, "netns/routing.oneip.yaml");
export const CONFIG = parseConfig(readFileSync(CONFIG_FILE, "utf8"), CONFIG_FILE, "test");

/** A lab of the shipped topology, under a name that no other run has. */
export function labUp(topology: string, purpose: string): Promise<Lab> {
  return Lab.up(join(ROOT, `netns/${topology}.yaml`), { name: `t${process.pid}-${purpose}` });
}

/** A shipped lab with another configuration of its dispatcher. */
export async function labWith(
  purpose: string,
  change: (config: string) => string,
  topology = "routing",
): Promise<Lab> {
  const folder = mkdtempSync(join(tmpdir(), `oneip-${purpose}-`));
  cpSync(join(ROOT, "netns"), folder, { recursive: true });
  const file = join(folder, `${topology}.yaml`);
  const [, startupConfig] = /startup-config: (\S+)/.exec(readFileSync(file, "utf8"))!;
  const config = join(folder, startupConfig!);
  writeFileSync(config, change(readFileSync(config, "utf8")));
  return await Lab.up(file, { name: `t${process.pid}-${purpose}` });
}

/** What runs on both runtimes and must hold with the fast path and without it has it on one of them. */
const FAST_PATH = RUNTIME === "deno" ? "on" : "off";

export function withFastPath(config: string, fastPath: string = FAST_PATH): string {
  const line = `  fastPath: ${fastPath}\n`;
  return /^ {2}fastPath: .*\n/m.test(config)
    ? config.replace(/^ {2}fastPath: .*\n/m, line)
    : config.replace("dispatcher:\n", `dispatcher:\n${line}`);
}

/** The last words of a dispatcher that was stopped. */
export function lastReport(dispatcher: LabNode): Report {
  return JSON.parse(dispatcher.program!.log.trim().split("\n").at(-1)!);
}

/** Addresses of client1: 198.51.100.1 and so on. */
export function clients(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `198.51.100.${index + 1}`);
}

/** The same of its IPv6 network. */
export function clients6(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `2001:db8:51::${(index + 1).toString(16)}`);
}

/** The backend of each client by the bucket map, with some backends down. */
export function expected(
  addresses: readonly string[],
  down: readonly string[] = [],
): Record<string, string | null> {
  return Object.fromEntries(explain(CONFIG, addresses, down).map(({ client, backend }) => [client, backend]));
}

/** A client of this backend. */
export function clientOf(backend: string): string {
  return clients(250).find((client) => expected([client])[client] === backend)!;
}

/** Waits for a line of the dispatcher's log that says this and names this address. */
export async function logged(dispatcher: LabNode, text: string, address: string, from = 0): Promise<number> {
  return await until(`the dispatcher says "${text}" of ${address}`, () => {
    const lines = dispatcher.program!.log.split("\n");
    const index = lines.findIndex((line, number) =>
      number >= from && line.includes(text) && line.includes(`"${address}"`)
    );
    return index >= 0 && index + 1;
  });
}

/** SHA-256 of what `/bytes/N` of the labs' server gives. */
export async function sha256OfBytes(count: number): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", bytes(count));
  return [...new Uint8Array(digest)].map((octet) => octet.toString(16).padStart(2, "0")).join("");
}

export const TEN_MB = 10_000_000;

/** Downloads 10 MB and prints their sum, as a client would on its command line. */
export function download(node: LabNode, client: string, ...curlOptions: string[]): Promise<string> {
  const curl = `curl -sS --max-time 150 --interface ${client} ${
    curlOptions.join(" ")
  } http://${CLUSTER}/bytes/${TEN_MB}`;
  return node.exec("sh", "-c", `${curl} | sha256sum | cut -d" " -f1`).then((printed) => printed.trim());
}

/** The same, but it stops reading after the first megabyte until `goOn` is called: until then it is in the middle. */
export function downloadInTwo(node: LabNode, client: string): { sum: Promise<string>; goOn(): void } {
  const gate = join(tmpdir(), `oneip-go-on-${process.pid}`);
  rmSync(gate, { force: true });
  execFileSync("mkfifo", [gate]);
  // Opening a pipe waits until its other end is opened as well.
  const stall = `head -c 1000000; : <${gate}; cat`;
  const curl = `curl -sS --max-time 150 --interface ${client} http://${CLUSTER}/bytes/${TEN_MB}`;
  const sum = node.exec("sh", "-c", `${curl} | { ${stall}; } | sha256sum | cut -d" " -f1; rm -f ${gate}`);
  return { sum: sum.then((printed) => printed.trim()), goOn: () => writeFileSync(gate, "") };
}
