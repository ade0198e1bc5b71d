import {
  type DoctorReport,
  type Finding,
  FINDINGS,
  type Revocation,
  type SessionInspection,
  type SessionView,
} from '../session/index.js';
import { parseDuration } from '../config/index.js';
import { CommandError, UsageError } from './cli.errors.js';
import type { Command, CommandContext, CommandResult } from './command.js';
import { getUserByEmail } from './find-user.js';

const EMAIL = '--email E';

/** The commands of `npm run sessions`. */
export const SESSIONS_COMMANDS: readonly Command[] = [
  {
    name: 'list',
    usage: EMAIL,
    summary: "Lists somebody's live sessions, newest activity first.",
    texts: ['email'],
    flags: [],
    run: list,
  },
  {
    name: 'revoke',
    usage: `${EMAIL} [--session ID]`,
    summary: "Ends all of somebody's sessions, or one of them.",
    texts: ['email', 'session'],
    flags: [],
    run: revoke,
  },
  {
    name: 'inspect',
    usage: `${EMAIL} ID`,
    summary: 'Shows how a session lies in Redis, without the values in it.',
    texts: ['email'],
    flags: [],
    operands: ['ID'],
    run: inspect,
  },
  {
    name: 'doctor',
    usage: '[--repair]',
    summary: 'Looks for records and indexes that contradict each other, and puts them right when asked.',
    texts: [],
    flags: ['repair'],
    run: examine,
  },
  {
    name: 'replay',
    usage: '[--since 24h]',
    summary:
      'Repeats the revocations of the journal, all or those since then; no session made later ends by it.',
    texts: ['since'],
    flags: [],
    run: replay,
  },
];

async function list({ args, open }: CommandContext): Promise<CommandResult> {
  const email = args.text('email');
  const program = await open();
  const user = await getUserByEmail(program, email);
  const items = await program.sessions.list(user.id);
  const text = items.length === 0 ? `${user.email} has no live session.` : items.map(sessionLine).join('\n');
  return { text, json: { items, total: items.length } };
}

async function revoke({ args, open }: CommandContext): Promise<CommandResult> {
  const email = args.text('email');
  const sessionId = args.optionalText('session');
  const program = await open();
  const user = await getUserByEmail(program, email);
  if (sessionId === undefined) {
    const { revoked, durable } = await program.sessions.revokeAll(user.id, 'revoked-by-admin');
    await program.record({
      type: 'sessions.revoked',
      userId: user.id,
      detail: { reason: 'operator', scope: 'all', revoked },
    });
    return {
      text: `Ended ${counted(revoked, 'session')} of ${user.email}.${unconfirmed({ durable })}`,
      json: { revoked, durable },
    };
  }
  const revocation = await program.sessions.revoke(user.id, sessionId, 'revoked-by-admin');
  if (!revocation) throw noSuchSession(user.email);
  await program.record({
    type: 'session.revoked',
    userId: user.id,
    sessionId,
    detail: { reason: 'operator' },
  });
  return {
    text: `Ended session ${sessionId} of ${user.email}.${unconfirmed(revocation)}`,
    json: revocation,
  };
}

function unconfirmed({ durable }: Pick<Revocation, 'durable'>): string {
  return durable === false ? ' The replicas have not confirmed it: a failover may undo it.' : '';
}

async function replay({ args, open }: CommandContext): Promise<CommandResult> {
  const since = args.optionalText('since');
  const sinceMs = since === undefined ? undefined : parseDuration(since);
  if (sinceMs === null) throw new UsageError('--since must be a duration such as 30m, 24h or 7d.');
  const program = await open();
  const from = sinceMs === undefined ? 0 : (await program.replay.nowMs()) - sinceMs;
  const replayed = await program.replay.replay(from);
  return { text: `Repeated ${counted(replayed, 'revocation')}.`, json: { replayed } };
}

async function inspect({ args, open }: CommandContext): Promise<CommandResult> {
  const email = args.text('email');
  const program = await open();
  const user = await getUserByEmail(program, email);
  const inspection = await program.doctor.inspect(user.id, args.operand('ID'));
  if (!inspection) throw noSuchSession(user.email);
  return { text: inspectionText(inspection), json: inspection };
}

async function examine({ args, open }: CommandContext): Promise<CommandResult> {
  const program = await open();
  const report = await program.doctor.examine({ repair: args.flag('repair') });
  return { text: reportText(report), json: report };
}

// The id may be a token that was pasted by mistake, so it is not repeated.
const noSuchSession = (email: string) => new CommandError(`${email} has no live session of that id.`);

function sessionLine({ id, lastSeenAt, expiresAt, ip, device }: SessionView): string {
  const name = [device.browser, device.os].filter((part) => part !== null).join(', ') || device.type;
  return `${id}  seen ${lastSeenAt}  until ${expiresAt}  ${ip || '-'}  ${name}`;
}

function inspectionText({ data, meta, header, findings, ...rest }: SessionInspection): string {
  const shown = { ...rest, ...header, ...meta, generation: rest.generation };
  const lines = Object.entries(shown).map(([name, value]) =>
    // In milliseconds for programs, in seconds for people.
    line(name === 'ttlMs' ? 'ttl' : name, readable(name, value)),
  );
  const sizes = Object.entries(data).map(([name, bytes]) => line(`data.${name}`, `${bytes} bytes`));
  return [
    ...lines,
    ...(header ? [line('record generation', readable('generation', header.generation))] : []),
    ...sizes,
    ...findings.map((f) => line('finding', f)),
  ].join('\n');
}

// Members of an inspection that are ms since the epoch; 0 stands for «never».
const INSTANTS = ['generation', 'authenticatedAt'];

function readable(name: string, value: unknown): unknown {
  if (name === 'ttlMs') return value === -1 ? 'none' : `${Math.ceil(Number(value) / 1_000)} s`;
  if (!INSTANTS.includes(name) || typeof value !== 'number') return value;
  return value === 0 ? 'never' : new Date(value).toISOString();
}

const counted = (count: number, one: string, many = `${one}s`) => `${count} ${count === 1 ? one : many}`;

const line = (name: string, value: unknown) => `${name.padEnd(20)} ${String(value)}`;

function reportText(report: DoctorReport): string {
  return [findingsText(report), quarantineText(report)].join('');
}

function quarantineText({ quarantine: { count, records } }: DoctorReport): string {
  if (count === 0) return '';
  const shown = records.map(({ key, type, keptUntil }) => `\n${key}  ${type}  until ${keptUntil}`);
  const more = count > records.length ? `\nand ${count - records.length} more` : '';
  return `\nIn quarantine, because no request could use them: ${count}${shown.join('')}${more}`;
}

function findingsText({ records, indexes, findings, repaired }: DoctorReport): string {
  const found = (Object.entries(findings) as [Finding, number][]).filter(([, count]) => count > 0);
  const total = found.reduce((sum, [, count]) => sum + count, 0);
  const looked = `Looked at ${counted(records, 'record')} and ${counted(indexes, 'index', 'indexes')}: `;
  if (total === 0) return `${looked}nothing is wrong.`;
  const outcome = repaired > 0 ? `, ${repaired} of them put right` : '';
  return [
    `${looked}${counted(total, 'finding')}${outcome}.`,
    ...found.map(([finding, count]) => `${count} ${FINDINGS[finding]} (${finding})`),
  ].join('\n');
}
