/** What `oneip` starts from a file of its own besides itself (src/system/installation.ts), by its path in src. */
export const PROGRAMS = ["plane/worker", "device/watcher", "lab/server", "lab/links/main", "observe/program"];
