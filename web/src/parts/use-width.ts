import { useSignal } from '@preact/signals';
import { useLayoutEffect, useRef } from 'preact/hooks';

/**
 * How wide an element is, in CSS pixels, whenever that changes.
 *
 * @param before until it is known
 */
export function useWidth<T extends Element>(before: number) {
  const element = useRef<T>(null);
  const width = useSignal(before);
  useLayoutEffect(() => {
    const observed = element.current;
    if (!observed) return;
    const observer = new ResizeObserver(([entry]) => {
      if (entry && entry.contentRect.width > 0) width.value = entry.contentRect.width;
    });
    observer.observe(observed);
    return () => observer.disconnect();
  }, []);
  return { element, width: width.value };
}
