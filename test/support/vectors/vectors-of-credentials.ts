import { signBearerToken } from '../../../src/session/token/bearer-token.js';
import { signCookie, signedValue } from '../../../src/session/token/signed-cookie.js';
import type { Refusal, SessionVector } from './session-vector.js';
import {
  DEFAULTS,
  fixed,
  keyAt,
  NEWEST_SECRET,
  OLDER_SECRET,
  type Person,
  recordOf,
  vectorOf,
} from './vector-kit.js';

type Header = SessionVector['headers'][number];

const COOKIE = DEFAULTS.cookieName;
const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** A live session, and a request with these headers. */
const accepted = (name: string, headers: (person: Person) => Header[]): SessionVector =>
  vectorOf(name, (person) => ({
    headers: headers(person),
    redis: [person.record(recordOf(person.body()))],
    expect: person.session(),
  }));

const acceptedBearer = (name: string, headers: (person: Person) => Header[]): SessionVector =>
  vectorOf(name, (person) => ({
    headers: headers(person),
    redis: [bearerRecord(person)],
    expect: person.session({ transport: 'bearer', profile: 'bearer' }),
  }));

const refused = (name: string, reason: Refusal, headers: (person: Person) => Header[]): SessionVector =>
  vectorOf(name, (person) => ({
    headers: headers(person),
    redis: [person.record(recordOf(person.body()))],
    expect: { refused: reason },
  }));

const refusedBearer = (name: string, reason: Refusal, headers: (person: Person) => Header[]): SessionVector =>
  vectorOf(name, (person) => ({
    headers: headers(person),
    redis: [bearerRecord(person)],
    expect: { refused: reason },
  }));

const bearerRecord = (person: Person) =>
  person.record(recordOf(person.body(person.meta({ transport: 'bearer', profile: 'bearer' }))));

const value = (person: Person, secret = NEWEST_SECRET) => signCookie(person.token, secret);
const tokenOf = (person: Person, secret = NEWEST_SECRET) => signBearerToken(person.token, secret);
const cookie = (text: string): Header => ['Cookie', text];
const bearer = (text: string): Header => ['Authorization', text];
/** The same bytes in base64url, written with another last character. */
const respelt = (text: string) => text.slice(0, -1) + BASE64URL[BASE64URL.indexOf(text.at(-1) as string) ^ 1];

