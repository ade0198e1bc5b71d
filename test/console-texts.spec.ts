import { describe, expect, it } from '@jest/globals';
import { SECURITY_EVENT_TYPES } from '../src/auth/security-events.js';
import { PROBLEMS } from '../src/problem/problem.catalogue.js';
import { ApiError } from '../web/src/api/api-error.js';
import { ENDED_TEXTS, endedReason } from '../web/src/api/ended-text.js';
import { ERROR_TEXTS, errorText, fieldText } from '../web/src/api/error-text.js';
import { detailText, EVENT_TEXTS, eventText } from '../web/src/parts/event-text.js';

describe('What the console tells a person about an error', () => {
  it('has words of its own for every code of the API, and for what never reached it', () => {
    const codes = [...Object.keys(PROBLEMS), 'NETWORK', 'UNEXPECTED_ANSWER'];
    expect(codes.filter((code) => !ERROR_TEXTS[code])).toEqual([]);
  });

  it('falls back to the answer’s own words for a code of a newer server', () => {
    expect(errorText(new ApiError('NEW_CODE', 400, { detail: 'Something new.' }))).toBe('Something new.');
    expect(errorText(new ApiError('NEW_CODE', 400))).toBe('Something went wrong.');
  });

  it('names the reference of a fault, for the operator', () => {
    expect(errorText(new ApiError('INTERNAL_ERROR', 500, { requestId: 'abc12345' }))).toContain('abc12345');
  });

  it('puts what is wrong with a field to that field', () => {
    const errors = [
      { path: 'email', message: 'Must be an e-mail address' },
      { path: 'password', message: 'Too short' },
    ];
    const error = new ApiError('VALIDATION_FAILED', 400, { errors });
    expect(fieldText(error, 'password')).toBe('Too short');
    expect(fieldText(error, 'displayName')).toBeUndefined();
    expect(fieldText(undefined, 'email')).toBeUndefined();
  });
});

describe('What the console tells a person who was logged out', () => {
  it('has words for every reason of its own, and takes others for unknown', () => {
    for (const reason of Object.keys(ENDED_TEXTS)) expect(endedReason(reason)).toBe(reason);
    for (const reason of ['newer-reason', 'toString', undefined, 1])
      expect(endedReason(reason)).toBe('unknown');
  });
});

describe('The trail in words', () => {
  it('has words for every type of event that there is', () => {
    expect(Object.keys(EVENT_TEXTS).sort()).toEqual(Object.keys(SECURITY_EVENT_TYPES).sort());
  });

  it('names a type of a newer server as it is', () => {
    expect(eventText('session.frozen')).toBe('session.frozen');
  });

  it('puts what else is known into a line', () => {
    expect(detailText({ detail: { before: [], after: ['admin', 'editor'], count: 3 } })).toBe(
      'before: none, after: admin editor, count: 3',
    );
    expect(detailText({})).toBe('');
  });
});
