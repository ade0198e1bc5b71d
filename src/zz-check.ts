import type { Request } from 'express';
import type { RedisSessionStore } from './session/index.js';
declare const a: RedisSessionStore;
export const b: Request['sessionStore'] = a;
