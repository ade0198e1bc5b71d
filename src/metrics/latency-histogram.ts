import type { Histogram, Registry } from 'prom-client';

/** One time series of a {@link LatencyHistogram}. Taking a value costs a few comparisons and makes nothing. */
export class Latency {
  readonly counts: number[];
  sum = 0;

  constructor(private readonly bounds: readonly number[]) {
    this.counts = new Array<number>(bounds.length + 1).fill(0);
  }

  /** @param seconds how long it took */
  observe(seconds: number): void {
    const { bounds } = this;
    let bucket = 0;
    while (bucket < bounds.length && seconds > (bounds[bucket] as number)) bucket++;
    this.counts[bucket] = (this.counts[bucket] as number) + 1;
    this.sum += seconds;
  }
}

export interface LatencyHistogramOptions {
  name: string;
  help: string;
  /** Upper bounds of the buckets in seconds, ascending. */
  buckets: readonly number[];
}

/** As prom-client's registry prints it. */
interface Sample {
  metricName: string;
  labels: Record<string, string | number>;
  value: number;
}

/**
 * A histogram for what happens with every request. prom-client's own checks and hashes its labels at every value, also
 * in a child that was asked for once: 0.4 µs a value. Here whoever observes keeps its series: 0.03 µs.
 */
export class LatencyHistogram {
  readonly name: string;
  readonly help: string;
  readonly type = 'histogram';
  readonly aggregator = 'sum';
  private readonly bounds: readonly number[];
  private readonly series: { labels: Record<string, string>; latency: Latency }[] = [];

  constructor(registry: Registry, { name, help, buckets }: LatencyHistogramOptions) {
    this.name = name;
    this.help = help;
    this.bounds = buckets;
    // Of a metric the registry asks nothing but its name and what `get` says.
    registry.registerMetric(this as unknown as Histogram);
  }

  /** A new time series. Ask once per set of labels, and keep it. */
  with(labels: Record<string, string> = {}): Latency {
    const latency = new Latency(this.bounds);
    this.series.push({ labels, latency });
    return latency;
  }

  get(): Promise<{ name: string; help: string; type: string; aggregator: string; values: Sample[] }> {
    const { name, help, type, aggregator } = this;
    return Promise.resolve({
      name,
      help,
      type,
      aggregator,
      values: this.series.flatMap((one) => this.samplesOf(one)),
    });
  }

  private samplesOf({ labels, latency }: (typeof this.series)[number]): Sample[] {
    let count = 0;
    const buckets = [...this.bounds, '+Inf'].map((le, i) => {
      count += latency.counts[i] as number;
      return { metricName: `${this.name}_bucket`, labels: { le, ...labels }, value: count };
    });
    return [
      ...buckets,
      { metricName: `${this.name}_sum`, labels, value: latency.sum },
      { metricName: `${this.name}_count`, labels, value: count },
    ];
  }
}
