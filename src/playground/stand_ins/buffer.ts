/** Of Node's Buffer what the page's modules use: octets that are made of text, read as text, put together, and hold numbers. */

type Encoding = "utf8" | "latin1" | "hex" | "base64" | "base64url";

const toUtf8 = new TextEncoder();
const fromUtf8 = new TextDecoder();

// @ts-expect-error: from() takes other things than Uint8Array.from, as Node's does.
export class Buffer extends Uint8Array {
  static alloc(length: number): Buffer {
    return new Buffer(length);
  }

  static override from(from: string, encoding?: Encoding): Buffer;
  static override from(from: ArrayBufferLike, at?: number, length?: number): Buffer;
  static override from(from: ArrayLike<number>): Buffer;
  static override from(
    from: string | ArrayBufferLike | ArrayLike<number>,
    how?: Encoding | number,
    length?: number,
  ): Buffer {
    if (typeof from === "string") return octetsOf(from, how as Encoding);
    if ("byteLength" in from && !ArrayBuffer.isView(from)) {
      return new Buffer(from as ArrayBuffer, how as number, length);
    }
    const made = new Buffer((from as ArrayLike<number>).length);
    made.set(from as ArrayLike<number>);
    return made;
  }

  static concat(parts: readonly Uint8Array[]): Buffer {
    const whole = new Buffer(parts.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const part of parts) {
      whole.set(part, at);
      at += part.length;
    }
    return whole;
  }

  static byteLength(text: string): number {
    return toUtf8.encode(text).length;
  }

  override includes(wanted: number | Uint8Array, from = 0): boolean {
    if (typeof wanted === "number") return super.includes(wanted, from);
    for (let at = from; at + wanted.length <= this.length; at++) {
      if (wanted.every((octet, index) => this[at + index] === octet)) return true;
    }
    return false;
  }

  override toString(encoding: Encoding = "utf8", from = 0, to = this.length): string {
    const part = this.subarray(from, to);
    if (encoding === "utf8") return fromUtf8.decode(part);
    if (encoding === "hex") return [...part].map((octet) => octet.toString(16).padStart(2, "0")).join("");
    const latin1 = [...part].map((octet) => String.fromCharCode(octet)).join("");
    if (encoding === "latin1") return latin1;
    const base64 = btoa(latin1);
    return encoding === "base64"
      ? base64
      : base64.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
  }

  get #view(): DataView {
    return new DataView(this.buffer, this.byteOffset, this.length);
  }

  readUInt8(at: number): number {
    return this.#view.getUint8(at);
  }

  readUInt16BE(at: number): number {
    return this.#view.getUint16(at);
  }

  readUInt32BE(at: number): number {
    return this.#view.getUint32(at);
  }

  readInt32BE(at: number): number {
    return this.#view.getInt32(at);
  }

  writeUInt8(value: number, at: number): void {
    this.#view.setUint8(at, value);
  }

  writeUInt32BE(value: number, at = 0): void {
    this.#view.setUint32(at, value);
  }

  writeInt32BE(value: number, at = 0): void {
    this.#view.setInt32(at, value);
  }
}

function octetsOf(text: string, encoding: Encoding = "utf8"): Buffer {
  if (encoding === "utf8") return Buffer.from(toUtf8.encode(text));
  if (encoding === "hex") return Buffer.from((text.match(/../g) ?? []).map((pair) => parseInt(pair, 16)));
  const latin1 = encoding === "latin1" ? text : atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Buffer.from([...latin1].map((character) => character.charCodeAt(0) & 0xff));
}
