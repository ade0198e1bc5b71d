import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { existsSync, readFileSync } from 'node:fs';
import { parse } from 'yaml';

import { startApp, type TestApp } from './support/app.js';
import { BearerClient } from './support/clients.js';
import { parsePrometheus, type PrometheusSample } from './support/prometheus.js';

const read = (name: string): string => readFileSync(new URL(`../docs/${name}`, import.meta.url), 'utf8');

interface Rule {
  alert: string;
  expr: string;
  annotations: { summary: string; runbook_url: string };
}

const RULES = (parse(read('alerts.yml')) as { groups: { rules: Rule[] }[] }).groups.flatMap(
  ({ rules }) => rules,
);
const DASHBOARD = JSON.parse(read('grafana/latchkey.json')) as {
  panels: { title: string; targets?: { expr: string; legendFormat: string }[] }[];
};
const PANELS = DASHBOARD.panels.flatMap(({ title, targets = [] }) =>
  targets.map((target) => ({ title, ...target })),
);

const FUNCTIONS = /^(rate|increase|histogram_quantile|sum|max|min|count|topk|by|or|and)$/;
// Of Prometheus itself, and of every histogram.
const GIVEN_LABELS = new Set(['instance', 'job', 'le']);

/** What a metric's labels can be: those of its samples, and what Prometheus adds. */
interface Exported {
  labels: Map<string, Set<string>>;
}

/** Brackets in pairs, also in strings left out. @throws Error */
function checkBrackets(expression: string): void {
  const open: string[] = [];
  const pairs: Record<string, string> = { ')': '(', ']': '[', '}': '{' };
  for (const character of expression.replace(/"[^"]*"/g, '""')) {
    if ('([{'.includes(character)) open.push(character);
    else if (character in pairs && open.pop() !== pairs[character])
      throw new Error(`brackets: ${expression}`);
  }
  if (open.length > 0 || (expression.match(/"/g) ?? []).length % 2 !== 0)
    throw new Error(`brackets: ${expression}`);
}

describe('expressions over the metrics', () => {
  let app: TestApp;
  const exported = new Map<string, Exported>();

  beforeAll(async () => {
    app = await startApp();
    await new BearerClient(app.url).get('/auth/session');
    const metrics = parsePrometheus((await new BearerClient(app.url).get('/metrics')).text);
    for (const sample of metrics.flatMap(({ samples }) => samples)) note(sample);
  });
  afterAll(() => app.close());

  const note = ({ name, labels }: PrometheusSample): void => {
    const known = exported.get(name) ?? { labels: new Map<string, Set<string>>() };
    for (const [label, value] of Object.entries(labels)) {
      known.labels.set(label, (known.labels.get(label) ?? new Set()).add(value));
    }
    exported.set(name, known);
  };
  const known = (name: string): Exported => {
    const metric = exported.get(name);
    if (!metric) throw new Error(`nobody exports ${name}`);
    return metric;
  };

  /** @throws Error naming what the program does not export */
  const check = (expression: string, legend = ''): void => {
    checkBrackets(expression);
    const bare = expression
      .replace(/\{[^}]*\}/g, '')
      .replace(/\[[^\]]*\]/g, '')
      .replace(/by \([^)]*\)/g, '');
    const names = [...bare.matchAll(/[a-z_][a-z0-9_]*/g)]
      .map(([word]) => word)
      .filter((word) => !FUNCTIONS.test(word));
    expect(names.length).toBeGreaterThan(0);
    const metrics = names.map(known);
    const labels = [
      ...[...expression.matchAll(/by \(([^)]*)\)/g)].flatMap(([, list = '']) => list.split(/, */)),
      ...[...legend.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = '']) => label),
    ];
    for (const label of labels) {
      if (GIVEN_LABELS.has(label)) continue;
      if (!metrics.some((metric) => metric.labels.has(label)))
        throw new Error(`no label ${label}: ${expression}`);
    }
    for (const [, name = '', matchers = ''] of expression.matchAll(/(\w+)\{([^}]*)\}/g))
      checkMatchers(name, matchers);
  };
  const checkMatchers = (name: string, matchers: string): void => {
    for (const matcher of matchers.split(/, */)) {
      const [, label = '', operator, value = ''] = /^(\w+)(=~|!~|!=|=)"([^"]*)"$/.exec(matcher) ?? [];
      if (label === '') throw new Error(`no matcher: ${matcher}`);
      if (GIVEN_LABELS.has(label)) continue;
      const values = known(name).labels.get(label);
      if (!values) throw new Error(`no label ${label} of ${name}`);
      // Requests have only the routes and codes that there have been.
      if (name.startsWith('http_')) continue;
      const wanted = operator?.endsWith('~') ? value.split('|') : [value];
      for (const one of wanted) if (!values.has(one)) throw new Error(`${label} of ${name} is never ${one}`);
    }
  };

  it.each(PANELS)('panel «$title» shows what the program exports: $expr', ({ expr, legendFormat }) => {
    check(expr, legendFormat);
  });

  it.each(RULES)('alert $alert is about what the program exports', ({ expr }) => {
    check(expr);
  });

  it.each(RULES)('alert $alert says what it means, and links to what to do', ({ annotations }) => {
    expect(annotations.summary.length).toBeGreaterThan(20);
    const [file = '', anchor = ''] = annotations.runbook_url.replace(/^docs\//, '').split('#');
    expect(existsSync(new URL(`../docs/${file}`, import.meta.url))).toBe(true);
    const anchors = [...read(file).matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
      title
        .toLowerCase()
        .replace(/[^\w -]/g, '')
        .replaceAll(' ', '-'),
    );
    expect(anchors).toContain(anchor);
  });

  it.each([
    ['latchkey_nothing_total', /nobody exports/],
    ['sum by (user) (rate(latchkey_logins_total[5m]))', /no label user/],
    ['rate(latchkey_logins_total{outcome="lost"}[5m])', /is never lost/],
    ['sum(rate(latchkey_logins_total[5m])', /brackets/],
  ])('would notice %s', (expression, problem) => {
    expect(() => check(expression)).toThrow(problem);
  });

  it('leave no metric of the program out of the dashboard', () => {
    const shown = PANELS.map(({ expr }) => expr).join(' ');
    const ours = [...exported.keys()].map((name) => name.replace(/_(bucket|sum|count)$/, ''));
    expect(
      [...new Set(ours)].filter((name) => name.startsWith('latchkey_') && !shown.includes(name)),
    ).toEqual([]);
  });
});
