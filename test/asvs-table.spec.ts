import { describe, expect, it } from '@jest/globals';
import { existsSync, readFileSync } from 'node:fs';
import { formatDuration } from '../src/config/duration.js';
import { parseEnv } from '../src/config/index.js';

const read = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
const cells = (line: string): string[] =>
  line
    .split(/(?<!\\)\|/)
    .slice(1, -1)
    .map((cell) => cell.trim());

interface Row {
  id: string;
  level: string;
  met: string;
  how: string;
  tests: string[];
}

const TABLE = read('docs/asvs.md');
const ROWS: Row[] = TABLE.split('\n')
  .filter((line) => /^\| \d+\.\d+\.\d+ /.test(line))
  .map((line) => {
    const [id = '', level = '', , met = '', how = '', test = ''] = cells(line);
    return {
      id,
      level,
      met,
      how,
      tests: [...test.matchAll(/`([^`]+ › [^`]+)`/g)].map(([, name]) => name ?? ''),
    };
  });

/** The requirements of ASVS 5.0.0: all of V7, levels 1 and 2 of the other chapters. `3.4.1-6` stands for six of them. */
const DEMANDED = `
  7.1.1-3 7.2.1-4 7.3.1-2 7.4.1-5 7.5.1-3 7.6.1-2
  3.2.1-2 3.3.1-4 3.4.1-6 3.5.1-5 3.7.1-2
  6.1.1-3 6.2.1-12 6.3.1-4 6.4.1-4 6.5.1-5 6.6.1-3 6.8.1-4
  8.1.1-2 8.2.1-3 8.3.1-1 8.4.1-1
  11.1.1-2 11.2.1-3 11.3.1-3 11.4.1-4 11.5.1-1 11.6.1-1
  16.1.1-1 16.2.1-5 16.3.1-4 16.4.1-3 16.5.1-3`
  .trim()
  .split(/\s+/)
  .flatMap((range) => {
    const [, section, first, last] = /^(\d+\.\d+)\.(\d+)-(\d+)$/.exec(range) ?? [];
    const count = Number(last) - Number(first) + 1;
    return Array.from({ length: count }, (_, i) => `${section}.${Number(first) + i}`);
  });

/** The titles of the tests in a source: every text in quotes that a function follows. */
function titlesIn(source: string): Set<string> {
  const titles = source.matchAll(
    /(['"`])((?:\\.|(?!\1)[^\\\n])*)\1,\s*(?:async\s*)?(?:\([^)]*\)|\w+)\s*(?:=>|\{)/g,
  );
  return new Set([...titles].map(([, , title = '']) => title.replace(/\\(['"`\\])/g, '$1')));
}

describe('docs/asvs.md', () => {
  it('has every requirement of V7, and of the other chapters those of levels 1 and 2, once', () => {
    const ids = ROWS.map(({ id }) => id);
    expect(DEMANDED.filter((id) => !ids.includes(id))).toEqual([]);
    expect(ids.filter((id, i) => ids.indexOf(id) !== i)).toEqual([]);
    expect(ROWS.filter(({ id, level }) => level !== 'L3' && !DEMANDED.includes(id))).toEqual([]);
  });

  it('names tests that exist', () => {
    const sources = new Map<string, Set<string>>();
    const missing = ROWS.flatMap(({ id, tests }) => tests.map((test) => ({ id, test }))).filter(
      ({ test }) => {
        const [file = '', title = ''] = test.split(' › ');
        if (!existsSync(new URL(`../${file}`, import.meta.url))) return true;
        const titles = sources.get(file) ?? titlesIn(read(file));
        sources.set(file, titles);
        return !titles.has(title);
      },
    );
    expect(missing).toEqual([]);
  });

  it('says of each requirement whether and how it is met, and calls nothing met that nothing shows', () => {
    for (const { id, met, how, tests } of ROWS) {
      expect([id, met]).toEqual([id, expect.stringMatching(/^(yes|partly|no|n\/a)$/)]);
      expect([id, how]).toEqual([id, expect.stringMatching(/\S{2}/)]);
      const shown = tests.length > 0 || how.includes('.md#') || met === 'n/a' || SHOWN_BY_READING.has(id);
      expect([id, shown]).toEqual([id, true]);
    }
  });

  it('and docs/security.md link to files and sections that exist', () => {
    for (const page of ['docs/asvs.md', 'docs/security.md']) {
      for (const [, file = ''] of read(page).matchAll(/\]\(([\w./-]+)(?:#[\w-]+)?\)/g)) {
        expect([page, file, existsSync(new URL(`../docs/${file}`, import.meta.url))]).toEqual([
          page,
          file,
          true,
        ]);
      }
      for (const [, file = '', anchor = ''] of read(page).matchAll(/\]\(([\w.-]*\.md)?#([\w-]+)\)/g)) {
        const target = read(file === '' ? page : `docs/${file}`);
        const anchors = [...target.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
          title
            .toLowerCase()
            .replace(/[^\w\s-]/g, '')
            .replaceAll(' ', '-'),
        );
        expect([page, file, anchors.includes(anchor) ? anchor : `no #${anchor}`]).toEqual([
          page,
          file,
          anchor,
        ]);
      }
    }
  });
});

/** What no test can show, because it is about something that is not there, or whose code it is. */
const SHOWN_BY_READING = new Set(['3.7.2', '6.2.10', '11.2.1']);

describe('docs/security.md', () => {
  it('documents the timeouts that are in force by default', () => {
    const secret = 'u7Jx2mQ9vKcR4tWzE1nYb6HsLd8GpAfT';
    const { lifetimes, reauthWindowMs, sessionLimit, sessionLimitPolicy } = parseEnv({
      NODE_ENV: 'test',
      SESSION_SECRETS: `a${secret}`,
      SESSION_INDEX_KEYS: `b${secret}`,
    });
    const documented = read('docs/security.md')
      .split('\n')
      .map(cells)
      .filter(([name = '']) => Object.keys(lifetimes).includes(name))
      .map(([name, idle, absolute]) => [name, idle, absolute]);
    const inForce = Object.entries(lifetimes).map(([name, { idleTimeoutMs, absoluteTimeoutMs }]) => [
      name,
      formatDuration(idleTimeoutMs),
      formatDuration(absoluteTimeoutMs),
    ]);
    expect(documented.sort()).toEqual(inForce.sort());
    expect(read('docs/security.md')).toContain(
      `A recent login is one of the last ${formatDuration(reauthWindowMs)}.`,
    );
    expect(read('docs/security.md')).toContain(
      `at most ${sessionLimit} sessions (\`${sessionLimitPolicy}\`)`,
    );
  });
});
