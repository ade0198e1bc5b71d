import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const Secrets = z.object({
  sessionSecrets: z.array(z.string().min(32)),
  sessionIndexKeys: z.array(z.string().min(32)),
});

/** The rings of a development machine, made at first use. */
export type DevelopmentSecrets = z.output<typeof Secrets>;

/**
 * Reads the secrets of a development machine from `<dataDir>/secrets.json`, or makes them there (directory 0700 when
 * it is new, file 0600), so that sessions outlive a restart without anybody choosing a secret.
 *
 * @throws {Error} when the file cannot be written, or is there and cannot be understood.
 */
export function developmentSecrets(dataDir: string): DevelopmentSecrets {
  const file = join(dataDir, 'secrets.json');
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const secrets: DevelopmentSecrets = { sessionSecrets: [newSecret()], sessionIndexKeys: [newSecret()] };
  try {
    // `wx`: the program and the command line may both be first; one of them wins and both use its secrets.
    writeFileSync(file, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
    return secrets;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  try {
    return Secrets.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    throw new Error(`${file} cannot be understood. Delete it (everybody is logged out) or put it back.`);
  }
}

function newSecret(): string {
  return randomBytes(32).toString('base64url');
}
