/** Controls that do something to what is chosen: buttons, and numbers with a button beside them. */

import { html, nothing, type TemplateResult } from "lit-html";

export function button(name: string, act: () => void, isPressed?: boolean): TemplateResult {
  return isPressed === undefined
    ? html`<button type="button" @click=${act}>${name}</button>`
    : html`<button type="button" aria-pressed=${String(isPressed)} @click=${act}>${name}</button>`;
}

/** A row of controls behind what they are about. */
export function row(
  about: string,
  ...controls: readonly (TemplateResult | typeof nothing)[]
): TemplateResult {
  return html`
    <div class="deed" role="group"
      aria-label=${about}><span aria-hidden="true">${about}</span>${controls}</div>
  `;
}

export interface NumberDeed {
  readonly about: string;
  readonly unit: string;
  readonly value: number;
  readonly least: number;
  readonly most: number;
  readonly step?: number;
  /** On the button. */
  readonly name: string;
  act(value: number): void;
}

export function number({ about, unit, value, least, most, step = 1, name, act }: NumberDeed): TemplateResult {
  const submitted = (event: SubmitEvent) => {
    event.preventDefault();
    const [field] = (event.target as HTMLFormElement).elements;
    act((field as HTMLInputElement).valueAsNumber);
  };
  return html`
    <form @submit=${submitted}>
      <span aria-hidden="true">${about}</span>
      <input type="number" required min=${least} max=${most} step=${step} .value=${String(value)}
        aria-label=${unit === "" ? about : `${about}, ${unit}`}>
      ${unit === "" ? nothing : html`<span aria-hidden="true">${unit}</span>`}
      <button aria-label=${`${name}: ${about}`}>${name}</button>
    </form>
  `;
}

export function choice(
  about: string,
  chosen: string,
  all: readonly (readonly [value: string, name: string])[],
  act: (value: string) => void,
): TemplateResult {
  return html`
    <label class="deed"><span>${about}</span>
      <select aria-label=${about} .value=${chosen} @change=${(event: Event) =>
        act((event.target as HTMLSelectElement).value)}>${all.map((
          [value, name],
        ) => html`<option value=${value} ?selected=${value === chosen}>${name}</option>`)}</select>
    </label>
  `;
}
