/** Where the built page lies (scripts/playground), in a checkout as in the package. */

export const FOLDER = "dist/playground";
export const INDEX = "index.html";
