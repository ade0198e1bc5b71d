// From what one session costs to what many cost: the tables of docs/scaling.md. Pure; a test recomputes the page.

/**
 * @typedef {{ cpuMicros: number, aofBytes: number }} Cost
 * @typedef {{ memoryBytes: number, create: Cost, read: Cost, touch: Cost, save: Cost, revokedPerSecond: number }} Measured
 * @typedef {object} Assumptions
 * @property {number} activeShare of the live sessions, how many are in use at the peak
 * @property {number} requestsPerSecond of one session in use
 * @property {number} saveShare of the requests, how many change the session
 * @property {number} loginsPerSession a day
 * @property {number} touchIntervalSeconds
 * @property {number} shardMemoryGb of data on one primary
 * @property {number} fragmentation of memory, and buffers
 * @property {number} redisCpuShare of one core that a primary may be busy at the peak
 * @property {number} appCpuMicros of one request
 * @property {number} appCpuShare of an app core that may be busy at the peak
 * @property {number} replicas of each primary
 */

const DAY_SECONDS = 86_400;
const GB = 1e9;

/**
 * What that many live sessions need.
 * @param {Measured} cost
 * @param {Assumptions} given
 * @param {number} sessions
 */
export function sizeFor(cost, given, sessions) {
  const active = sessions * given.activeShare;
  const requests = active * given.requestsPerSecond;
  const saves = requests * given.saveShare;
  // At most one per interval, and none for a session that asks more seldom than that.
  const touches = active * Math.min(given.requestsPerSecond, 1 / given.touchIntervalSeconds);
  const logins = (sessions * given.loginsPerSession) / DAY_SECONDS;
  const redisMicros =
    requests * cost.read.cpuMicros +
    saves * cost.save.cpuMicros +
    touches * cost.touch.cpuMicros +
    logins * cost.create.cpuMicros;
  const writtenBytes =
    saves * cost.save.aofBytes + touches * cost.touch.aofBytes + logins * cost.create.aofBytes;
  const memoryGb = (sessions * cost.memoryBytes * given.fragmentation) / GB;
  const shardsForMemory = Math.ceil(memoryGb / given.shardMemoryGb);
  const shardsForCpu = Math.ceil(redisMicros / 1e6 / given.redisCpuShare);
  return {
    memoryGb,
    shardsForMemory,
    shardsForCpu,
    shards: Math.max(shardsForMemory, shardsForCpu),
    requests,
    touches,
    appCores: Math.ceil((requests * given.appCpuMicros) / 1e6 / given.appCpuShare),
    writtenMbPerSecond: writtenBytes / 1e6,
    replicationMbPerSecond: (writtenBytes * given.replicas) / 1e6,
    aofGbPerDay: (writtenBytes * DAY_SECONDS) / GB,
    revokeEveryoneMinutes: sessions / cost.revokedPerSecond / 60,
  };
}

/** @param {number} value */
const number = (value, digits = 0) =>
  value.toLocaleString('en-US', { maximumFractionDigits: digits }).replaceAll(',', ' ');
/**
 * Two significant digits are all that the inputs are good for, below a hundred.
 * @param {number} value
 */
const rough = (value) => (value >= 100 ? number(value) : number(value, value >= 10 ? 0 : 1));

/**
 * The lines of the page's table.
 * @param {{ measured: Record<string, Measured>, assumptions: Assumptions }} inputs
 * @param {number[]} counts of live sessions
 */
export function scalingTable({ measured, assumptions }, counts) {
  const columns = counts.flatMap((sessions) =>
    Object.entries(measured).map(([bytes, cost]) => ({
      title: `${number(sessions / 1e6)} million of ${bytes} B`,
      size: sizeFor(cost, assumptions, sessions),
    })),
  );
  /** @type {[string, (size: ReturnType<typeof sizeFor>) => string][]} */
  const rows = [
    ['memory of the primaries', ({ memoryGb }) => `${rough(memoryGb)} GB`],
    ['primaries for memory', ({ shardsForMemory }) => number(shardsForMemory)],
    ['primaries for CPU', ({ shardsForCpu }) => number(shardsForCpu)],
    ['**primaries**', ({ shards }) => `**${number(shards)}**`],
    ['requests at the peak', ({ requests }) => `${number(requests)}/s`],
    ['app cores', ({ appCores }) => number(appCores)],
    ['touches at the peak', ({ touches }) => `${number(touches)}/s`],
    ['written at the peak', ({ writtenMbPerSecond }) => `${rough(writtenMbPerSecond)} MB/s`],
    ['replication at the peak', ({ replicationMbPerSecond }) => `${rough(replicationMbPerSecond)} MB/s`],
    ['AOF, a day at the peak before rewrites', ({ aofGbPerDay }) => `${rough(aofGbPerDay)} GB`],
    ['ending everybody’s sessions', ({ revokeEveryoneMinutes }) => `${rough(revokeEveryoneMinutes)} min`],
  ];
  return [
    `| | ${columns.map(({ title }) => title).join(' | ')} |`,
    `| --- |${' ---: |'.repeat(columns.length)}`,
    ...rows.map(([name, show]) => `| ${name} | ${columns.map(({ size }) => show(size)).join(' | ')} |`),
  ];
}
