import { ProjectServices } from "@longshore/components";

/** The Google APIs that a project needs first. They stay on when this goes: others may use them. */
export function projectServices(): ProjectServices {
  return new ProjectServices("apis", { project: "acme-prod", services: ["container", "sqladmin"] });
}
