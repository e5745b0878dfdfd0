/** Name of the Pulumi project, and prefix of its config keys. */
export const PROJECT = "longshore";
/** The stack that commands are about when none is named: a person uses systems on their own machine. */
export const LOCAL_STACK = "local";
/** On their own machine too: a person works on systems. */
export const DEVELOPMENT_STACK = "local-dev";
/** Systems are brought up to be tested, and taken down. */
export const TEST_STACK = "local-test";
