import type { Refusal, SessionVector } from './session-vector.js';
import { fromNow, HOUR, type HeaderOffsets, type Person, recordOf, vectorOf } from './vector-kit.js';

type Redis = SessionVector['redis'];

const accepted = (
  name: string,
  redis: (person: Person) => Redis,
  over: Parameters<Person['session']>[0] = {},
): SessionVector =>
  vectorOf(name, (one) => ({ headers: [one.cookie()], redis: redis(one), expect: one.session(over) }));

const refused = (name: string, reason: Refusal, redis: (person: Person) => Redis): SessionVector =>
  vectorOf(name, (one) => ({ headers: [one.cookie()], redis: redis(one), expect: { refused: reason } }));

/** A record with this header. */
const headed = (one: Person, offsets: HeaderOffsets) => one.record(recordOf(one.body(), offsets));
/** A record with this in the place of its JSON. */
const holding = (text: (one: Person) => string) => (one: Person) => [one.record(recordOf(text(one)))];
/** A record with other bytes in front. */
const beginning = (length: number, text: string) => (one: Person) => [
  one.record(
    text +
      recordOf('')
        .replace(/\{now[^}]+\}/g, '0'.repeat(13))
        .slice(length) +
      one.body(),
  ),
];
const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);
const withMember = (one: Person, member: string) => `${one.body().slice(0, -1)},${member}}`;

