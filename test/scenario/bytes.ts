/** What `/bytes/N` of the labs' server gives (src/lab/server.ts). */
export function bytes(count: number): Buffer<ArrayBuffer> {
  return Buffer.alloc(count, Uint8Array.from({ length: 65_521 }, (_, index) => index % 251));
}
