/** The long run of test/engine/transitions.test.ts. */

import { tryCourses } from "../test/engine/transition_property.ts";

const [courses = 1_000_000, seed = Date.now() % 2 ** 31] = process.argv.slice(2).map(Number);
console.log(`${courses} courses, seed ${seed}`);
const began = performance.now();
const { kept, broken, unremembered } = await tryCourses(courses, seed);
console.log(
  `${kept} frames came where they belong, ${broken} elsewhere as predicted, none else; ${unremembered} found no room`,
);
console.log(`${Math.round((performance.now() - began) / 1000)} s`);
