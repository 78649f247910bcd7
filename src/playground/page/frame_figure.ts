/**
 * A frame, octet by octet, beside the figures of its headers: rows of 32 bits, as the RFCs draw them. A field is a button; choosing it
 * marks its octets, and says its value.
 */

import { html, nothing, type TemplateResult } from "lit-html";
import type { Dissection } from "../seen/dissect.ts";
import type { Field, Header } from "../seen/field.ts";

const ROW_BITS = 32;
/** Octets in a row of the dump. */
const ROW_OCTETS = 16;
/** Narrower fields have no room for their name in the figure: flags have its first letter. */
const LEAST_NAMED = 3;
/** Narrower ones have small letters, and no room for a long name. */
const LEAST_WIDE = 8;
/** A longer value has only its number in a field of less than half a row. */
const LONG_VALUE = 10;
/** Names that are too long for their fields. */
const SHORT: Readonly<Record<string, string>> = {
  "Version": "Ver.",
  "Type of service": "TOS",
  "Data offset": "Offset",
  "Traffic class": "Class",
  "Priority": "Prio.",
  "Virtual router": "Router",
  "Count of addresses": "Count",
  "Hardware length": "HW length",
  "Protocol length": "IP length",
};
/** Longer data is drawn as long as this. */
const MOST_DRAWN = 2 * ROW_BITS;

/** Which field: the index of its header, and its own. */
export interface ChosenField {
  readonly header: number;
  readonly field: number;
}

export function frameFigure(
  octets: Uint8Array,
  { headers }: Dissection,
  chosen: ChosenField | undefined,
  choose: (field: ChosenField) => void,
): TemplateResult {
  const header = chosen === undefined ? undefined : headers[chosen.header];
  const field = chosen === undefined ? undefined : header?.fields[chosen.field];
  const [from, until] = header === undefined || field === undefined ? [-1, -1] : octetsOf(header, field);
  return html`
    <p class="field" role="status">${field === undefined
      ? html`<span class="quiet">Choose a field: its octets are marked, and its value stands here.</span>`
      : html`<b>${header!.name}, ${field.name}</b>: <code>${field.text}</code> <span class="quiet">${
        placeOf(header!, field)
      }</span>`}</p>
    <div class="frame">
      <div class="headers">${headers.map((one, index) => figureOf(one, index, chosen, choose))}</div>
      ${dump(octets, headers, from, until)}
    </div>
  `;
}

/** The first octet of a field in the frame, and the one behind it. */
function octetsOf({ at }: Header, { bit, bits }: Field): [from: number, until: number] {
  return [at + (bit >>> 3), at + ((bit + bits + 7) >>> 3)];
}

function placeOf(header: Header, field: Field): string {
  const [from, until] = octetsOf(header, field);
  const octets = until - from === 1 ? `octet ${from}` : `octets ${from} to ${until - 1}`;
  const isWhole = field.bit % 8 === 0 && field.bits % 8 === 0;
  return `${
    field.bits === 1 ? "1 bit" : isWhole ? `${field.bits / 8} octets` : `${field.bits} bits`
  }, ${octets}${header.source === "" ? "" : `, ${header.source}`}`.replace("1 octets", "1 octet");
}

function figureOf(
  { name, source, fields }: Header,
  index: number,
  chosen: ChosenField | undefined,
  choose: (field: ChosenField) => void,
): TemplateResult {
  return html`
    <section class="header" aria-label=${name}>
      <h4>${name} <span class="quiet">${source}</span></h4>
      <div class="figure">${fields.map((field, position) => {
        const isChosen = chosen?.header === index && chosen.field === position;
        return piecesOf(field).map(({ row, column, rows, columns, isFirst }) =>
          html`
            <button type="button" class=${field.bits < LEAST_NAMED
              ? "flag"
              : field.bits < LEAST_WIDE
              ? "narrow"
              : ""}
              .style=${`grid-area: ${row} / ${column} / span ${rows} / span ${columns}`}
              tabindex=${isFirst ? 0 : -1} aria-hidden=${isFirst ? nothing : "true"}
              aria-pressed=${isChosen ? "true" : "false"} title=${`${field.name}: ${field.text}`}
              aria-label=${isFirst ? `${field.name}: ${field.text}` : nothing}
              @click=${() => choose({ header: index, field: position })}>${isFirst
                ? words(field)
                : html`<span class="quiet">…</span>`}</button>
          `
        );
      })}</div>
    </section>
  `;
}

/** In the figure: its name, and its value below it. */
function words({ name, bits, text }: Field): TemplateResult {
  if (bits < LEAST_NAMED) return html`<span class=${text.startsWith("1") ? "set" : ""}>${name[0]}</span>`;
  const short = bits < LEAST_WIDE && name === "Reserved"
    ? "Res."
    : bits < ROW_BITS / 2
    ? SHORT[name]
    : undefined;
  const value = bits < ROW_BITS / 2 && text.length > LONG_VALUE ? text.split(/[,:]/)[0] : text;
  return html`<span>${short ?? name}</span><code>${value}</code>`;
}

interface Piece {
  readonly row: number;
  readonly column: number;
  readonly rows: number;
  readonly columns: number;
  readonly isFirst: boolean;
}

/** A field that goes over the end of a row has a piece in each. The widest is the one with the name. */
export function piecesOf({ bit, bits }: Field): Piece[] {
  const end = bit + Math.min(bits, bit % ROW_BITS === 0 ? Math.max(bits > 128 ? MOST_DRAWN : bits, 1) : bits);
  if (bit % ROW_BITS === 0 && (end - bit) % ROW_BITS === 0) {
    return [{
      row: bit / ROW_BITS + 1,
      column: 1,
      rows: (end - bit) / ROW_BITS,
      columns: ROW_BITS,
      isFirst: true,
    }];
  }
  const pieces: Omit<Piece, "isFirst">[] = [];
  for (let at = bit; at < end;) {
    const column = at % ROW_BITS;
    const columns = Math.min(ROW_BITS - column, end - at);
    pieces.push({ row: Math.floor(at / ROW_BITS) + 1, column: column + 1, rows: 1, columns });
    at += columns;
  }
  const widest = pieces.reduce((one, other) => other.columns > one.columns ? other : one);
  return pieces.map((piece) => ({ ...piece, isFirst: piece === widest }));
}

/** Octets in rows of sixteen. For who hears the page the fields are enough. */
function dump(octets: Uint8Array, headers: readonly Header[], from: number, until: number): TemplateResult {
  const rows = Array.from({ length: Math.ceil(octets.length / ROW_OCTETS) }, (_, row) => row * ROW_OCTETS);
  const odd = (at: number) => headers.findIndex((header) => at < header.at + header.length) % 2 === 1;
  return html`
    <div class="dump" aria-hidden="true">${rows.map((start) =>
      html`<div><i>${start.toString(16).padStart(4, "0")}</i>${
        Array.from(
          octets.subarray(start, start + ROW_OCTETS),
          (octet, index) => {
            const at = start + index;
            const kind = `${at >= from && at < until ? "chosen" : ""} ${odd(at) ? "odd" : ""}`;
            return html`<b class=${kind}>${octet.toString(16).padStart(2, "0")}</b>`;
          },
        )
      }</div>`
    )}</div>
  `;
}
