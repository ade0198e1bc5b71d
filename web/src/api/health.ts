import { call } from './http.js';
import { isApiError } from './api-error.js';

/** Whether the session store and the database answer. Where nobody may ask that from outside, they are taken to. */
export async function ready(): Promise<boolean> {
  try {
    await call('/health/ready');
    return true;
  } catch (error) {
    return isApiError(error) && error.status >= 400 && error.status < 500;
  }
}
