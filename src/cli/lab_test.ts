import { Command } from "@commander-js/extra-typings";

/** `lab`: what is said of that argument. */
export function testCommand(lab: string) {
  return new Command("test")
    .description("say how far an exercise of `oneip course` is solved, and what is still wrong")
    .argument("<lab>", lab)
    .option("--stage <number>", "judge the goals up to this one (default: all)")
    .addHelpText(
      "after",
      "\nGoals are judged one after another, up to the first that is not reached. The exit status is 0 when all are.\n\n" +
        "Examples:\n  oneip lab test course1\n  oneip lab test course1 --stage 1",
    )
    .action(async (word, { stage }) => {
      const { styleText } = await import("node:util");
      const { exerciseIn } = await import("../course/progress.ts");
      const { judge } = await import("../course/judge.ts");
      const { Lab } = await import("../lab/lab.ts");
      const { labName } = await import("../lab/find.ts");
      const { UsageError } = await import("../input/errors.ts");
      const { wrap } = await import("./wrap.ts");
      const lab = Lab.open(labName(word));
      const exercise = exerciseIn(lab.name);
      if (exercise === undefined) {
        throw new UsageError(
          `The lab "${lab.name}" is no exercise, found one of "oneip lab up", use "oneip course start"`,
        );
      }
      const all = exercise.stages.length;
      const last = stage === undefined ? all : Number(stage);
      if (!Number.isInteger(last) || last < 1 || last > all) {
        throw new UsageError(`There is no such stage, found "${stage}", use a number from 1 to ${all}`);
      }
      const { reached, wrong } = await judge(lab, exercise, last);
      const line = (index: number, mark: string, sentence: string) =>
        console.log(`${mark}  ${index + 1}  ${wrap(sentence, " ".repeat(10))}`);
      reached.forEach((sentence, index) => line(index, styleText("green", "right"), sentence));
      if (wrong !== undefined) {
        line(reached.length, styleText("red", "wrong"), wrong);
        console.log(`\n"oneip course hint ${exercise.number}" helps.`);
        process.exitCode = 1;
      } else if (last === all) {
        console.log(`\nExercise ${exercise.number} is solved. "oneip lab down ${lab.name}" ends it.`);
      }
    });
}
