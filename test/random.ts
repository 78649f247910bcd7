/** Random numbers that come again with the same seed, as simulations have them. */
export { SeededRandom as Random } from "../src/sim/seeded_random.ts";
