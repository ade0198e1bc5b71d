import { describe, expect, it } from '@jest/globals';
import { existsSync, readdirSync, readFileSync } from 'node:fs';

const ROOT = new URL('../', import.meta.url);
const EXAMPLES = readdirSync(new URL('examples/', ROOT)).filter((name) =>
  existsSync(new URL(`examples/${name}/package.json`, ROOT)),
);
// About 150: a stranger reads all of it at one go.
const MOST_LINES = 155;
const COMMENT_OR_BLANK = /^\s*(\/\/|\/\*|\*|$)/;

const read = (path: string) => readFileSync(new URL(path, ROOT), 'utf8');
const json = (path: string): any => JSON.parse(read(path));

describe.each(EXAMPLES)('examples/%s', (name) => {
  it('is found from the README, says how it is started, and has a test', () => {
    expect(read('README.md')).toContain(`(examples/${name})`);
    expect(read(`examples/${name}/README.md`)).toContain('```sh\nnpm start\n```');
    expect(read(`test/example-${name}.e2e-spec.ts`)).toContain(`startExample('${name}'`);
  });

  it('is small', () => {
    const sources = readdirSync(new URL(`examples/${name}/src/`, ROOT)).map((file) =>
      read(`examples/${name}/src/${file}`),
    );
    const lines = sources.join('\n').split('\n');
    expect(lines.filter((line) => !COMMENT_OR_BLANK.test(line)).length).toBeLessThanOrEqual(MOST_LINES);
  });

  it('depends on the package, and on others in the major versions that it is tested with', () => {
    const { dependencies, devDependencies, scripts } = json(`examples/${name}/package.json`);
    const { packages } = json('package-lock.json');
    const { latchkey, ...others } = { ...dependencies, ...devDependencies };
    expect(latchkey).toBe('file:../..');
    expect(scripts.start).toMatch(/^exec node \.\.\/\.\.\/scripts\/example\.mjs /);
    for (const [one, range] of Object.entries<string>(others)) {
      const { version = 'not there' } = packages[`node_modules/${one}`] ?? {};
      const [major] = version.split('.');
      expect(`${one} ${range}`).toMatch(new RegExp(`^${one} \\^${major}\\.`));
    }
  });
});
