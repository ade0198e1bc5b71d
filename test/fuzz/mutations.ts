import fc from 'fast-check';
import type { FuzzRequest } from './fuzz-request.js';
import { validRequest } from './valid-requests.js';

type Mutation = (request: FuzzRequest) => FuzzRequest;

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND', 'PURGE'];

const TEXTS = [
  '',
  ' ',
  '\0',
  '%',
  '%00',
  '%2e%2e%2f',
  '../',
  '//',
  '\\',
  ';',
  '?',
  '&',
  '#',
  "'",
  '"',
  '`',
  '$',
  '{',
  '[]',
  '[__proto__]',
  '__proto__',
  'constructor',
  'null',
  'undefined',
  'NaN',
  '-1',
  '0',
  '1e309',
  '99999999999999999999',
  '\xff\xfe',
  '\xed\xa0\x80',
  'a'.repeat(300),
  'a'.repeat(5_000),
  '%25'.repeat(300),
  ','.repeat(500),
  'true',
  '{"a":1}',
  '*',
  '<script>',
  'ß',
  '\t',
];
const VALUES: unknown[] = [
  ...TEXTS,
  null,
  true,
  false,
  0,
  -1,
  1e300,
  [],
  {},
  [[]],
  '\ud800',
  '\u202e',
  'e\u0301'.repeat(100),
  ['admin'],
  ['__proto__'],
  { $ne: null },
  { toString: 1 },
  'x'.repeat(5_000),
  Array.from({ length: 500 }, () => 'a'),
  'admin@example.com',
];
const HEADERS: [string, string][] = [
  ['Origin', 'null'],
  ['Origin', 'https://evil.example'],
  ['Origin', '{origin}'],
  ['Sec-Fetch-Site', 'cross-site'],
  ['Sec-Fetch-Site', 'same-origin'],
  ['Content-Type', 'text/plain'],
  ['Content-Type', 'application/json; charset=utf-16'],
  ['Content-Type', 'multipart/form-data'],
  ['Content-Encoding', 'gzip'],
  ['Content-Encoding', 'identity'],
  ['X-HTTP-Method-Override', 'DELETE'],
  ['X-Forwarded-For', '1.2.3.4, \'"'],
  ['X-Forwarded-Proto', 'https'],
  ['X-Forwarded-Host', 'e'],
  ['X-Original-URL', '/admin/users'],
  ['X-Request-Id', 'a'.repeat(100)],
  ['X-Request-Id', 'harmless-id'],
  ['Host', 'evil.example'],
  ['Accept', 'text/html'],
  ['Accept-Encoding', 'br, gzip'],
  ['Range', 'bytes=0-1'],
  ['If-None-Match', '*'],
  ['If-Modified-Since', 'x'],
  ['Upgrade', 'h2c'],
  ['Upgrade', 'websocket'],
  ['TE', 'trailers'],
  ['Trailer', 'Authorization'],
  ['Expect', '100-continue'],
  ['Expect', 'x'],
  ['Authorization', 'Basic eDp5'],
  ['Authorization', 'Bearer lk_x'],
  ['Authorization', 'Bearer'],
  ['Authorization', 'Bearer a.b.c'],
  ['Cookie', 'sid=s%3Ax.y'],
  ['Cookie', 'sid=%E0%A4%A'],
  ['Cookie', 'a=b; __Host-sid=x; __proto__=y'],
  ['Cookie', 'sid='],
  ['Cookie', '__Host-did=x; did=y'],
  ['X-Forwarded-Method', 'post'],
  ['X-Original-Method', ''],
  ['Access-Control-Request-Method', 'PUT'],
  ['Content-Length', '99999999'],
  ['Transfer-Encoding', 'chunked'],
  ['Transfer-Encoding', 'gzip, chunked'],
  ['Connection', 'authorization'],
  ['User-Agent', '\x80\xff'],
];
const TAMPERINGS: Record<string, (text: string) => string> = {
  'begin with another character': (text) => `x${text}`,
  'go on': (text) => `${text}x`,
  'be doubled': (text) => `${text}${text}`,
  'be the other kind': (text) => (text === '{sid}' ? '{token}' : '{sid}'),
  'lose its beginning': (text) => `${text.slice(0, -1)}Tail}`,
  'lose its end': (text) => `${text.slice(0, -1)}Head}`,
  'be in capitals': (text) => `${text.slice(0, -1)}Upper}`,
};

