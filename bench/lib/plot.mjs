// Plots as SVG, without a library. Colours follow the reader's theme, also where the file is shown as an image.

const STYLE = `<style>
text { font: 13px system-ui, sans-serif; fill: #1f2328 }
.title { font-size: 16px; font-weight: 600 }
.quiet { fill: #59636e; font-size: 12px }
.axis { stroke: #d1d9e0; stroke-width: 1; fill: none }
.spread { stroke: #1f2328; stroke-width: 1.5; fill: none }
.c0 { fill: #0969da; stroke: #0969da } .c1 { fill: #bc4c00; stroke: #bc4c00 } .c2 { fill: #1a7f37; stroke: #1a7f37 }
.c3 { fill: #8250df; stroke: #8250df } .c4 { fill: #9a6700; stroke: #9a6700 } .c5 { fill: #6e7781; stroke: #6e7781 }
.c6 { fill: #bf3989; stroke: #bf3989 } .c7 { fill: #1b7c83; stroke: #1b7c83 }
.bar { stroke: none } .line { fill: none; stroke-width: 2; stroke-linejoin: round }
@media (prefers-color-scheme: dark) {
  text { fill: #f0f6fc } .quiet { fill: #9198a1 } .axis { stroke: #3d444d } .spread { stroke: #f0f6fc }
  .c0 { fill: #4493f8; stroke: #4493f8 } .c1 { fill: #f0883e; stroke: #f0883e } .c2 { fill: #3fb950; stroke: #3fb950 }
  .c3 { fill: #ab7df8; stroke: #ab7df8 } .c4 { fill: #d29922; stroke: #d29922 } .c5 { fill: #9198a1; stroke: #9198a1 }
  .c6 { fill: #db61a2; stroke: #db61a2 } .c7 { fill: #39c5cf; stroke: #39c5cf }
  .bar { stroke: none } .line { fill: none }
}
</style>`;

const WIDTH = 800;

/**
 * Horizontal bars, each with what its rounds lay between.
 *
 * @param {object} plot
 * @param {string} plot.title
 * @param {string} plot.note what the numbers are
 * @param {{ label: string, value: number, min: number, max: number, shown: string, ours?: boolean }[]} plot.bars
 * @returns {string} SVG
 */
export function barPlot({ title, note, bars }) {
  const left = 365;
  const room = WIDTH - left - 130;
  const most = Math.max(...bars.map(({ max }) => max), Number.MIN_VALUE);
  const x = (/** @type {number} */ value) => rounded(left + (value / most) * room);
  const rows = bars.map(({ label, value, min, max, shown, ours }, i) => {
    const y = 64 + i * 30;
    const whisker =
      max > min
        ? `<path class="spread" d="M${x(min)} ${y + 9}H${x(max)}M${x(min)} ${y + 5}v8M${x(max)} ${y + 5}v8"/>`
        : '';
    return [
      `<text x="${left - 10}" y="${y + 14}" text-anchor="end"${ours ? ' font-weight="600"' : ''}>${escape(label)}</text>`,
      `<rect class="bar ${ours ? 'c0' : 'c5'}" x="${left}" y="${y}" width="${rounded(x(value) - left)}" height="18" rx="2"/>`,
      whisker,
      `<text x="${rounded(x(max) + 8)}" y="${y + 14}">${escape(shown)}</text>`,
    ].join('');
  });
  return svg(title, note, 64 + bars.length * 30 + 8, rows.join('\n'));
}

/**
 * @typedef {object} Axis
 * @property {string} label
 * @property {boolean} [log]
 * @property {(value: number) => string} [format]
 * @property {number} [from] where it begins; where the values begin without it
 */

/**
 * Lines over two axes, each of which may be logarithmic, with their names beside them.
 *
 * @param {object} plot
 * @param {string} plot.title
 * @param {string} plot.note
 * @param {Axis} plot.x
 * @param {Axis} plot.y
 * @param {{ name: string, points: [number, number][], color?: number, marks?: boolean }[]} plot.series
 * @returns {string} SVG
 */
