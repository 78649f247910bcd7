import { Command } from "@commander-js/extra-typings";
import type { DispatcherEvent } from "../api/events.ts";

export function eventsCommand() {
  return new Command("events")
    .description("print what has happened to the running dispatcher: its latest events, 1,000 at most")
    .option("-f, --follow", "go on with those that come, until the dispatcher ends or Ctrl-C")
    .option("--json", "print a line of JSON for each: {number, time, name, message, data}")
    .addHelpText(
      "after",
      "\nThe names of events are only added to. Numbers begin anew when the dispatcher does.\n\nExample:\n  oneip events --follow",
    )
    .action(async ({ follow: isFollowing, json }) => {
      const { ask, controlPath } = await import("../api/client.ts");
      const { describeEvent } = await import("./print_events.ts");
      const print = (event: DispatcherEvent) =>
        console.log(json ? JSON.stringify(event) : describeEvent(event));
      const path = controlPath();
      const latest = await ask(path, "events", {});
      for (const event of latest) print(event);
      if (!isFollowing) return;
      const { follow } = await import("../api/follow.ts");
      await follow(path, latest.at(-1)?.number ?? 0, print);
    });
}
