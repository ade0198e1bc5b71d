import { describe, expect, it } from '@jest/globals';
import { HOME } from '../routes.js';
import { goOnAt, placeOf } from './go-on.js';

describe('Where somebody goes on after a login', () => {
  it('is where it was wanted to be before, or was before the session ended, but not where another person was', () => {
    goOnAt('/console/admin/trail');
    expect(placeOf('ada')).toBe('/console/admin/trail');
    goOnAt('/console/admin/people/7');
    expect(placeOf('ada')).toBe('/console/admin/people/7');
    expect(placeOf('bob')).toBe(HOME);
    expect(placeOf('bob')).toBe(HOME);
  });
});
