export { compareStacks } from "./compare";
export { describeStack } from "./describe";
export { MARKER, markdownOf } from "./markdown";
export { textOf } from "./text";
export type * from "./types";
