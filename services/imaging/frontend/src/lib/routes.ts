/** The pages, by their paths. */
export type Route =
  | { readonly page: "home" }
  | { readonly page: "picture"; readonly id: string }
  | { readonly page: "unknown" };

export function routeOf(path: string): Route {
  const parts = path.split("/").filter(Boolean);
  const [first, id] = parts;
  if (parts.length === 0) {
    return { page: "home" };
  }
  if (first === "pictures" && id && parts.length === 2) {
    return { page: "picture", id };
  }
  return { page: "unknown" };
}
