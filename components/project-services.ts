import * as gcp from "@pulumi/gcp";
import type * as pulumi from "@pulumi/pulumi";
import { Component } from "./component";

export interface ProjectServicesArgs {
  project: string;
  /** Short names of APIs, such as "container". */
  services: readonly string[];
}

/** Enables the Google Cloud APIs of a stack. They stay enabled afterwards, because other programs may use them. */
export class ProjectServices extends Component {
  readonly services: readonly gcp.projects.Service[];

  constructor(
    name: string,
    { project, services }: ProjectServicesArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("longshore:platform:ProjectServices", name, opts);
    this.services = services.map((service) =>
      this.child(gcp.projects.Service, service, {
        project,
        service: `${service}.googleapis.com`,
        disableOnDestroy: false,
      }),
    );
    this.registerOutputs({});
  }
}
