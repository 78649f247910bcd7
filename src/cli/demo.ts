import { Command } from "@commander-js/extra-typings";

export function demoCommand() {
  return new Command("demo")
    .description("show it at work: a lab, a dispatcher, clients, and what came of it")
    .option("--json", "print JSON: {clients, requests, backends, request, reply, frames, checks}")
    .addHelpText("after", "\nExample:\n  oneip demo")
    .action(async ({ json }) => {
      const { demonstrate } = await import("../demo/demonstrate.ts");
      const { printStory } = await import("./print_story.ts");
      const story = await demonstrate((step) => console.error(`  ${step}`));
      if (json) console.log(JSON.stringify(story, null, 2));
      else printStory(story);
      if (story.checks.some(({ passed }) => !passed)) process.exitCode = 1;
    });
}
