import { describe, expect, it } from '@jest/globals';
import { linePath, plotScale, roundUp } from './plot-scale.js';

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
  it('is interrupted where a figure is missing, and has a dot for a lonely one', () => {
    const path = linePath([1, 2, null, 1, null], plotScale(98, 5, 2));
    expect(path.match(/[ML]/g)).toEqual(['M', 'L', 'M']);
    expect(path).toContain('h0.1');
    expect(path).not.toContain('NaN');
  });
});
