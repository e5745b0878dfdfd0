import { withLazySdk } from "./lazy-sdk";

// The first import of this module loads the SDK the fast way; later imports find it loaded.
// eslint-disable-next-line @typescript-eslint/no-require-imports -- an import would come before the call
withLazySdk(() => require("@pulumi/pulumi/automation") as unknown);
