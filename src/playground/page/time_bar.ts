/** Time as one steers it: pause, one frame forwards or back, backwards, how fast. */

import { html, type TemplateResult } from "lit-html";
import { type Session, SPEEDS } from "./session.ts";

export interface Steering {
  play(direction: -1 | 0 | 1): void;
  step(): void;
  stepBack(): void;
  restart(): void;
  setSpeed(speed: number): void;
  setQuiet(passesQuiet: boolean): void;
}

export function timeBar(session: Session, steering: Steering): TemplateResult {
  const { direction, speed, passesQuiet, shownUs } = session;
  const button = (name: string, icon: TemplateResult, act: () => void, isPressed?: boolean) =>
    html`
      <button type="button" title=${name} aria-label=${name} class="icon"
        aria-pressed=${isPressed === undefined
          ? "undefined"
          : String(isPressed)} @click=${act}>${icon}</button>
    `;
  return html`
    <div class="time" role="group" aria-label="Time">
      ${button("Back to the beginning", ICONS.first, steering.restart)}
      ${button("Run backwards", ICONS.back, () => steering.play(direction === -1 ? 0 : -1), direction === -1)}
      ${button("One frame back", ICONS.stepBack, steering.stepBack)}
      ${button(
        direction === 1 ? "Pause" : "Run",
        direction === 1 ? ICONS.pause : ICONS.run,
        () => steering.play(direction === 1 ? 0 : 1),
        direction === 1,
      )}
      ${button("One frame on", ICONS.step, steering.step)}
      <output class="clock" aria-label="Time in this world">${clockOf(shownUs)}</output>
      <label class="speed"><span>1 s shows <b>${spanOf(speed)}</b></span>
        <input type="range" min="0" max=${SPEEDS.length - 1} step="1" aria-label="Speed"
          aria-valuetext=${`One second shows ${spanOf(speed)}`}
          .value=${String(SPEEDS.indexOf(speed as typeof SPEEDS[number]))}
          @input=${(event: Event) =>
            steering.setSpeed(SPEEDS[Number((event.target as HTMLInputElement).value)]!)}>
      </label>
      <label class="quiet-times"><input type="checkbox" .checked=${passesQuiet}
        @change=${(event: Event) => steering.setQuiet((event.target as HTMLInputElement).checked)}>
        hurry while no frame is on its way</label>
    </div>
  `;
}

/** `12.345 678 s` */
export function clockOf(us: number): string {
  const whole = Math.floor(us);
  const [seconds, rest] = [Math.floor(whole / 1e6), String(whole % 1e6).padStart(6, "0")];
  return `${seconds}.${rest.slice(0, 3)} ${rest.slice(3)} s`;
}

/** `100 µs`, `30 ms`, `1 min` */
export function spanOf(us: number): string {
  if (us < 1000) return `${us} µs`;
  if (us < 1e6) return `${us / 1000} ms`;
  return us < 6e7 ? `${us / 1e6} s` : `${us / 6e7} min`;
}

const icon = (path: string) =>
  html`
    <svg viewBox="0 0 16 16" aria-hidden="true">
      <path d=${path} />
    </svg>
  `;

const ICONS = {
  first: icon("M2 2h2v12H2zM14 2v12L5 8z"),
  back: icon("M12 2v12L3 8z"),
  stepBack: icon("M12 3v10L6 8zM4 3h1.5v10H4z"),
  run: icon("M4 2l9 6-9 6z"),
  pause: icon("M4 2h3v12H4zM9 2h3v12H9z"),
  step: icon("M4 3l6 5-6 5zM10.5 3H12v10h-1.5z"),
};
