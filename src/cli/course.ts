import { Command } from "@commander-js/extra-typings";

export function courseCommand() {
  return new Command("course")
    .description("exercises: labs with a fault to find")
    .addHelpText("after", "\nExample:\n  oneip course start 1")
    .addCommand(list(), { isDefault: true })
    .addCommand(start())
    .addCommand(hint());
}

function list() {
  return new Command("list")
    .description("list the exercises")
    .addHelpText("after", "\nExample:\n  oneip course")
    .action(async () => {
      const { exercises, labOfExercise } = await import("../course/exercise.ts");
      const { formatTable } = await import("./table.ts");
      const rows = exercises().map(({ number, title, stages }) => [
        number,
        title,
        stages.length,
        labOfExercise(number),
      ]);
      console.log(formatTable(["exercise", "symptom", "stages", "lab"], rows));
      console.log('\n"oneip course start 1" begins with the first one.');
    });
}

function start() {
  return new Command("start")
    .description("bring an exercise's lab up and print its text; only the text when the lab is up already")
    .argument("<number>", "number of the exercise")
    .addHelpText("after", "\nExample:\n  oneip course start 1")
    .action(async (number) => {
      const { exerciseIn, startExercise } = await import("../course/progress.ts");
      const { drawing, findExercise, labOfExercise, withFiles } = await import("../course/exercise.ts");
      const exercise = findExercise(number);
      const lab = labOfExercise(exercise.number);
      if (exerciseIn(lab) === undefined) await startExercise(exercise, (step) => console.error(`  ${step}`));
      console.log(
        `Exercise ${exercise.number}: ${exercise.title}\n\n${drawing()}\n${withFiles(exercise.text)}`,
      );
      console.log(`It is solved in ${exercise.stages.length} stages:\n`);
      console.log(`  oneip lab test ${lab}    what is right by now, and what is still wrong`);
      console.log(`  oneip course hint ${exercise.number}      a hint, each time one that says more`);
      console.log(`  oneip lab down ${lab}    the end`);
    });
}

function hint() {
  return new Command("hint")
    .description("print the next hint; each says more than the one before, and the last is the solution")
    .argument("<number>", "number of the exercise")
    .addHelpText("after", "\nExample:\n  oneip course hint 1")
    .action(async (number) => {
      const { nextHint } = await import("../course/progress.ts");
      const { findExercise, withFiles } = await import("../course/exercise.ts");
      const { hint, left } = nextHint(findExercise(number));
      console.log(withFiles(hint).trimEnd());
      if (left > 0) console.log(`\nHints that are left: ${left}, of which the last is the solution.`);
    });
}
