// Opens sealed copies and attachments with the npm package jose.
//
// In, on stdin: a list of jobs, {"file", "key"} for a flattened JWE and {"lines", "key"} for a file of
// compact JWEs, one each line. Out, on stdout: for each job {"sha256"} of its plaintext, or {"fault"}.
// The first argument is the folder of the package.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const folder = process.argv[2];
const found = createRequire(join(folder, "package.json")).resolve("jose");
const { compactDecrypt, flattenedDecrypt, importJWK } = await import(pathToFileURL(found));

async function sealedCopy({ file, key }, hash) {
  const jwe = JSON.parse(readFileSync(file, "utf8"));
  const { plaintext } = await flattenedDecrypt(jwe, await importJWK(key, "ECDH-ES+A256KW"));
  hash.update(plaintext);
}

async function attachment({ lines, key }, hash) {
  const secret = await importJWK({ ...key, alg: "A256GCM" });
  for (const line of readFileSync(lines, "utf8").split("\n").slice(0, -1)) {
    hash.update((await compactDecrypt(line, secret)).plaintext);
  }
}

const answers = [];
for (const job of JSON.parse(readFileSync(0, "utf8"))) {
  const hash = createHash("sha256");
  try {
    await (job.file ? sealedCopy : attachment)(job, hash);
    answers.push({ sha256: hash.digest("hex") });
  } catch (fault) {
    answers.push({ fault: fault.code ?? fault.name });
  }
}
process.stdout.write(JSON.stringify(answers));
