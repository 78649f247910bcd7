/** What the runtime lets this process do. */

interface DenoPermissions {
  querySync(what: { readonly name: "run" }): { readonly state: string };
}

/** May it start other programs? On Deno that is decided when it is started. */
export function mayRunPrograms(): boolean {
  const { Deno } = globalThis as { readonly Deno?: { readonly permissions: DenoPermissions } };
  return Deno === undefined || Deno.permissions.querySync({ name: "run" }).state === "granted";
}
