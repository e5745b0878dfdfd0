import type { SystemDefinition } from "../catalog/types";
import { imaging } from "./imaging";
import { monitoring } from "./monitoring";
import { neurascale } from "./neurascale";
import { nexus } from "./nexus";
import { orchestrator } from "./orchestrator";
import { todo } from "./todo";

/** Every system that a stack can run, by name. */
export const systems: Readonly<Record<string, SystemDefinition>> = {
  todo,
  orchestrator,
  neurascale,
  nexus,
  imaging,
  monitoring,
};
