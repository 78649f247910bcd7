/** The configuration as text: what is wrong with it is told while it is typed, and the world goes on by it, or begins anew. */

import { html, nothing, render, type TemplateResult } from "lit-html";
import type { Place } from "../../input/places.ts";
import { checkConfig, type Checked } from "./check_config.ts";
import { Slices } from "./slices.ts";

/** Whoever types is not interrupted. */
const PAUSE_MS = 150;

/** Of mistakes at once. */
const MOST_TOLD = 50;

export interface ConfigPanelMeans {
  /** The name of the configuration that is shown, and its text. */
  readonly name: () => string;
  readonly text: () => string;
  /** The dispatchers go on by this text. */
  readonly reload: (text: string) => void | Promise<void>;
  /** A world begins of which nothing is known but this text. */
  readonly start: (text: string) => void | Promise<void>;
}

export class ConfigPanel {
  readonly #element: HTMLElement;
  readonly #means: ConfigPanelMeans;
  #typed = "";
  /** What is known of the text that is typed; undefined while it is being read. */
  #checked: Checked | undefined;
  /** What came of the last press of a button. */
  #problem = "";
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(element: HTMLElement, means: ConfigPanelMeans) {
    this.#element = element;
    this.#means = means;
    this.show();
  }

  /** The text of the world that is there now, in place of what is typed. */
  show(): void {
    this.#type(this.#means.text());
    this.#render();
  }

  #type(text: string): void {
    this.#typed = text;
    this.#checked = undefined;
    this.#problem = "";
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#check(text), PAUSE_MS);
  }

  async #check(text: string): Promise<void> {
    const isWanted = () => this.#typed === text;
    const checked = await checkConfig(text, this.#means.name(), new Slices(isWanted));
    if (checked === undefined || !isWanted()) return;
    this.#checked = checked;
    this.#render();
  }

  async #use(use: (text: string) => void | Promise<void>): Promise<void> {
    try {
      await use(this.#typed);
      this.#problem = "";
    } catch (error) {
      this.#problem = (error as Error).message;
    }
    this.#render();
  }

  /** Where a mistake stands, as an editor goes there. */
  #goTo({ line, column }: Place): void {
    const field = this.#element.querySelector("textarea")!;
    const lines = field.value.split("\n").slice(0, line - 1);
    const at = lines.reduce((sum, { length }) => sum + length + 1, 0) + column - 1;
    field.focus();
    field.setSelectionRange(at, Math.max(at + 1, field.value.indexOf("\n", at)));
    field.scrollTop = (line - 3) * (field.scrollHeight / Math.max(1, field.value.split("\n").length));
  }

  #render(): void {
    const isUsable = this.#checked?.config !== undefined;
    render(
      html`
        <label class="code">
          <span>${this.#means.name()}</span>
          <textarea
            spellcheck="false"
            autocapitalize="off"
            autocomplete="off"
            rows="16"
            aria-describedby="config-mistakes"
            .value=${this.#typed}
            @input=${(event: Event) => {
              this.#type((event.target as HTMLTextAreaElement).value);
              this.#render();
            }}
          ></textarea>
        </label>
        <div id="config-mistakes" role="status">${this.#found()}</div>
        <div class="actions">
          <button type="button" ?disabled=${!isUsable} @click=${() =>
            void this.#use(this.#means.reload)}>Reload</button>
          <button type="button" ?disabled=${!isUsable} @click=${() => void this.#use(this.#means.start)}>
            Begin anew with it
          </button>
        </div>
      `,
      this.#element,
    );
  }

  #found(): TemplateResult | string {
    if (this.#problem !== "") return html`<p class="notice">${this.#problem}</p>`;
    if (this.#checked === undefined) return "";
    const { mistakes, warnings } = this.#checked;
    if (mistakes.length === 0) {
      return html`
        <p class="quiet">There is no mistake in it.</p>
        ${this.#list(
          warnings.map((one) => ({
            ...one,
            text: html`<b>${one.id}</b> ${one.found}: ${one.why}; ${one.decide}`,
          })),
        )}
      `;
    }
    return html`
      <p>${mistakes.length === 1
        ? "There is a mistake in it:"
        : `There are ${mistakes.length} mistakes in it:`}</p>
      ${this.#list(mistakes.map((one) => ({ ...one, text: one.message })))}
    `;
  }

  #list(
    items: readonly (Place & { readonly text: TemplateResult | string })[],
  ): TemplateResult | typeof nothing {
    if (items.length === 0) return nothing;
    const told = items.slice(0, MOST_TOLD).map((item) =>
      html`
        <li>
          <button type="button" class="link" @click=${() => this.#goTo(item)}>${item.line}:${item
            .column}</button> ${item.text}
        </li>
      `
    );
    const more = items.length - told.length;
    return html`<ul class="mistakes">${told}${more > 0 ? html`<li>… and ${more} more</li>` : nothing}</ul>`;
  }
}
