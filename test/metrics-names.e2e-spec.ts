import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { METHODS } from 'node:http';

import { PASSWORD, startApp, type TestApp } from './support/app.js';
import { BearerClient, CookieClient } from './support/clients.js';
import { parsePrometheus, type PrometheusMetric } from './support/prometheus.js';
import { rawRequest, sendRaw } from './support/raw-http.js';

const DOCUMENT = readFileSync(new URL('../docs/metrics.md', import.meta.url), 'utf8');
const ROUTES = readFileSync(new URL('../docs/http-api.md', import.meta.url), 'utf8');

// Of prom-client, read off Node; their labels are kinds of resources and of memory.
const OF_NODE = /^(process|nodejs)_/;
// Their values are explained in words.
const IN_WORDS: Record<string, RegExp> = {
  method: /^(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|OTHER)$/,
  status: /^[1-5]\d\d$/,
  version: /^\d+\.\d+\.\d+$/,
  node: /^v\d+\.\d+\.\d+$/,
};

const codes = (values: Iterable<string>): string => [...values].map((value) => `\`${value}\``).join(', ');

/** Labels and their values, `le` aside. */
function labelsOf({ samples }: PrometheusMetric): Map<string, Set<string>> {
  const labels = new Map<string, Set<string>>();
  for (const sample of samples) {
    for (const [label, value] of Object.entries(sample.labels)) {
      if (label !== 'le') labels.set(label, (labels.get(label) ?? new Set()).add(value));
    }
  }
  return labels;
}

/** The line of docs/metrics.md. */
function rowOf(metric: PrometheusMetric): string {
  const labels = [...labelsOf(metric)].map(([label, values]) =>
    label in IN_WORDS || label === 'route' ? `\`${label}\`` : `\`${label}\`: ${codes(values)}`,
  );
  return `| \`${metric.name}\` | ${metric.type} | ${labels.join('; ')} | ${metric.help} |`;
}

describe('the names and labels of metrics', () => {
  let app: TestApp;
  let before: PrometheusMetric[];
  const read = async () => parsePrometheus((await new BearerClient(app.url).get('/metrics')).text);

  beforeAll(async () => {
    app = await startApp();
    await new BearerClient(app.url).get('/auth/session');
    before = await read();
  });
  afterAll(() => app.close());

  it('are the table of docs/metrics.md, line by line, before anything has happened', () => {
    const ours = before.filter(({ name }) => !OF_NODE.test(name)).map(rowOf);
    const documented = DOCUMENT.split('\n').filter((line) => /^\| `(latchkey|http)_/.test(line));
    expect([...documented].sort()).toEqual([...ours].sort());
  });

  it('take nothing from requests, whatever those hold', async () => {
    jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const mark = `mark${randomBytes(6).toString('hex')}`;
    const client = new CookieClient(app.url);
    await client.post('/auth/register', {
      email: `${mark}@example.com`,
      password: PASSWORD,
      displayName: mark,
    });
    for (let i = 0; i < 40; i++) {
      const own = `${mark}${i}`;
      const headers = {
        'user-agent': own,
        'x-request-id': own,
        [`x-${own}`]: own,
        authorization: `Bearer ${own}`,
      };
      const anybody = new BearerClient(app.url);
      await anybody.get(`/${own}/${own}?${own}=${own}`, { headers });
      await anybody.request('GET', `/auth/sessions/${own}`, { headers });
      await anybody.request(`X${own}`.toUpperCase(), '/auth/session');
      await anybody.post('/auth/login', { email: `${own}@example.com`, password: own, transport: own });
      await anybody.post('/auth/login', { email: `${mark}@example.com`, password: own });
      await client.delete(`/auth/sessions/${own}`);
    }
    // Node lets nobody's own methods through, but all of these.
    for (const method of METHODS.filter((one) => one !== 'CONNECT'))
      await sendRaw(app.url, rawRequest(method, `/auth/${mark}`, []));
    const after = await read();
    const values = after.flatMap((metric) =>
      [...labelsOf(metric)].map(([label, found]) => ({ metric, label, found })),
    );
    expect(JSON.stringify(values.map(({ found }) => [...found])).toLowerCase()).not.toContain(mark);
    for (const { metric, label, found } of values) {
      if (OF_NODE.test(metric.name)) continue;
      for (const value of found) {
        if (label === 'route') expect(value === 'unmatched' || ROUTES.includes(value)).toBe(true);
        else if (IN_WORDS[label]) expect(value).toMatch(IN_WORDS[label]);
        else expect(DOCUMENT).toContain(`\`${value}\``);
      }
    }
    // Nothing but what requests are counted by has more time series than before.
    const series = (metrics: PrometheusMetric[]) =>
      Object.fromEntries(
        metrics
          .filter(({ name }) => !OF_NODE.test(name) && !name.startsWith('http_'))
          .map(({ name, samples }) => [name, samples.length]),
      );
    expect(series(after)).toEqual(series(before));
    const requests = after.find(({ name }) => name === 'http_request_duration_seconds') as PrometheusMetric;
    expect(new Set(requests.samples.map(({ labels }) => labels['route'])).size).toBeLessThan(10);
  });
});
