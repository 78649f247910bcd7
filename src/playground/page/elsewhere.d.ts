/**
 * What the page's modules name and the page does not have: the runtime of a dispatcher, in modules that the bundle leaves out.
 * Its types would bring those of Deno, which contradict the browser's.
 */

// deno-lint-ignore-file no-explicit-any no-var
declare var Deno: any;
