#!/usr/bin/env node
// Stands in for images/age in tests of the scripts of cluster jobs: the same commands and the same format.
import { readFileSync, writeSync } from "node:fs";
import { Decrypter, Encrypter } from "age-encryption";

const [command, ...words] = process.argv.slice(2);

function write(bytes) {
  for (let at = 0; at < bytes.length;) {
    at += writeSync(1, bytes, at);
  }
}

if (command === "encrypt") {
  const encrypter = new Encrypter();
  words.forEach((recipient) => encrypter.addRecipient(recipient));
  write(await encrypter.encrypt(readFileSync(0)));
} else {
  const decrypter = new Decrypter();
  decrypter.addIdentity(readFileSync(0, "utf8").trim());
  try {
    write(await decrypter.decrypt(readFileSync(words[0])));
  } catch {
    console.error("age: cannot be decrypted");
    process.exit(1);
  }
}
