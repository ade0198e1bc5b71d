import type { RequestHandler } from 'express';
import { ProblemException } from '../problem/index.js';

/** Refuses addresses whose percent encoding is broken: a proxy and a router may each make something else of them. */
export const strictAddress: RequestHandler = ({ path }, _res, next) => {
  next(path.includes('%') && !isEncoded(path) ? new ProblemException('BAD_REQUEST') : undefined);
};

function isEncoded(path: string): boolean {
  try {
    decodeURIComponent(path);
    return true;
  } catch {
    return false;
  }
}
