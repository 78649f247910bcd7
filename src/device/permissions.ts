/** What the runtime lets this process do. */

interface DenoPermissions {
  querySync(what: { readonly name: "run" } | { readonly name: "net"; readonly host: string }): {
    readonly state: string;
  };
}

const { Deno } = globalThis as { readonly Deno?: { readonly permissions: DenoPermissions } };

/** May it start other programs? On Deno that is decided when it is started. */
export function mayRunPrograms(): boolean {
  return Deno === undefined || Deno.permissions.querySync({ name: "run" }).state === "granted";
}

/** May it listen there? Address and port as in a URL. Without asking first, Deno ends the process. */
export function mayListen(host: string): boolean {
  return Deno === undefined || Deno.permissions.querySync({ name: "net", host }).state === "granted";
}
