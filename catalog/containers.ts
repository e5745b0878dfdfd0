import type { z } from "zod";
import { handle } from "./handles";
import { reference, type EndpointReference } from "./references";
import type { jobOptions, serviceOptions } from "./schema/container";

/** Handle of a service. `backend.http` is the address of its port `http`. */
export type ServiceHandle<P extends string = string> = { readonly name: string } & Readonly<
  Record<Exclude<P, "name">, EndpointReference>
>;

/** Handle of a job, for use in `after`. */
export interface JobHandle {
  readonly name: string;
}

type AnyServiceOptions = z.input<typeof serviceOptions>;
export type ServiceOptions<P extends string = string> = Omit<AnyServiceOptions, "ports"> & {
  /** Name and number of each port. @default {} */
  ports?: Record<P, number>;
};
export type JobOptions = z.input<typeof jobOptions>;

export function serviceHandle<P extends string>(
  name: string,
  ports: Readonly<Record<string, number>>,
): ServiceHandle<P> {
  const endpoints = Object.keys(ports).map((port) => [
    port,
    reference({ ref: "endpoint", service: name, port, form: "url" }),
  ]);
  return handle("service", { ...Object.fromEntries(endpoints), name } as ServiceHandle<P>);
}
