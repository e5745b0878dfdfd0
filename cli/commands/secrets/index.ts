import type { Command } from "commander";
import { register as list } from "./list";
import { register as set } from "./set";
import { register as show } from "./show";
import { register as encrypt } from "./encrypt";
import { register as generate } from "./generate";
import { register as rotate } from "./rotate";
import { register as retire } from "./retire";
import { register as provider } from "./provider";
import { register as check } from "./check";

export function register(program: Command): Command {
  const secrets = program
    .command("secrets")
    .description("the secrets of a stack: kept encrypted in its config, shown only by `secrets show`");
  for (const register of [list, set, show, encrypt, generate, rotate, retire, provider, check]) {
    register(secrets);
  }
  return secrets;
}
