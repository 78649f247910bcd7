/** Why the system gives an ordinary user no user namespace, as far as its settings tell. */

import { readProc } from "./process.ts";

/** What a setting forbids, and what would help. Root of the machine changes it. */
interface Setting {
  readonly file: string;
  readonly isForbidding: (text: string) => boolean;
  readonly meaning: string;
  readonly remedy: string;
}

const SETTINGS: readonly Setting[] = [
  {
    file: "/proc/sys/user/max_user_namespaces",
    isForbidding: (text) => text.trim() === "0",
    meaning: "user.max_user_namespaces is 0: nobody may make a user namespace",
    remedy: "sysctl -w user.max_user_namespaces=10000",
  },
  {
    file: "/proc/sys/kernel/unprivileged_userns_clone",
    isForbidding: (text) => text.trim() === "0",
    meaning: "kernel.unprivileged_userns_clone is 0: only root may make a user namespace",
    remedy: "sysctl -w kernel.unprivileged_userns_clone=1",
  },
  {
    file: "/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
    isForbidding: (text) => text.trim() !== "0" && text !== "",
    meaning:
      "kernel.apparmor_restrict_unprivileged_userns is on: in a user namespace AppArmor leaves a program its rights only where a profile says so",
    remedy: "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0",
  },
  {
    file: "/proc/self/status",
    isForbidding: (text) => /^Seccomp:\s*2$/m.test(text),
    meaning:
      "a seccomp filter holds this process, as containers have one: most let only root make namespaces",
    remedy: "docker run --security-opt seccomp=unconfined ...",
  },
];

/** A sentence for the error. `printed`: what the attempt said. */
export function whyRefused(printed: string, read: (file: string) => string = readProc): string {
  const found = SETTINGS.filter(({ file, isForbidding }) => isForbidding(read(file)));
  const why = found.map(({ meaning, remedy }) => `${meaning} ("${remedy}" allows it)`);
  if (why.length === 0 && /No space left on device/.test(printed)) {
    why.push(
      "there are as many namespaces already as the settings in /proc/sys/user allow, or they are nested too deeply",
    );
  }
  return "A lab of an ordinary user needs a user namespace of its own, and the system refused it: " +
    `${printed.trim() || "nothing was said"}. ${
      why.length === 0 ? "No setting tells why; " : `${why.join("; and ")}; `
    }` +
    "or run it with sudo";
}
