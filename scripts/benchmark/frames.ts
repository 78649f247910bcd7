/**
 * Loads of plain frames to the cluster address, from 4,096 client addresses in turn, sent by the router: as many as one core can
 * by trafgen, at a fixed rate by tcpreplay. (trafgen's own --rate sends a second's frames in one go and then waits for the next.)
 */

import { once } from "node:events";
import { closeSync, existsSync, openSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { CLUSTER, DISCARD_PORT, type Testbed } from "./testbed.ts";
import { runChecked } from "../../src/system/programs.ts";

export interface Load {
  readonly family: "IPv4" | "IPv6";
  /** Of a frame, in octets, without the four of its checksum. */
  readonly length: number;
}

const CLIENTS = 4096;
const ROUTER_MAC = "02:00:00:00:00:01";
const SOURCE_PORT = 40_000;
/** A load that nobody stopped ends by itself; no measure takes so long. */
const LONGEST_SECONDS = 3600;

/** A load that is being sent. */
export interface Offered {
  /** Of its first process. */
  readonly pid: number;
  stop(): Promise<void>;
}

/** Sends until it is stopped. `rate` in frames a second, some at once; undefined: as many as it can. */
export async function offer(
  bed: Testbed,
  load: Load,
  mac: string,
  rate?: number,
  atOnce = 1,
): Promise<Offered> {
  const frames = await framesFile(bed.folder, load, mac);
  const command = rate === undefined ? trafgen(frames.trafgen) : [
    "taskset",
    "--cpu-list",
    "0",
    "tcpreplay",
    "-q",
    "-K",
    "--loop=0",
    "--timer=nano",
    `--pps=${rate}`,
    `--pps-multi=${atOnce}`,
    "-i",
    "eth2",
    frames.pcap,
  ];
  return send(bed, command);
}

/** 64-octet frames from 2^20 client addresses, drawn at random, as many a second as it can. */
export function offerFromAMillion(bed: Testbed, mac: string): Offered {
  const file = join(bed.folder, `million-${mac.replaceAll(":", "")}.cfg`);
  const packet = ipv4(30, "100, dinc(0, 15), drnd(2)");
  writeFileSync(
    file,
    `{ ${octets(mac, ":", 16)}, ${octets(ROUTER_MAC, ":", 16)}, ${packet}, ${
      udpHeader(30)
    }, fill(0x00, 22) }\n`,
  );
  return send(bed, trafgen(file));
}

function trafgen(config: string): string[] {
  return ["trafgen", "--dev", "eth2", "--conf", config, ...QUIET];
}

function send(bed: Testbed, command: readonly string[]): Offered {
  // `timeout` hands the signal on to all that the program has started.
  const child = bed.spawn("router", ["timeout", "--signal=INT", String(LONGEST_SECONDS), ...command]);
  child.stdout!.resume();
  child.stderr!.resume();
  const ended = once(child, "exit");
  return {
    pid: child.pid!,
    async stop() {
      child.kill("SIGINT");
      await ended;
    },
  };
}

/** On one core, and without a hand on the machine's settings. */
const QUIET = ["--cpus", "1", "--notouch-irq", "--no-sock-mem", "--no-cpu-stats"];

/** Written once: 4,096 frames to this MAC as trafgen reads them, and as tcpreplay does. */
export async function framesFile(
  folder: string,
  load: Load,
  mac: string,
): Promise<{ trafgen: string; pcap: string }> {
  const base = join(folder, `${load.family}-${load.length}-${mac.replaceAll(":", "")}`);
  const files = { trafgen: `${base}.cfg`, pcap: `${base}.pcap` };
  if (!existsSync(files.pcap)) {
    writeFileSync(files.trafgen, trafgenConfig(load, mac));
    const convert = ["--conf", files.trafgen, "--out", files.pcap, "--num", String(CLIENTS)];
    await runChecked(["trafgen", ...convert, ...QUIET]);
    labelAsEthernet(files.pcap);
  }
  return files;
}

/** trafgen calls its frames another link's. The header of a capture file ends with the type of the link; 1 is Ethernet. */
function labelAsEthernet(pcap: string): void {
  const file = openSync(pcap, "r+");
  writeSync(file, Uint32Array.of(1), 0, 4, 20);
  closeSync(file);
}

/** A line of trafgen's language for each client. The UDP checksum is 0, which nobody on the way looks at. */
export function trafgenConfig({ family, length }: Load, mac: string): string {
  const udp = length - (family === "IPv4" ? 34 : 54);
  const fill = udp > 8 ? `, fill(0x00, ${udp - 8})` : "";
  return Array.from({ length: CLIENTS }, (_, client) => {
    const packet = family === "IPv4"
      ? ipv4(udp, `198, 18, ${client >> 8}, ${client & 255}`)
      : ipv6(udp, client);
    return `{ ${octets(mac, ":", 16)}, ${octets(ROUTER_MAC, ":", 16)}, ${packet}, ${
      udpHeader(udp)
    }${fill} }\n`;
  }).join("");
}

function udpHeader(udp: number): string {
  return `c16(${SOURCE_PORT}), c16(${DISCARD_PORT}), c16(${udp}), c16(0)`;
}

/** csumip sums the octets 14 to 33 of the frame. */
function ipv4(udp: number, source: string): string {
  return `c16(0x0800), 0x45, 0, c16(${20 + udp}), c16(0), c16(0x4000), 64, 17, csumip(14, 33), ` +
    `${source}, ${octets(CLUSTER.ipv4, ".", 10)}`;
}

/** From 2001:db8:51::/64. */
function ipv6(udp: number, client: number): string {
  return `c16(0x86dd), 0x60, 0, 0, 0, c16(${udp}), 17, 64, c16(0x2001), c16(0xdb8), c16(0x51), fill(0x00, 8), c16(${client}), ` +
    `c16(0x2001), c16(0xdb8), fill(0x00, 10), c16(0x100)`;
}

function octets(text: string, separator: string, base: number): string {
  return text.split(separator).map((part) => parseInt(part, base)).join(", ");
}
