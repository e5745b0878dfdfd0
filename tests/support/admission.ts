type Fields = Readonly<Record<string, unknown>>;

/** The validation rules of a ValidatingAdmissionPolicy. */
export interface AdmissionPolicy {
  readonly variables: readonly { readonly name: string; readonly expression: string }[];
  readonly validations: readonly { readonly expression: string; readonly message: string }[];
}

/** Evaluates a policy for an object like the API server. Returns the violations; empty if the object is admitted. */
export type Refusals = (policy: AdmissionPolicy, object: Fields) => string[];

export async function loadRefusals(): Promise<Refusals> {
  const { Environment } = await import("@marcbachmann/cel-js");
  const environment = new Environment({ unlistedVariablesAreDyn: true });
  return (policy, object) => {
    const variables: Record<string, unknown> = {};
    for (const { name, expression } of policy.variables) {
      variables[name] = environment.evaluate(expression, { object, variables });
    }
    return policy.validations
      .filter(({ expression }) => environment.evaluate(expression, { object, variables }) !== true)
      .map(({ message }) => message);
  };
}
