/** For what yaml writes YAML with. It also makes text of a mapping that stands where a key should. */

export function createStringifyContext(): object {
  return {};
}

export function stringifyCollection(collection: unknown): string {
  return JSON.stringify(collection);
}
