import { describe, expect, it } from '@jest/globals';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { blocksOf, firstForeignLine, type GuideBlock } from './support/guide-blocks.js';

const ROOT = new URL('../', import.meta.url);
const GUIDES = readdirSync(new URL('docs/guides/', ROOT)).filter((name) => name.endsWith('.md'));
// What is typed into a terminal or sent over the wire is no source of anything.
const FREE = ['sh', 'text', 'http'];
// Whatever lies here is compiled or run by .ci/run.
const CHECKED = /^(src|test|examples|clients|deploy|scripts\/pack-check)\//;

const read = (path: string) => readFileSync(new URL(path, ROOT), 'utf8');

const wrongIn = (blocks: GuideBlock[]): string[] =>
  blocks.flatMap(({ line, file, lines }) => {
    if (file === undefined) return [`line ${line}: the block does not name the file that it is from`];
    if (!CHECKED.test(file)) return [`line ${line}: nobody compiles or runs ${file}`];
    if (!existsSync(new URL(file, ROOT))) return [`line ${line}: there is no ${file}`];
    const foreign = firstForeignLine(lines, read(file));
    return foreign === undefined ? [] : [`line ${line}: not in ${file}: ${foreign.trim()}`];
  });

describe.each(GUIDES)('docs/guides/%s', (name) => {
  const page = read(`docs/guides/${name}`);

  it('shows no code but what is compiled or run as it stands there', () => {
    const code = blocksOf(page).filter(
      ({ language, file }) => file !== undefined || !FREE.includes(language),
    );
    expect(wrongIn(code)).toEqual([]);
  });

  it('links to files that are there', () => {
    const targets = [...page.matchAll(/\]\(([^)\s#]+)[^)]*\)/g)].map(([, target]) => target as string);
    const files = targets.filter((target) => !/^\w+:/.test(target));
    expect(files.filter((file) => !existsSync(new URL(file, new URL('docs/guides/', ROOT))))).toEqual([]);
  });

  it('is found from the README', () => {
    expect(read('README.md')).toContain(`(docs/guides/${name})`);
  });
});

describe('README.md', () => {
  it('shows the application of its first steps as it is run', () => {
    const steps = blocksOf(read('README.md')).filter(({ file }) => file !== undefined);
    expect(steps.length).toBeGreaterThan(1);
    expect(wrongIn(steps)).toEqual([]);
  });
});

describe('what guides show', () => {
  const source =
    'class Shop {\n  open() {\n    return true;\n  }\n\n  close() {\n    return false;\n  }\n}\n';
  const shows = (...lines: string[]) => firstForeignLine(lines, source);

  it('may be indented less than its source, and leave something out', () => {
    expect(shows('open() {', '  return true;', '}')).toBeUndefined();
    expect(shows('class Shop {', '  // …', '  close() {', '    // …', '}')).toBeUndefined();
  });

  it('must be there, in this order and next to each other', () => {
    expect(shows('open() {', '  return 1;', '}')).toBe('  return 1;');
    expect(shows('open() {', 'return true;', '}')).toBe('return true;');
    expect(shows('close() {', '…', 'open() {')).toBe('open() {');
    expect(shows('open() {', '}')).toBe('}');
  });

  it('names its file behind the language', () => {
    const page = 'Text\n\n```ts src/shop.ts\nopen();\n```\n\n````sh\nls\n```\n````\n';
    expect(blocksOf(page)).toEqual([
      { line: 3, language: 'ts', file: 'src/shop.ts', lines: ['open();'] },
      { line: 7, language: 'sh', file: undefined, lines: ['ls', '```'] },
    ]);
  });
});
