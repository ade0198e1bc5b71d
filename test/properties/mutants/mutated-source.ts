import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compiledSources, compileText } from '../../support/compiled-sources.js';
import type { Mutant } from './mutant.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
/** What `src/session` is made of: itself and what it imports. */
const FOLDERS = ['session', 'problem', 'options'];

/** Copies of the library, compiled, beside the project; one thing is different in each. */
export class MutatedSource {
  private constructor(private readonly directory: string) {}

  static async prepare(): Promise<MutatedSource> {
    const directory = await mkdtemp(join(tmpdir(), 'lk-mutants-'));
    await writeFile(join(directory, 'package.json'), '{"type":"module"}');
    await symlink(join(ROOT, 'node_modules'), join(directory, 'node_modules'), 'junction');
    return new MutatedSource(directory);
  }

  /**
   * @returns the folder that has `session/` of this mutant
   * @throws when what the mutant changes is not there, or more than once
   */
  async make({ name, file, find, replace }: Mutant): Promise<string> {
    const text = await readFile(join(ROOT, 'src/session', file), 'utf8');
    const parts = text.split(find);
    if (parts.length !== 2) {
      throw new Error(
        `The mutation does not apply: “${name}” changes what is ${parts.length - 1} times in src/session/${file}.`,
      );
    }
    const sources = await compiledSources();
    const copy = await mkdtemp(join(this.directory, 'mutant-'));
    for (const folder of FOLDERS) {
      await cp(join(sources, 'src', folder), join(copy, folder), { recursive: true });
    }
    const mutated = parts.join(replace);
    await writeFile(
      join(copy, 'session', file.replace(/\.ts$/, '.js')),
      file.endsWith('.ts') ? await compileText(mutated, file) : mutated,
    );
    return copy;
  }

  async remove(): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
  }
}
