import { describe, expect, it } from '@jest/globals';
import type { AdminModuleOptions } from './admin.module-definition.js';
import { checkAdminOptions } from './admin.options.js';

const no = () => Promise.reject(new Error('not called'));
const users = { search: no, find: no, count: no, update: no };
const events = { list: no, countSince: no };

describe('checkAdminOptions', () => {
  it('takes objects with the methods of the ports', () => {
    expect(checkAdminOptions({ users, events })).toEqual({ users, events });
  });

  it('refuses a misspelt option', () => {
    const check = () => checkAdminOptions({ users, events, event: events } as AdminModuleOptions);
    expect(check).toThrow('- event: there is no such option; is events meant?');
    expect(() => checkAdminOptions(undefined as never)).toThrow('- options: pass an object');
  });

  it('names every method that is missing, of both ports at once', () => {
    const { update: _update, ...fewer } = users;
    const check = () => checkAdminOptions({ users: fewer } as unknown as AdminModuleOptions);
    expect(check).toThrow('users: pass an object with the methods of UserDirectory; missing: update.');
    expect(check).toThrow(
      'events: pass an object with the methods of EventDirectory; missing: list, countSince.',
    );
  });
});
