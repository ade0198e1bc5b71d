import { describe, expect, it } from '@jest/globals';
import { linePath, lonelyPoints, plotScale, roundUp } from './plot-scale.js';

describe('The scale of a plot', () => {
  it.each([
    [0, 2],
    [2, 2],
    [3, 4],
    [5, 6],
    [9, 10],
    [11, 20],
    [41, 60],
    [99, 100],
    [1001, 2000],
  ])('ends for %d at %d', (figure, top) => {
    expect(roundUp(figure)).toBe(top);
  });

  it('draws the largest figure below its upper edge, and none on the ground', () => {
    const scale = plotScale(640, 96, 10);
    expect(scale.y(10)).toBe(10);
    expect(scale.y(0)).toBe(144);
    expect(scale.x(96)).toBeCloseTo(632);
  });
});

describe('The line of a plot', () => {
  it('is interrupted where a figure is missing, and leaves lonely ones to points', () => {
    const figures = [1, 2, null, 1, null, 2];
    const scale = plotScale(108, 6, 2);
    const path = linePath(figures, scale);
    expect(path.match(/[ML]/g)).toEqual(['M', 'L', 'M', 'M']);
    expect(path).not.toContain('NaN');
    expect(lonelyPoints(figures, scale)).toEqual([
      { index: 3, x: 75, y: 77 },
      { index: 5, x: 95, y: 10 },
    ]);
  });
});