/** Whether the record is that of a live session. */
export const vectorsOfRecords: SessionVector[] = [
  refused('no record', 'not-found', () => []),
  refused('a key of another type', 'not-found', (one) => [
    { ...one.record(''), value: undefined, list: ['no text'] },
  ]),
  refused('a record under another prefix', 'not-found', (one) => {
    const record = headed(one, {});
    return [{ ...record, key: record.key.replace('lk:', 'other:') }];
  }),

  // Expiry, by Redis's clock.
  refused('the absolute timeout a second ago', 'expired', (one) => [headed(one, { absolute: -1_000 })]),
  refused('the absolute timeout long ago', 'expired', (one) => [headed(one, { absolute: -30 * 24 * HOUR })]),
  accepted('the absolute timeout in a minute', (one) => [headed(one, { absolute: 60_000 })], {
    absoluteExpiryMs: fromNow(60_000),
  }),
  accepted('a last touch that is long ago', (one) => [headed(one, { touched: -400 * 24 * HOUR })]),
  accepted('a last touch in the future', (one) => [headed(one, { touched: HOUR })]),

  // Revoke-all.
  accepted('a generation as old as the last revoke-all', (one) => [
    headed(one, { generation: -30_000 }),
    one.generation(fromNow(-30_000)),
  ]),
  accepted('a generation younger than the last revoke-all', (one) => [
    headed(one, { generation: -10_000 }),
    one.generation(fromNow(-30_000)),
  ]),
  refused('a generation a millisecond older than the last revoke-all', 'revoked', (one) => [
    headed(one, { generation: -30_001 }),
    one.generation(fromNow(-30_000)),
  ]),
  refused('no generation, and a revoke-all since', 'revoked', (one) => [
    headed(one, {}),
    one.generation(fromNow(-30_000)),
  ]),
  refused('a revoke-all of the future', 'revoked', (one) => [
    headed(one, { generation: -30_000 }),
    one.generation(fromNow(60_000)),
  ]),
  refused('a generation of the user that is no number', 'revoked', (one) => [
    headed(one, { generation: -30_000 }),
    one.generation('nonsense'),
  ]),
  accepted('a generation of the user that is a key of another type', (one) => [
    headed(one, {}),
    { ...one.generation(''), value: undefined, list: ['1'] },
  ]),
  refused('revoked and expired', 'revoked', (one) => [
    headed(one, { absolute: -1_000 }),
    one.generation(fromNow(-30_000)),
  ]),

  // Format version.
  ...['2', '9'].map((version) =>
    refused(`a record of format version ${version}`, 'other-version', beginning(1, version)),
  ),
  refused('a record of another format version that this one cannot read', 'other-version', (one) => [
    one.record('2'),
  ]),
  refused('a record that a login has taken over', 'moved', beginning(1, 'M')),
  refused('a format version 0', 'corrupt', beginning(1, '0')),
  refused('a format version that is a letter', 'corrupt', beginning(1, 'A')),
  refused('a format version in digits of another script', 'corrupt', beginning(1, '\u0661')),

  // Header.
  refused('an empty record', 'corrupt', (one) => [one.record('')]),
  refused('a record of the version only', 'corrupt', (one) => [one.record('1')]),
  refused('a header and nothing behind it', 'corrupt', (one) => [one.record(recordOf(''))]),
  refused('a header that is a digit short', 'corrupt', (one) => {
    const record = recordOf(one.body());
    return [one.record(record[0] + record.slice(1).replace('0000000001', '000000001'))];
  }),
  refused('a header with a sign in it', 'corrupt', beginning(2, '1-')),
  refused('a header with a space in it', 'corrupt', beginning(2, '1 ')),
  refused('a header with a letter in it', 'corrupt', beginning(2, '1e')),
  refused('a header with a byte that is no text', 'corrupt', (one) => [
    { ...beginning(2, '1\xff')(one)[0], latin1: true } as Redis[number],
  ]),
  refused('what connect-redis would have stored', 'corrupt', (one) => [one.record(one.body())]),

  // JSON.
  refused(
    'JSON that is cut off',
    'corrupt',
    holding((one) => one.body().slice(0, -1)),
  ),
  refused(
    'JSON and more behind it',
    'corrupt',
    holding((one) => `${one.body()}x`),
  ),
  refused(
    'JSON behind a byte order mark',
    'corrupt',
    holding((one) => `\ufeff${one.body()}`),
  ),
  refused(
    'JSON behind a space that is none in JSON',
    'corrupt',
    holding((one) => `\xa0${one.body()}`),
  ),
  accepted(
    'JSON with space around it',
    holding((one) => ` \t\r\n${one.body()}\n`),
  ),
  refused(
    'JSON with a comma too many',
    'corrupt',
    holding((one) => `${one.body().slice(0, -1)},}`),
  ),
  refused(
    'JSON with NaN',
    'corrupt',
    holding((one) => withMember(one, '"n":NaN')),
  ),
  refused(
    'JSON with Infinity',
    'corrupt',
    holding((one) => withMember(one, '"n":-Infinity')),
  ),
  refused(
    'JSON with a literal in capitals',
    'corrupt',
    holding((one) => withMember(one, '"n":TRUE')),
  ),
  refused(
    'JSON with a number that begins with 0',
    'corrupt',
    holding((one) => withMember(one, '"n":01')),
  ),
  refused(
    'JSON with a comment',
    'corrupt',
    holding((one) => withMember(one, '/* */"n":1')),
  ),
  refused(
    'JSON with names in single quotes',
    'corrupt',
    holding((one) => withMember(one, "'n':1")),
  ),
  refused(
    'JSON with a line break in a text',
    'corrupt',
    holding((one) => withMember(one, '"n":"a\nb"')),
  ),
  refused(
    'JSON with a NUL in a text',
    'corrupt',
    holding((one) => withMember(one, '"n":"a\0b"')),
  ),
  refused(
    'JSON that is null',
    'corrupt',
    holding(() => 'null'),
  ),
  refused(
    'JSON that is a list',
    'corrupt',
    holding((one) => `[${one.body()}]`),
  ),
  refused(
    'JSON that is a text',
    'corrupt',
    holding((one) => JSON.stringify(one.body())),
  ),
  refused(
    'JSON that is no object but empty',
    'corrupt',
    holding(() => '[]'),
  ),
  accepted(
    'data nested as deep as it is ever written',
    holding((one) => withMember(one, `"deep":${nested(99)}`)),
    { data: { cart: ['apple', 'pear'], deep: JSON.parse(nested(99)) as unknown } },
  ),
  refused(
    'data nested deeper than it is read',
    'corrupt',
    holding((one) => withMember(one, `"deep":${nested(1_001)}`)),
  ),
  refused(
    'data nested 10 000 levels deep',
    'corrupt',
    holding((one) => withMember(one, `"deep":${nested(10_000)}`)),
  ),
  vectorOf('data with a byte that is no UTF-8', (one) => ({
    headers: [one.cookie()],
    redis: [{ ...(holding((of) => withMember(of, '"n":"a\xffb"'))(one)[0] as Redis[number]), latin1: true }],
    expect: one.session({ data: { cart: ['apple', 'pear'], n: 'a\ufffdb' } }),
  })),
  accepted('half a surrogate pair in a text, twice, beside a whole one', (one) => [
    one.record(recordOf(one.body(one.meta({ userAgent: '\ud800 \\\udc00 \ud83d\ude00' })))),
  ]),
  accepted(
    'data of every kind',
    holding((one) =>
      withMember(one, '"n":[0,-1.5,true,false,null,"ü\\u00fc\\ud83d\\ude00\\/",{}],"":{"a b":1}'),
    ),
    {
      data: {
        cart: ['apple', 'pear'],
        n: [0, -1.5, true, false, null, 'üü😀/', {}],
        '': { 'a b': 1 },
      },
    },
  ),
];