export function linePlot({ title, note, x, y, series }) {
  const box = { left: 80, top: 90, width: WIDTH - 80 - 220, height: 270 };
  const horizontal = scaleOf(
    x,
    series.flatMap(({ points }) => points.map(([value]) => value)),
  );
  const vertical = scaleOf(
    y,
    series.flatMap(({ points }) => points.map(([, value]) => value)),
  );
  const px = (/** @type {number} */ value) => rounded(box.left + horizontal.at(value) * box.width);
  const py = (/** @type {number} */ value) => rounded(box.top + (1 - vertical.at(value)) * box.height);
  const bottom = box.top + box.height;
  const parts = [
    ...vertical.ticks.map(
      (value) =>
        `<path class="axis" d="M${box.left} ${py(value)}h${box.width}"/><text class="quiet" x="${box.left - 8}" y="${py(value) + 4}" text-anchor="end">${escape((y.format ?? plain)(value))}</text>`,
    ),
    ...horizontal.ticks.map(
      (value) =>
        `<path class="axis" d="M${px(value)} ${bottom}v5"/><text class="quiet" x="${px(value)}" y="${bottom + 20}" text-anchor="middle">${escape((x.format ?? plain)(value))}</text>`,
    ),
    `<text class="quiet" x="${box.left + box.width}" y="${bottom + 40}" text-anchor="end">${escape(x.label)}</text>`,
    `<text class="quiet" x="${box.left - 60}" y="${box.top - 14}">${escape(y.label)}</text>`,
    ...series.map(({ name, points, color, marks }, i) => {
      const paint = `c${(color ?? i) % 8}`;
      const path = points.map(([a, b]) => `${px(a)} ${py(b)}`).join('L');
      const dots = marks
        ? points.map(([a, b]) => `<circle class="${paint}" cx="${px(a)}" cy="${py(b)}" r="3"/>`).join('')
        : '';
      const legend = box.top + 8 + i * 22;
      const at = box.left + box.width + 16;
      return `<path class="line ${paint}" d="M${path}"/>${dots}<path class="line ${paint}" d="M${at} ${legend}h18"/><text x="${at + 24}" y="${legend + 4}">${escape(name)}</text>`;
    }),
  ];
  return svg(title, note, bottom + 52, parts.join('\n'));
}

/**
 * @param {Axis} axis
 * @param {number[]} values
 * @returns {{ at: (value: number) => number, ticks: number[] }} share of the axis, 0 to 1, and where to write numbers
 */
function scaleOf({ log = false, from }, values) {
  const least = from ?? Math.min(...values);
  const most = Math.max(...values, least + Number.EPSILON);
  if (!log) {
    const step = niceStep(most - least);
    const first = Math.floor(least / step) * step;
    const last = Math.max(Math.ceil(most / step) * step, first + step);
    const count = Math.round((last - first) / step);
    const ticks = Array.from({ length: count + 1 }, (_, i) => first + i * step);
    return { at: (value) => (value - first) / (last - first), ticks };
  }
  const low = Math.floor(Math.log10(Math.max(least, 1e-9)));
  const high = Math.max(low + 1, Math.ceil(Math.log10(most)));
  const ticks = Array.from({ length: high - low + 1 }, (_, i) => 10 ** (low + i));
  return { at: (value) => (Math.log10(Math.max(value, 10 ** low)) - low) / (high - low), ticks };
}

/** A step of 1, 2 or 5 that divides a range into about five. @param {number} range */
function niceStep(range) {
  const rough = Math.max(range, Number.MIN_VALUE) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = [1, 2, 5, 10].find((one) => one * power >= rough) ?? 10;
  return factor * power;
}

/**
 * @param {string} title
 * @param {string} note
 * @param {number} height
 * @param {string} content
 */
function svg(title, note, height, content) {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escape(title)}">
${STYLE}
<text class="title" x="16" y="26">${escape(title)}</text>
<text class="quiet" x="16" y="46">${escape(note)}</text>
${content}
</svg>
`;
}

/** @param {number} value */
const plain = (value) =>
  value >= 1000 ? value.toLocaleString('en-GB').replaceAll(',', ' ') : String(Number(value.toPrecision(3)));

/** @param {number} value */
const rounded = (value) => Number(value.toFixed(1));

/** @param {string} text */
const escape = (text) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
