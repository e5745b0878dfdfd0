import { apiContext } from "#web/hooks.ts";
import type { Api } from "./api.ts";

export const [ApiContext, useApi] = apiContext<Api>();
