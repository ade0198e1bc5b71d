import { Counter, type Registry } from 'prom-client';

export interface LabelledCounterOptions<Value extends string> {
  name: string;
  help: string;
  label: string;
  /** Every value that the label may have; a record, so that a new member of a union type cannot be forgotten. */
  values: Readonly<Record<Value, true>>;
}

// What a value that is not in the list is counted as.
const OTHER = 'other';

/**
 * A counter with one label of few values, all of them there from the start: the first event of its kind is then a step
 * from 0 to 1 that `rate()` sees, and nothing that comes from outside can make another time series.
 */
export class LabelledCounter<Value extends string> {
  private readonly counter: Counter;
  private readonly known: ReadonlySet<string>;

  constructor(
    registry: Registry,
    private readonly options: LabelledCounterOptions<Value>,
  ) {
    const { name, help, label } = options;
    this.counter = new Counter({ name, help, labelNames: [label], registers: [registry] });
    this.known = new Set(Object.keys(options.values));
    for (const value of this.known) this.counter.inc({ [label]: value }, 0);
  }

  inc(value: Value | (string & {}), count = 1): void {
    this.counter.inc({ [this.options.label]: this.known.has(value) ? value : OTHER }, count);
  }
}
