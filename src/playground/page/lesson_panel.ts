/** The lesson beside the network: its text, its steps with whether they are done, and hints for who wants them. */

import { html, nothing, type TemplateResult } from "lit-html";
import { LESSONS } from "../lessons/all.ts";
import type { Lesson } from "../lessons/lesson.ts";

const FREE = "";

export function lessonChoice(lesson: Lesson | undefined, choose: (id: string) => void): TemplateResult {
  return html`
    <label><span>Lesson</span>
      <select aria-label="Lesson" @change=${(event: Event) =>
        choose((event.target as HTMLSelectElement).value)}>
        <option value=${FREE} ?selected=${lesson === undefined}>None: play as you like</option>
        ${LESSONS.map(({ id, title }, index) =>
          html`<option value=${id} ?selected=${id === lesson?.id}>${index + 1}. ${title}</option>`
        )}
      </select>
    </label>
  `;
}

export function lessonPanel(
  lesson: Lesson | undefined,
  reached: readonly boolean[],
  choose: (id: string) => void,
): TemplateResult {
  if (lesson === undefined) return welcome(choose);
  const index = LESSONS.indexOf(lesson);
  const next = LESSONS[index + 1];
  const isSolved = reached.every((one) => one);
  return html`
    <p class="quiet">Lesson ${index + 1} of ${LESSONS.length}</p>
    <h2 id="lesson-name">${lesson.title}</h2>
    <div class="text">${lesson.text.map((paragraph) => html`<p>${paragraph}</p>`)}</div>
    <ol class="steps" aria-label="Goal">${lesson.steps.map((text, step) =>
      html`<li class=${reached[step] ? "done" : ""}>${MARKS[reached[step] ? "done" : "open"]}<span>${text}${
        reached[step] ? html`<span class="unseen"> Done.</span>` : nothing
      }</span></li>`
    )}</ol>
    <div role="status">${isSolved
      ? html`<div class="solved"><p><b>Solved.</b> ${lesson.done}</p>${
        next === undefined
          ? nothing
          : html`<p><button type="button" @click=${() => choose(next.id)}>Next: ${next.title}</button></p>`
      }</div>`
      : nothing}</div>
    <details>
      <summary>Hints</summary>
      <ol>${lesson.hints.map((hint) => html`<li>${hint}</li>`)}</ol>
    </details>
  `;
}

function welcome(choose: (id: string) => void): TemplateResult {
  return html`
    <h2 id="lesson-name">A cluster to play with</h2>
    <div class="text">
      <p>Everything here is real but time and cables: the dispatcher, its frames and its decisions are oneip's own code, at work in this
        page. Run the time, let clients ask, and break things.</p>
      <p>Choose a machine, a link or a frame to see what it is and what you can do to it. Nothing you do can harm: time runs backwards,
        too.</p>
      <p><button type="button" @click=${() => choose(LESSONS[0]!.id)}>Begin with lesson 1</button></p>
    </div>
  `;
}

const MARKS = {
  open: html`
    <svg viewBox="0 0 18 18" aria-hidden="true">
      <circle cx="9" cy="9" r="7" />
    </svg>
  `,
  done: html`
    <svg viewBox="0 0 18 18" aria-hidden="true">
      <path d="M3 9.500l4 4 8-9" />
    </svg>
  `,
};
