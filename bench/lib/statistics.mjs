/** @typedef {{ median: number, min: number, max: number }} Spread */

/**
 * The middle of the values, or of the two in the middle. NaN of none.
 *
 * @param {readonly number[]} values
 */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2;
}

/**
 * What a few rounds say: the median, and how far apart they were.
 *
 * @param {readonly number[]} values
 * @returns {Spread}
 */
export function spread(values) {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) };
}

/**
 * How many times as much as the reference, round by round. A machine has moods that last longer than a round, so what
 * ran in the same round is compared, and the median of that is taken; not the quotient of two medians.
 *
 * @param {ReadonlyMap<number, number>} values by round
 * @param {ReadonlyMap<number, number>} reference by round
 * @returns {Spread | null} null when no round has both
 */
export function ratio(values, reference) {
  const ratios = [...values].flatMap(([round, value]) => {
    const base = reference.get(round);
    return base ? [value / base] : [];
  });
  return ratios.length > 0 ? spread(ratios) : null;
}

/**
 * The slope of a straight line through the points, by least squares.
 *
 * @param {readonly [x: number, y: number][]} points
 */
export function slope(points) {
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / points.length;
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / points.length;
  const over = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0);
  return over / points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
}

/**
 * The order in which a round runs the variants: every other one the other way round, so that none is always the first on
 * a machine that warms up or the last on one that throttles.
 *
 * @template T
 * @param {readonly T[]} items
 * @param {number} round from 0
 */
export function orderOf(items, round) {
  return round % 2 === 0 ? [...items] : [...items].reverse();
}
