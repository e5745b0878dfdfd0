import type { Target } from "../catalog/plan/types";
import type { Problem } from "../base/problems";

/** The setting `registryLogin`. The password may be a placeholder, because its text is not validated. */
export interface WrittenLogin {
  readonly username?: string | undefined;
  readonly password?: string | undefined;
}

/** Reports problems of a stack's registry login beyond the format of its parts. */
export function loginProblems(
  login: WrittenLogin | undefined,
  { stack, target }: { readonly stack: string; readonly target: Target },
): Problem[] {
  if (login === undefined) {
    return [];
  }
  switch (target) {
    case "compose":
      return [
        {
          path: "registryLogin",
          message: "is how a cluster pulls, and the target is compose",
          fix: "remove it: this machine runs what it builds; to push with `longshore build --push`, run docker login",
        },
      ];
    case "gcp":
      return [
        {
          path: "registryLogin",
          message:
            "the target is gcp, where images are in Artifact Registry and nodes pull by their own account",
          fix: "remove it; Docker uses your Google account after: gcloud auth configure-docker",
        },
      ];
    case "kubernetes":
      return halfProblems(login, stack);
  }
}

function halfProblems({ username, password }: WrittenLogin, stack: string): Problem[] {
  const set = `pulumi config set --stack ${stack}`;
  return [
    ...(username === undefined
      ? [
          {
            path: "registryLogin.username",
            message: "not set, and a login requires a user name and a password",
            fix: `run: ${set} --path longshore:registryLogin.username USERNAME`,
          },
        ]
      : []),
    ...(password === undefined
      ? [
          {
            path: "registryLogin.password",
            message: "not set",
            fix: `run: ${set} --secret --path longshore:registryLogin.password (it asks for the value)`,
          },
        ]
      : []),
  ];
}
