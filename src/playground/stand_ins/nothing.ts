/** For modules whose functions nobody in the page calls. What is imported of it is undefined (shimMissingExports in scripts/playground.ts). */

export default undefined;