/** Which token a request presents, and whether it is signed. */
export const vectorsOfCredentials: SessionVector[] = [
  accepted('a signed cookie', (one) => [one.cookie()]),
  accepted('a cookie signed with an older secret that is still honoured', (one) => [
    one.cookie(OLDER_SECRET),
  ]),
  accepted('a cookie among others', (one) => [
    cookie(`theme=dark; ${COOKIE}=${value(one)}; a${COOKIE}=s:forged.x`),
  ]),
  accepted('a cookie in quotes', (one) => [cookie(`${COOKIE}="${value(one)}"`)]),
  accepted('a cookie that is not URL-encoded', (one) => [
    cookie(`${COOKIE}=${decodeURIComponent(value(one))}`),
  ]),
  accepted('a cookie with every character URL-encoded', (one) => [
    cookie(
      `${COOKIE}=${Buffer.from(signedValue(one.token, NEWEST_SECRET)).toString('hex').replace(/../g, '%$&')}`,
    ),
  ]),
  accepted('spaces around the name and the value of the cookie', (one) => [
    cookie(`a=b;  ${COOKIE} \t=  ${value(one)} \t`),
  ]),
  accepted('the same cookie twice', (one) => [cookie(`${COOKIE}=${value(one)}; ${COOKIE}=${value(one)}`)]),
  accepted('the same cookie in two headers', (one) => [one.cookie(), one.cookie()]),
  accepted('a cookie beside Basic authentication', (one) => [bearer('Basic YTpi'), one.cookie()]),
  accepted('a cookie beside a scheme whose name only begins like Bearer', (one) => [
    bearer(`Bearer2 ${tokenOf(one)}`),
    one.cookie(),
  ]),
  accepted('a second cookie whose name ends in a line break that is none in JavaScript', (one) => [
    cookie(`${COOKIE}=${value(one)}; ${COOKIE}\x85=x`),
  ]),
  acceptedBearer('a bearer token', (one) => [one.bearer()]),
  acceptedBearer('a bearer token signed with an older secret that is still honoured', (one) => [
    one.bearer(OLDER_SECRET),
  ]),
  acceptedBearer('a bearer token, its scheme in other letters and with spaces', (one) => [
    bearer(`bEaReR   ${tokenOf(one)}  `),
  ]),
  acceptedBearer('a bearer token beside other cookies', (one) => [
    one.bearer(),
    cookie(`theme=dark; x${COOKIE}=1`),
  ]),

  refused('no header at all', 'no-credential', () => []),
  refused('other cookies only', 'no-credential', (one) => [cookie(`sid=${value(one)}; ${COOKIE}2=x`)]),
  refused('the cookie name in other letters', 'no-credential', (one) => [
    cookie(`${COOKIE.toLowerCase()}=${value(one)}`),
  ]),
  refused('a cookie name without a value', 'no-credential', () => [cookie(COOKIE)]),
  refused('a token in another scheme than Bearer', 'no-credential', (one) => [
    bearer(`Token ${tokenOf(one)}`),
  ]),
  refused('a token behind a tab', 'no-credential', (one) => [bearer(`Bearer\t${tokenOf(one)}`)]),

  refused('an empty cookie', 'bad-credential', () => [cookie(`${COOKIE}=`)]),
  refused('a cookie with a token and no signature', 'bad-credential', (one) => [
    cookie(`${COOKIE}=${one.token}`),
  ]),
  refused('a cookie with the mark of a signature and none', 'bad-credential', (one) => [
    cookie(`${COOKIE}=s:${one.token}`),
  ]),
  refused('a cookie with an empty signature', 'bad-credential', (one) => [
    cookie(`${COOKIE}=s:${one.token}.`),
  ]),
  refused('a cookie signed with a secret that was taken out', 'bad-credential', (one) => [
    one.cookie(fixed('secret that was taken out', 43)),
  ]),
  refused('a cookie signed with an index key', 'bad-credential', (one) => [
    one.cookie(DEFAULTS.indexKeys[0]),
  ]),
  refused('a cookie whose signature lacks its last character', 'bad-credential', (one) => [
    cookie(`${COOKIE}=${decodeURIComponent(value(one)).slice(0, -1)}`),
  ]),
  refused('a cookie whose signature is padded', 'bad-credential', (one) => [
    cookie(`${COOKIE}=${value(one)}=`),
  ]),
  refused('a cookie whose signature is in base64url', 'bad-credential', (one) => [
    cookie(
      `${COOKIE}=s:${one.token}.${decodeURIComponent(value(one)).split('.').at(-1)?.replace(/\+/g, '-').replace(/\//g, '_')}_`,
    ),
  ]),
  refused('a cookie signed for another token', 'bad-credential', (one) => [
    cookie(`${COOKIE}=s:${one.token.slice(0, -1)}!.${decodeURIComponent(value(one)).split('.').at(-1)}`),
  ]),
  refused('a cookie URL-encoded twice', 'bad-credential', (one) => [
    cookie(`${COOKIE}=${encodeURIComponent(value(one))}`),
  ]),
  refused('a cookie with a broken escape in it', 'bad-credential', (one) => [
    cookie(`${COOKIE}=${value(one)}%E0%A4`),
  ]),
  refused('a cookie with bytes that are no UTF-8', 'bad-credential', (one) => [
    cookie(`${COOKIE}=${value(one)}\xff`),
  ]),
  refused('a bearer token in the cookie', 'bad-credential', (one) => [cookie(`${COOKIE}=${tokenOf(one)}`)]),
  refused('a cookie signed as a bearer token is', 'bad-credential', (one) => [
    cookie(`${COOKIE}=s:${tokenOf(one).slice(3)}`),
  ]),
  refused('a digest, as Redis has it, in the place of the token', 'not-found', (one) => {
    const digest = keyAt(one.keys, one.token).key.split(':').at(-1) as string;
    return [cookie(`${COOKIE}=${signCookie(`${one.tag}.${digest}`, NEWEST_SECRET)}`)];
  }),

  refusedBearer('Bearer without a token', 'bad-credential', () => [bearer('Bearer')]),
  refusedBearer('a bearer token without a signature', 'bad-credential', (one) => [
    bearer(`Bearer lk_${one.token}`),
  ]),
  refusedBearer('a bearer token without its prefix', 'bad-credential', (one) => [
    bearer(`Bearer ${tokenOf(one).slice(3)}`),
  ]),
  refusedBearer('a bearer token with its prefix in capitals', 'bad-credential', (one) => [
    bearer(`Bearer LK_${tokenOf(one).slice(3)}`),
  ]),
  refusedBearer('a bearer token in another spelling of its base64url', 'bad-credential', (one) => [
    bearer(`Bearer ${respelt(tokenOf(one))}`),
  ]),
  refusedBearer('a bearer token that is padded', 'bad-credential', (one) => [
    bearer(`Bearer ${tokenOf(one)}=`),
  ]),
  refusedBearer('a bearer token signed with a secret that was taken out', 'bad-credential', (one) => [
    one.bearer(fixed('secret that was taken out', 43)),
  ]),
  refusedBearer('a bearer token signed as a cookie is', 'bad-credential', (one) => {
    const mac = signedValue(one.token, NEWEST_SECRET).split('.').at(-1) as string;
    return [bearer(`Bearer lk_${one.token}.${mac.replace(/\+/g, '-').replace(/\//g, '_')}`)];
  }),
  refusedBearer('two tokens behind Bearer', 'bad-credential', (one) => [
    bearer(`Bearer ${tokenOf(one)} ${tokenOf(one)}`),
  ]),
  refusedBearer('a bearer token and a comma', 'bad-credential', (one) => [bearer(`Bearer ${tokenOf(one)},`)]),

  refused('two cookies of the name that differ, the good one first', 'ambiguous-credentials', (one) => [
    cookie(`${COOKIE}=${value(one)}; ${COOKIE}=x`),
  ]),
  refused('two cookies of the name that differ, the good one last', 'ambiguous-credentials', (one) => [
    cookie(`${COOKIE}=x; ${COOKIE}=${value(one)}`),
  ]),
  refused('two cookies of the name in two headers', 'ambiguous-credentials', (one) => [
    one.cookie(),
    cookie(`${COOKIE}=x`),
  ]),
  refused('one token, twice, encoded and not', 'ambiguous-credentials', (one) => [
    cookie(`${COOKIE}=${value(one)}; ${COOKIE}=${decodeURIComponent(value(one))}`),
  ]),
  refused('a cookie whose name begins with a space that is none in ASCII', 'no-credential', (one) => [
    cookie(`\xa0${COOKIE}=${value(one)}`),
  ]),
  refused('a cookie and a bearer token', 'ambiguous-credentials', (one) => [one.cookie(), one.bearer()]),
  refused('a cookie and an empty Bearer', 'ambiguous-credentials', (one) => [one.cookie(), bearer('Bearer')]),
  refusedBearer('a bearer token and an empty cookie', 'ambiguous-credentials', (one) => [
    one.bearer(),
    cookie(`${COOKIE}=`),
  ]),
  refusedBearer('the same Authorization header twice', 'ambiguous-credentials', (one) => [
    one.bearer(),
    one.bearer(),
  ]),
  refused('a cookie and two Authorization headers of other schemes', 'ambiguous-credentials', (one) => [
    one.cookie(),
    bearer('Basic YTpi'),
    bearer('Basic YTpj'),
  ]),
];
