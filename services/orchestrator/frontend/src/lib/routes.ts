/** The pages, by their paths. */
export type Route =
  | { readonly page: "workflows" }
  | { readonly page: "new" }
  | { readonly page: "workflow"; readonly id: string }
  | { readonly page: "edit"; readonly id: string }
  | { readonly page: "run"; readonly id: string }
  | { readonly page: "unknown" };

export function routeOf(path: string): Route {
  const parts = path.split("/").filter(Boolean);
  const [first, id, action] = parts;
  if (parts.length === 0) {
    return { page: "workflows" };
  }
  if (first === "workflows" && id === "new" && parts.length === 2) {
    return { page: "new" };
  }
  if (first === "workflows" && id && (parts.length === 2 || (action === "edit" && parts.length === 3))) {
    return { page: action ? "edit" : "workflow", id };
  }
  if (first === "runs" && id && parts.length === 2) {
    return { page: "run", id };
  }
  return { page: "unknown" };
}
