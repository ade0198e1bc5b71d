/**
 * Counts of times in µs in buckets that are exact below 128 µs and 1.6 % wide above, up to half an hour. As small for ten
 * requests as for ten million, and histograms of several generators can be added up.
 */
export class Histogram {
  /** @param {[number, number][]} [sparse] pairs of bucket and count, as `toJSON` gives them */
  constructor(sparse = []) {
    this.counts = new Uint32Array(128 + 24 * 64);
    this.total = 0;
    for (const [bucket, count] of sparse) this.#count(bucket, count);
  }

  /** @param {number} us time in µs */
  record(us) {
    const value = us < 1 ? 1 : us | 0;
    const exponent = 31 - Math.clz32(value);
    const bucket = value < 128 ? value : 128 + (exponent - 7) * 64 + ((value >> (exponent - 6)) - 64);
    this.counts[bucket] = (this.counts[bucket] ?? 0) + 1;
    this.total += 1;
  }

  /** @param {Histogram} other */
  add(other) {
    for (const [bucket, count] of other.toJSON()) this.#count(bucket, count);
    return this;
  }

  /**
   * The time within which this share of the requests was answered.
   *
   * @param {number} share 0 to 1
   * @returns {number} µs, NaN of an empty histogram
   */
  quantile(share) {
    const wanted = Math.max(1, Math.ceil(this.total * share));
    let seen = 0;
    for (const [bucket, count] of this.toJSON()) {
      seen += count;
      if (seen >= wanted) return ceilingOf(bucket);
    }
    return NaN;
  }

  /** p50, p99, p99.9 and the slowest, in ms. */
  summary() {
    const ms = (/** @type {number} */ share) => this.quantile(share) / 1000;
    return { p50: ms(0.5), p99: ms(0.99), p999: ms(0.999), max: ms(1) };
  }

  /**
   * Points of the distribution for a plot.
   *
   * @returns {[ms: number, share: number][]}
   */
  cdf() {
    let seen = 0;
    return this.toJSON().map(([bucket, count]) => {
      seen += count;
      return [ceilingOf(bucket) / 1000, seen / this.total];
    });
  }

  /** @returns {[bucket: number, count: number][]} */
  toJSON() {
    /** @type {[number, number][]} */
    const pairs = [];
    for (const [bucket, count] of this.counts.entries()) if (count > 0) pairs.push([bucket, count]);
    return pairs;
  }

  /**
   * @param {number} bucket
   * @param {number} count
   */
  #count(bucket, count) {
    this.counts[bucket] = (this.counts[bucket] ?? 0) + count;
    this.total += count;
  }
}

/** @param {number} bucket */
function ceilingOf(bucket) {
  if (bucket < 128) return bucket;
  const exponent = 7 + Math.floor((bucket - 128) / 64);
  return (65 + ((bucket - 128) % 64)) * 2 ** (exponent - 6) - 1;
}
