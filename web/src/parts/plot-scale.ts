/** Where things of a plot are, in the units of its drawing. */
export interface PlotScale {
  /** The largest figure of the axis, a round one. */
  top: number;
  /** Left edge of the n-th bucket. */
  x(index: number): number;
  /** Width of one bucket. */
  step: number;
  y(figure: number): number;
}

/** Room for the figures of the axis, and for the times. */
export const PLOT = { height: 168, left: 40, right: 8, above: 10, below: 24 } as const;

/**
 * @param width of the drawing
 * @param count of buckets
 * @param largest figure there is
 */
export function plotScale(width: number, count: number, largest: number): PlotScale {
  const top = roundUp(largest);
  const step = (width - PLOT.left - PLOT.right) / Math.max(count, 1);
  const high = PLOT.height - PLOT.above - PLOT.below;
  return {
    top,
    step,
    x: (index) => PLOT.left + index * step,
    y: (figure) => PLOT.above + high * (1 - figure / top),
  };
}

/** The next even figure of the kind 2, 4, 10, 20, 40, 100 …, so that half of it is whole. */
export function roundUp(figure: number): number {
  if (figure <= 2) return 2;
  const size = 10 ** Math.floor(Math.log10(figure));
  const factor = [1, 2, 4, 6, 8, 10].find((candidate) => candidate * size >= figure) ?? 10;
  return Math.max(4, factor * size);
}

/** The path of a line that is interrupted where a figure is missing. */
export function linePath(figures: readonly (number | null)[], scale: PlotScale): string {
  let path = '';
  let isDrawing = false;
  figures.forEach((figure, index) => {
    if (figure !== null) {
      const at = `${(scale.x(index) + scale.step / 2).toFixed(1)} ${scale.y(figure).toFixed(1)}`;
      path += `${isDrawing ? 'L' : 'M'}${at}`;
    }
    isDrawing = figure !== null;
  });
  return path;
}

/** Where figures stand alone, between two that are missing: a line does not show them. */
export function lonelyPoints(
  figures: readonly (number | null)[],
  scale: PlotScale,
): { index: number; x: number; y: number }[] {
  const isMissing = (index: number) => (figures[index] ?? null) === null;
  return figures.flatMap((figure, index) =>
    figure !== null && isMissing(index - 1) && isMissing(index + 1)
      ? [{ index, x: scale.x(index) + scale.step / 2, y: scale.y(figure) }]
      : [],
  );
}
