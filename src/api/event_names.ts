/**
 * The names of events: what a line of the log has as `event`. They are only added to; programs go by them (docs/service.md). A test
 * finds names that are told and not here.
 */
export const EVENT_NAMES = [
  "backend.up",
  "backend.down",
  "backend.draining",
  "backend.flapping",
  "health.ignored",
  "health.heeded",
  "route.announced",
  "route.leaving",
  "route.withdrawn",
  "bird.lost",
  "bird.back",
  "bird.unheard",
  "bird.heard",
  "bird.lacks",
  "map.changed",
  "transition.ended",
  "pair.active",
  "pair.backup",
  "pair.leaving",
  "pair.split",
  "pair.went_on",
  "configuration.reloaded",
  "configuration.refused",
  "configuration.changed",
  "fleet.agreed",
  "fleet.alone",
  "fleet.behind",
  "fleet.nonsense",
  "fleet.unshared",
  "takeover.begun",
  "takeover.given",
  "takeover.failed",
  "takeover.done",
  "takeover.forgotten",
  "takeover.bereaved",
] as const;

export type EventName = (typeof EVENT_NAMES)[number];
