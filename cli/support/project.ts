/** Name of the Pulumi project, and prefix of its config keys. */
export const PROJECT = "longshore";
/** The stack of a person's own machine. */
export const LOCAL_STACK = "local";
