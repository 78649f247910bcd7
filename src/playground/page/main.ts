/** The page's beginning: a dispatcher in virtual time, without a link. */

import "../stand_ins/shared_memory.ts";
import { html, render } from "lit-html";
import { parseConfig } from "../../config/config.ts";
import { MemoryDevice } from "../../device/memory.ts";
import { Engine } from "../../engine/engine.ts";
import { InlineAttachment } from "../../plane/inline_attachment.ts";
import { VirtualClock } from "../../system/virtual_clock.ts";

const CONFIG = `
dispatcher:
  interface: oneip0
  mac: "02:00:00:00:00:01"
  addresses: [10.0.0.2/24]
clusters:
  - name: web
    addresses: [10.0.0.80]
    ports: [80/tcp]
    backends:
      - {name: one, address: 10.0.0.11}
      - {name: two, address: 10.0.0.12}
`;

void begin();

async function begin(): Promise<void> {
  const clock = new VirtualClock();
  const log = { info() {}, warn() {}, error() {}, debug() {} };
  const engine = await Engine.start(parseConfig(CONFIG, "page", "page"), log as never, {
    clock,
    attachment: new InlineAttachment(new MemoryDevice(), clock),
  });
  render(
    html`<pre id="report">${JSON.stringify(engine.report(), null, 1)}</pre>`,
    document.querySelector("main")!,
  );
}
