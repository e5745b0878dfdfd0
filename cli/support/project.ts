/** Name of the Pulumi project, and prefix of its config keys. */
export const PROJECT = "longshore";
/** Default stack, for using systems on the own machine. */
export const LOCAL_STACK = "local";
/** Local stack for developing systems. */
export const DEVELOPMENT_STACK = "local-dev";
/** Local stack in which systems are deployed, tested and taken down. */
export const TEST_STACK = "local-test";
