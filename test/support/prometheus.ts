/** One line of the text format. */
export interface PrometheusSample {
  name: string;
  labels: Record<string, string>;
  value: number;
}

/** A metric as `/metrics` prints it. */
export interface PrometheusMetric {
  name: string;
  type: string;
  help: string;
  samples: PrometheusSample[];
}

const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"(?:,|$)/gy;

/** Reads the text format of Prometheus. @throws Error at a line that is none of it */
export function parsePrometheus(text: string): PrometheusMetric[] {
  const metrics: PrometheusMetric[] = [];
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const comment = /^# (HELP|TYPE) (\w+) (.*)$/.exec(line);
    if (comment) {
      const [, kind, name = '', rest = ''] = comment;
      if (kind === 'HELP') metrics.push({ name, type: '', help: rest, samples: [] });
      else (metrics.at(-1) as PrometheusMetric).type = rest;
      continue;
    }
    const sample = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line);
    if (!sample) throw new Error(`not a line of the text format: ${line}`);
    const [, name = '', labels = '', value] = sample;
    (metrics.at(-1) as PrometheusMetric).samples.push({
      name,
      labels: readLabels(labels),
      value: Number(value),
    });
  }
  return metrics;
}

function readLabels(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  let end = 0;
  for (const match of text.matchAll(LABEL)) {
    labels[match[1] as string] = match[2] as string;
    end = match.index + match[0].length;
  }
  if (end !== text.length) throw new Error(`not labels: ${text}`);
  return labels;
}

/** The sum of the samples of that name that have these labels; undefined when there is none. */
export function valueOf(
  metrics: readonly PrometheusMetric[],
  name: string,
  labels: Record<string, string> = {},
): number | undefined {
  const found = metrics
    .flatMap(({ samples }) => samples)
    .filter((sample) => sample.name === name)
    .filter((sample) => Object.entries(labels).every(([label, value]) => sample.labels[label] === value));
  return found.length === 0 ? undefined : found.reduce((sum, { value }) => sum + value, 0);
}
