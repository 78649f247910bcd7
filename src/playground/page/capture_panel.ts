/** A capture that is dropped on the page, or chosen, goes through the path by the configuration beside it. It stays in the browser. */

import { html, nothing, render, type TemplateResult } from "lit-html";
import { describeFrame, describeSummary, HEADINGS } from "../../replay/describe.ts";
import { checkConfig } from "./check_config.ts";
import { MOST_CAPTURE_OCTETS, MOST_FRAMES_TOLD, replayCapture, type Replayed } from "./replay_capture.ts";
import { Slices } from "./slices.ts";

export interface CapturePanelMeans {
  /** The name of the configuration beside it, and its text. */
  readonly name: () => string;
  readonly text: () => string;
}

export class CapturePanel {
  readonly #element: HTMLElement;
  readonly #means: CapturePanelMeans;
  #file: File | undefined;
  #anyMac = false;
  /** It was asked for so many times: only the last one counts. */
  #asked = 0;
  #isReading = false;
  #replayed: Replayed | undefined;
  #problem = "";

  /** The whole page takes what is dropped. */
  constructor(element: HTMLElement, means: CapturePanelMeans) {
    this.#element = element;
    this.#means = means;
    addEventListener("dragover", (event) => {
      if (!(event.dataTransfer?.types.includes("Files") ?? false)) return;
      event.preventDefault();
      element.classList.add("target");
    });
    addEventListener("dragleave", () => element.classList.remove("target"));
    addEventListener("drop", (event) => {
      element.classList.remove("target");
      const file = event.dataTransfer?.files[0];
      if (file === undefined) return;
      event.preventDefault();
      element.scrollIntoView({ block: "nearest" });
      void this.#take(file);
    });
    this.#render();
  }

  async #take(file: File | undefined): Promise<void> {
    this.#file = file;
    this.#replayed = undefined;
    this.#problem = "";
    const asked = ++this.#asked;
    const isWanted = () => asked === this.#asked;
    if (file !== undefined) {
      this.#isReading = true;
      this.#render();
      try {
        await this.#replay(file, isWanted);
      } catch (error) {
        if (isWanted()) this.#problem = (error as Error).message;
      }
      if (!isWanted()) return;
    }
    this.#isReading = false;
    this.#render();
  }

  async #replay(file: File, isWanted: () => boolean): Promise<void> {
    if (file.size > MOST_CAPTURE_OCTETS) {
      const [found, most] = [file.size, MOST_CAPTURE_OCTETS].map((octets) => (octets / 1e6).toFixed(0));
      this.#problem =
        `${file.name} is too large for this page, found ${found} MB, use ${most} MB at most, or oneip replay`;
      return;
    }
    const slices = new Slices(isWanted);
    const checked = await checkConfig(this.#means.text(), this.#means.name(), slices);
    if (checked === undefined) return;
    if (checked.config === undefined) {
      this.#problem = "There are mistakes in the configuration; mend them first";
      return;
    }
    const octets = new Uint8Array(await file.arrayBuffer());
    const replayed = await replayCapture(octets, file.name, checked.config, { anyMac: this.#anyMac }, slices);
    if (isWanted()) this.#replayed = replayed;
  }

  #render(): void {
    render(
      html`
        <p class="quiet">
          Drop a capture here, pcapng or pcap of an Ethernet: its frames go through the dispatcher's path by ${this
            .#means.name()}. It
          stays in this browser.
        </p>
        <div class="actions">
          <label class="button">
            <input
              type="file"
              accept=".pcapng,.pcap,.cap,application/vnd.tcpdump.pcap"
              aria-label="A capture"
              @change=${(event: Event) => void this.#take((event.target as HTMLInputElement).files?.[0])}
            >
          </label>
          <label class="choice">
            <span>
              <input
                type="checkbox"
                .checked=${this.#anyMac}
                @change=${(event: Event) => {
                  this.#anyMac = (event.target as HTMLInputElement).checked;
                  void this.#take(this.#file);
                }}
              >
              frames to another machine's MAC count as addressed to the dispatcher (--any-mac)
            </span>
          </label>
          ${this.#isReading
            ? html`<button type="button" @click=${() => void this.#take(undefined)}>Stop</button>`
            : nothing}
        </div>
        <div role="status">${this.#found()}</div>
        ${this.#replayed === undefined ? nothing : this.#frames(this.#replayed)}
      `,
      this.#element,
    );
  }

  #found(): TemplateResult | string {
    if (this.#isReading) return html`<p class="quiet">Reading ${this.#file?.name} …</p>`;
    if (this.#problem !== "") return html`<p class="notice">${this.#problem}</p>`;
    if (this.#replayed === undefined) return "";
    const { problem, summary } = this.#replayed;
    return html`
      ${problem === undefined ? nothing : html`<p class="notice">${problem}</p>`}
      ${summary.frames === 0
        ? nothing
        : html`<pre class="summary">${describeSummary(summary, this.#anyMac)}</pre>`}
    `;
  }

  #frames({ frames, summary }: Replayed): TemplateResult | typeof nothing {
    if (frames.length === 0) return nothing;
    const lines = [HEADINGS, ...frames.map(describeFrame)];
    if (summary.frames > frames.length) lines.push(`… and ${summary.frames - frames.length} more`);
    return html`
      <pre class="replayed" tabindex="0" aria-label="The first ${MOST_FRAMES_TOLD} frames">${lines.join(
        "\n",
      )}</pre>
    `;
  }
}
