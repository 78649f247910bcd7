/** ping: its command line and what it says. */

/** A question a millisecond for a second; each line of the answer has its round-trip time. */
export function pingCommand(address: string, client: string): string[] {
  return ["ping", "-n", "-i", "0.001", "-c", "1000", "-w", "5", "-I", client, address];
}

/** Round-trip times in microseconds, sorted. Throws when more than one in ten was lost. */
export function parsePing(printed: string): number[] {
  const times = [...printed.matchAll(/ time=([\d.]+) ms/g)].map(([, ms]) => Number(ms) * 1000);
  const sent = Number(/(\d+) packets transmitted/.exec(printed)?.[1] ?? 0);
  if (times.length === 0 || times.length < sent * 0.9) {
    throw new Error(`ping: ${times.length} of ${sent} were answered`);
  }
  return times.sort((a, b) => a - b);
}
