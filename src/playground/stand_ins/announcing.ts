/** For engine/announcing.ts: where BIRD would announce routes, the page's routers have static ones. */

export class Announcing {
  static of(): undefined {}
}
