import { describe, expect, it } from '@jest/globals';

// Plain JavaScript with a tsconfig of its own; what is imported here has no type.
const load = async (file: string): Promise<any> => import(`../bench/lib/${file}`);
const { Histogram } = await load('histogram.mjs');
const { median, orderOf, ratio, slope, spread } = await load('statistics.mjs');
const { figure, spreadFigure, table } = await load('markdown.mjs');
const { barPlot, linePlot } = await load('plot.mjs');
const { readRows } = await load('read-table.mjs');
const { parseSettings } = await load('arguments.mjs');
const { rawRequest } = await load('load.mjs');

describe('histogram of the bench', () => {
  it('finds quantiles within the width of its buckets', () => {
    const histogram = new Histogram();
    for (let us = 1; us <= 100_000; us += 1) histogram.record(us);
    for (const share of [0.001, 0.5, 0.99, 0.999]) {
      const exact = share * 100_000;
      expect(Math.abs(histogram.quantile(share) - exact) / exact).toBeLessThan(0.02);
    }
    expect(histogram.total).toBe(100_000);
  });

  it('comes back whole from JSON, and adds up', () => {
    const one = new Histogram();
    const other = new Histogram();
    for (const us of [3, 127, 128, 1_000_000]) one.record(us);
    for (const us of [3, 500]) other.record(us);
    const sum = new Histogram(JSON.parse(JSON.stringify(one))).add(other);
    expect(sum.total).toBe(6);
    expect(sum.quantile(1)).toBeGreaterThanOrEqual(1_000_000);
    expect(sum.cdf().at(-1)?.[1]).toBe(1);
  });

  it('keeps a single slow request in the tail', () => {
    const histogram = new Histogram();
    for (let i = 0; i < 999; i += 1) histogram.record(100);
    histogram.record(2_000_000);
    expect(histogram.summary().p99).toBeCloseTo(0.1);
    expect(histogram.summary().max).toBeGreaterThan(1_999);
  });
});

describe('statistics of the bench', () => {
  it('takes the middle, or what is between the two in the middle', () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([1, 10, 4, 2])).toBe(3);
    expect(median([])).toBeNaN();
    expect(spread([3, 1, 2])).toEqual({ median: 2, min: 1, max: 3 });
  });

  it('compares within each round, so that a slow hour counts against both', () => {
    const ours = new Map([
      [0, 100],
      [1, 10],
      [2, 30],
    ]);
    const theirs = new Map([
      [0, 50],
      [1, 5],
      [3, 1],
    ]);
    expect(ratio(ours, theirs)).toEqual({ median: 2, min: 2, max: 2 });
    expect(ratio(ours, new Map())).toBeNull();
  });

  it('finds what grows, and what only moves about', () => {
    expect(slope([1, 2, 3, 4].map((x) => [x, 2 * x + 7]))).toBeCloseTo(2);
    expect(slope([1, 2, 3, 4].map((x) => [x, 7 + (x === 2 || x === 3 ? 1 : 0)]))).toBeCloseTo(0);
  });

  it('runs every other round the other way round', () => {
    expect(orderOf(['a', 'b', 'c'], 0)).toEqual(['a', 'b', 'c']);
    expect(orderOf(['a', 'b', 'c'], 1)).toEqual(['c', 'b', 'a']);
  });
});

describe('results of the bench', () => {
  const run = (variant: string, round: number, perSecond: number, credentials = 'one cookie') => ({
    variant,
    round,
    credentials,
    perSecond,
    cpuUs: 1e6 / perSecond,
  });

  it('are medians over the rounds, and ratios to the textbook of the same round and the same credentials', () => {
    const rows = readRows([
      run('g', 0, 3_000),
      run('b', 0, 1_000),
      run('b', 1, 100),
      run('g', 1, 400),
      run('g', 0, 2_000, 'bearer'),
    ]);
    expect(rows.map((row: any) => [row.variant, row.credentials, row.perSecond.median])).toEqual([
      ['b', 'one cookie', 550],
      ['g', 'one cookie', 1_700],
      ['g', 'bearer', 2_000],
    ]);
    expect(rows.map((row: any) => row.faster.median)).toEqual([1, 3.5, 2]);
  });

  it('are written with three digits that count, and thousands apart', () => {
    expect([1_234_567, 123.4, 12.34, 1.234, NaN].map(figure)).toEqual([
      '1 234 567',
      '123',
      '12.3',
      '1.23',
      '–',
    ]);
    expect(spreadFigure({ median: 2, min: 1, max: 3 })).toBe('2.00 (1.00–3.00)');
    const lines = table(['a', 'b'], [['long name', '1']]).split('\n');
    expect(new Set(lines.map(({ length }: string) => length)).size).toBe(1);
  });
});

describe('plots of the bench', () => {
  const bars = [
    { label: 'ours <&> "theirs"', value: 200, min: 150, max: 250, shown: '200', ours: true },
    { label: 'other', value: 100, min: 100, max: 100, shown: '100' },
  ];

  it('draw bars in proportion, with what lies between the rounds, and escape every name', () => {
    const svg: string = barPlot({ title: 'a & b', note: 'n', bars });
    const widths = [...svg.matchAll(/<rect[^>]* width="([\d.]+)"/g)].map(([, width]) => Number(width));
    expect((widths[0] ?? 0) / (widths[1] ?? 1)).toBeCloseTo(2, 1);
    expect(svg.match(/class="spread"/g)).toHaveLength(1);
    expect(svg).toContain('ours &lt;&amp;&gt; &quot;theirs&quot;');
    expect(svg).toContain('prefers-color-scheme: dark');
  });

  it('draw lines inside their box, also over logarithmic axes', () => {
    const svg: string = linePlot({
      title: 't',
      note: 'n',
      x: { label: 'x', log: true },
      y: { label: 'y', log: true },
      series: [
        {
          name: 's',
          points: [
            [10, 0.5],
            [1_000_000, 5_000],
          ],
        },
      ],
    });
    const [, path = ''] = /class="line c0" d="M([^"]+)"/.exec(svg) ?? [];
    const [from, to] = path.split('L').map((point) => point.split(' ').map(Number));
    expect(from?.[0]).toBeLessThan(to?.[0] ?? 0);
    expect(from?.[1]).toBeGreaterThan(to?.[1] ?? 0);
    expect(svg).not.toMatch(/NaN|Infinity/);
  });
});

describe('what the bench is told and what it sends', () => {
  const known = { variants: ['a', 'b', 'g'], scenarios: ['read', 'login'] };

  it('takes variants and scenarios in its own order, and refuses what it does not know', () => {
    const settings = parseSettings(['--only', 'g,a', '--rounds', '2', '--quick'], known);
    expect(settings).toMatchObject({
      only: ['a', 'g'],
      rounds: 2,
      quick: true,
      scenarios: ['read', 'login'],
    });
    expect(() => parseSettings(['--only', 'x'], known)).toThrow('there is no x');
    expect(() => parseSettings(['--rounds', '0'], known)).toThrow('--rounds');
    expect(() => parseSettings(['--nonsense'], known)).toThrow('--quick');
  });

  it('writes requests that a server can read to their end', () => {
    const request: string = rawRequest({
      method: 'POST',
      path: '/cart',
      headers: { cookie: 'a=b' },
      body: { item: 'ä' },
    });
    const [head = '', body = ''] = request.split('\r\n\r\n');
    expect(head).toContain(`content-length: ${Buffer.byteLength(body)}`);
    expect(rawRequest({ path: '/me' })).toMatch(/^GET \/me HTTP\/1\.1\r\n(?:[^\r]+\r\n)+\r\n$/);
  });
});
