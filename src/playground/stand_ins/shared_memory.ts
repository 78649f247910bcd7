/**
 * SharedArrayBuffer, which browsers hide from pages that are not isolated from other sites, such as any page from a file. Only sharing it is
 * forbidden, not having it; the page has one thread.
 */

globalThis.SharedArrayBuffer ??= new WebAssembly.Memory({ initial: 0, maximum: 0, shared: true }).buffer
  .constructor as SharedArrayBufferConstructor;
