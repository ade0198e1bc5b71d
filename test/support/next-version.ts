import { cpSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { compiledSources } from './compiled-sources.js';

const STORE = 'src/session/store';
const CREATES = "string.format('1%013.0f";

// What a version that reads the present records and writes ones of its own has to change, and no more.
const CHANGES: [file: string, find: string, replace: string][] = [
  [`${STORE}/session-record.js`, "const LIVE = '1'", "const LIVE = '2'"],
  [`${STORE}/session-record.js`, '/^[2-9]/', '/^[3-9]/'],
  [`${STORE}/session-record.js`, '!raw.startsWith(LIVE)', '!/^[12]/.test(raw)'],
  [`${STORE}/lua/header.lua`, "'^[1M]%d+$'", "'^[12M]%d+$'"],
  [`${STORE}/lua/header.lua`, "'^[2-9]'", "'^[3-9]'"],
  [`${STORE}/lua/create-session.lua`, CREATES, CREATES.replace('1', '2')],
  [`${STORE}/lua/create-anonymous-session.lua`, CREATES, CREATES.replace('1', '2')],
  [`${STORE}/lua/rotate-session.lua`, CREATES, CREATES.replace('1', '2')],
];

/**
 * The program as its next record format would make it: format 2 beside 1, read both, write 2. Made from the present
 * sources by changing what knows the digit.
 * @returns the directory of its compiled sources
 * @throws Error when one of those places is not there any more
 */
export async function nextVersionSources(): Promise<string> {
  const present = await compiledSources();
  const directory = `${present}.next`;
  if (existsSync(directory)) return directory;
  const unfinished = `${directory}.${process.pid}`;
  cpSync(present, unfinished, { recursive: true });
  for (const [file, find, replace] of CHANGES) {
    const path = join(unfinished, file);
    const text = readFileSync(path, 'utf8');
    if (text.split(find).length !== 2) throw new Error(`${file} has not exactly one ${find}`);
    writeFileSync(
      path,
      text.replace(find, () => replace),
    );
  }
  try {
    renameSync(unfinished, directory);
  } catch {
    rmSync(unfinished, { recursive: true });
  }
  return directory;
}
