// What JSX becomes; build.mjs puts it into every file.
export { Fragment, h } from "preact";
