import { useComputed, useSignal, useSignalEffect } from '@preact/signals';
import { useCallback, useEffect, useRef } from 'preact/hooks';
import { type ApiError, isApiError } from '../api/api-error.js';
import { refreshes } from './freshness.js';
import { outage } from './outage.js';

/** Something that the server knows, as far as this page knows it. */
export interface Resource<T> {
  /** The last answer; kept while a newer one is not there. */
  data: T | undefined;
  /** Why there is no newer one. */
  error: ApiError | undefined;
  loading: boolean;
  /** Whether `data` may be out of date because something is away. */
  stale: boolean;
  reload: () => void;
  /** Changes what is shown without asking, after a change that the server has confirmed. */
  set: (change: (data: T) => T) => void;
}

/**
 * Asks for something, and asks again when it may be out of date.
 *
 * @param load ends with its signal
 * @param deps what it is about: when these change, the data before are another thing's and go
 */
export function useResource<T>(load: (signal: AbortSignal) => Promise<T>, deps: unknown[]): Resource<T> {
  const data = useSignal<T | undefined>(undefined);
  const error = useSignal<ApiError | undefined>(undefined);
  const loading = useSignal(true);
  const request = useRef<AbortController>(undefined);

  const reload = useCallback(() => {
    request.current?.abort();
    const own = new AbortController();
    request.current = own;
    loading.value = true;
    load(own.signal).then(
      (answer) => {
        if (own.signal.aborted) return;
        data.value = answer;
        error.value = undefined;
        loading.value = false;
      },
      (failure: unknown) => {
        if (own.signal.aborted) return;
        loading.value = false;
        if (!isApiError(failure)) throw failure;
        error.value = failure;
      },
    );
  }, deps);

  useEffect(() => {
    data.value = undefined;
    error.value = undefined;
    reload();
    return () => request.current?.abort();
  }, [reload]);

  const asked = useRef(refreshes.peek());
  const current = useRef(reload);
  current.current = reload;
  useSignalEffect(() => {
    if (asked.current === refreshes.value) return;
    asked.current = refreshes.value;
    current.current();
  });

  const stale = useComputed(
    () => data.value !== undefined && (outage.value !== null || error.value?.isOutage === true),
  );
  return {
    data: data.value,
    error: error.value,
    loading: loading.value,
    stale: stale.value,
    reload,
    set: (change) => {
      if (data.value !== undefined) data.value = change(data.value);
    },
  };
}