const anyOf = <T>(values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values);
const anyText = fc.oneof(
  { weight: 3, arbitrary: anyOf(TEXTS) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary-ascii' }) },
);
const anyHeaderText = fc.oneof(anyOf(TEXTS), fc.string({ unit: 'grapheme-ascii', maxLength: 50 }));
/** A place in a text, as a part of its length. */
const anyPlace = fc.double({ min: 0, max: 1, noNaN: true });
const at = (text: string, place: number): number => Math.floor(text.length * place);

const otherMethod = anyOf(METHODS).map((method): Mutation => (request) => ({ ...request, method }));

const otherTarget = fc
  .record({
    text: anyText,
    place: anyPlace,
    how: anyOf(['insert', 'replace', 'query', 'append', 'case', 'slash', 'absolute'] as const),
  })
  .map(({ text, place, how }): Mutation => (request) => {
    const { target } = request;
    const i = at(target, place);
    const changed = {
      insert: target.slice(0, i) + text + target.slice(i),
      replace: target.slice(0, i) + text + target.slice(i + 1),
      query: `${target}${target.includes('?') ? '&' : '?'}${text}=${text}`,
      append: `${target}/${text}`,
      case: target.slice(0, i).toUpperCase() + target.slice(i),
      slash: `/${target}`,
      absolute: `http://evil.example${target}`,
    };
    return { ...request, target: changed[how] };
  });

const moreHeaders = fc
  .oneof(anyOf(HEADERS), fc.tuple(anyOf(HEADERS.map(([name]) => name)), anyHeaderText))
  .chain((header) =>
    fc.record({ header: fc.constant(header), how: anyOf(['add', 'first', 'replace'] as const) }),
  )
  .map(({ header, how }): Mutation => (request) => {
    const others = request.headers.filter(([name]) => name.toLowerCase() !== header[0].toLowerCase());
    if (how === 'first') return { ...request, headers: [header, ...request.headers] };
    return { ...request, headers: [...(how === 'add' ? request.headers : others), header] };
  });

const fewerHeaders = anyPlace.map((place): Mutation => (request) => ({
  ...request,
  headers: request.headers.filter((_, i) => i !== Math.floor(request.headers.length * place)),
}));

const repeatedHeader = anyPlace.map((place): Mutation => (request) => {
  const header = request.headers[Math.floor(request.headers.length * place)];
  return { ...request, headers: header ? [...request.headers, header] : request.headers };
});

const tampered = anyOf(Object.values(TAMPERINGS)).map((tamper): Mutation => (request) => ({
  ...request,
  credential: request.credential === 'live' ? 'tampered' : request.credential,
  headers: request.headers.map(([name, value]) => [
    name,
    value.replace(/\{(sid|token)\}/, (text) => tamper(text)),
  ]),
}));

const otherMember = fc
  .record({
    value: fc.oneof(anyOf(VALUES), fc.jsonValue({ maxDepth: 3 })),
    place: anyPlace,
    key: anyOf([...TEXTS, 'roles', 'email']),
    how: anyOf(['set', 'add', 'drop', 'wrap'] as const),
  })
  .map(({ value, place, key, how }): Mutation => (request) => {
    const members = membersOf(request.body);
    if (members === undefined) return request;
    const chosen = Math.floor(members.length * place);
    const changed = {
      set: members.map(([name, old], i) => [name, i === chosen ? value : old] as const),
      add: [...members, [key, value] as const],
      drop: members.filter((_, i) => i !== chosen),
      wrap: [[key, members] as const],
    }[how];
    // By hand: an object would swallow __proto__, and members of one name.
    const text = changed
      .map(([name, member]) => `${JSON.stringify(name)}:${JSON.stringify(member)}`)
      .join(',');
    return { ...request, body: `{${text}}` };
  });

const otherBody = fc
  .record({
    text: fc.oneof(
      anyText,
      anyOf([
        '['.repeat(9_000),
        `${'['.repeat(5_000)}${']'.repeat(5_000)}`,
        ' '.repeat(17_000),
        '{"a":'.repeat(2_000),
      ]),
    ),
    place: anyPlace,
    how: anyOf(['insert', 'cut', 'replace', 'only'] as const),
  })
  .map(({ text, place, how }): Mutation => (request) => {
    const { body } = request;
    const i = at(body, place);
    const changed = {
      insert: body.slice(0, i) + text + body.slice(i),
      cut: body.slice(0, i),
      replace: body.slice(0, i) + text + body.slice(i + 1),
      only: text,
    };
    return { ...request, body: changed[how] };
  });

const anyMutation = fc.oneof(
  { weight: 2, arbitrary: otherMethod },
  { weight: 3, arbitrary: otherTarget },
  { weight: 4, arbitrary: moreHeaders },
  { weight: 1, arbitrary: fewerHeaders },
  { weight: 1, arbitrary: repeatedHeader },
  { weight: 2, arbitrary: tampered },
  { weight: 4, arbitrary: otherMember },
  { weight: 2, arbitrary: otherBody },
);

/** A valid request, changed in up to four ways: near enough to one that it gets far before somebody notices. */
export const fuzzRequest: fc.Arbitrary<FuzzRequest> = fc
  .tuple(validRequest, fc.array(anyMutation, { maxLength: 4 }))
  .map(([request, mutations]) => mutations.reduce((changed, mutate) => mutate(changed), request))
  .map((request) => (bringsWholeCredential(request) ? { ...request, credential: 'live' } : request));

/** A header that was added or put in place of a tampered one may hold the credential as it is. */
function bringsWholeCredential({ headers }: FuzzRequest): boolean {
  return headers.some(([, value]) => /(^|; *)sid=\{sid\}(;|$)|^bearer +\{token\}$/i.test(value));
}

function membersOf(body: string): [string, unknown][] | undefined {
  // What another mutation has nested too deeply to be written again.
  if (body.length > 8_000) return undefined;
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null ? Object.entries(value) : undefined;
  } catch {
    return undefined;
  }
}
