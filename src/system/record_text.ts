/** Plain data with typed arrays and numbers that are not finite, as text and back. */

/** What JSON has no value for stands as a mapping with this key. */
const KIND = "$";

const ARRAYS = { Uint8Array, Uint16Array, Int32Array, Float64Array };

export function textOf(record: object): string {
  return JSON.stringify(record, (_, value: unknown) => {
    if (typeof value === "number" && !Number.isFinite(value)) return { [KIND]: String(value) };
    if (!ArrayBuffer.isView(value)) return value;
    const { buffer, byteOffset, byteLength } = value;
    const octets = Buffer.from(buffer, byteOffset, byteLength).toString("base64");
    return { [KIND]: value.constructor.name, octets };
  });
}

/** `T` is what was made a text. */
export function recordIn<T extends object>(text: string): T {
  return JSON.parse(text, (_, value: unknown) => {
    if (typeof value !== "object" || value === null || !(KIND in value)) return value;
    const kind = String(value[KIND]);
    if (!(kind in ARRAYS) || !("octets" in value)) return Number(kind);
    const octets = Buffer.from(String(value.octets), "base64");
    return new ARRAYS[kind as keyof typeof ARRAYS](Uint8Array.from(octets).buffer);
  }) as T;
}
