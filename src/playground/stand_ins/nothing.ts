/** For modules of Node and of packages that the page's modules import but never call. */

export default undefined;
