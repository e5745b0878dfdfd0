import { withLazySdk } from "./lazy-sdk";

// Whoever imports this first has the SDK loaded the short way; later imports find it loaded.
// eslint-disable-next-line @typescript-eslint/no-require-imports -- an import would come before the call
withLazySdk(() => require("@pulumi/pulumi/automation") as unknown);
