import type { ComponentChildren } from 'preact';
import { useErrorBoundary } from 'preact/hooks';
import { Alert } from './alert.js';

/** Keeps a fault of these pages from leaving an empty window. */
export function Boundary({ children }: { children: ComponentChildren }) {
  const [fault] = useErrorBoundary((error: unknown) => console.error(error)) as [unknown, () => void];
  if (!fault) return children;
  return (
    <>
      <h1>Something went wrong</h1>
      <Alert>This page has failed. That is its own fault; nothing was changed by it.</Alert>
      <p>
        {/* Not followed inside of these pages, which is where the fault is. */}
        <a href="/console/" target="_top">
          Start again
        </a>
      </p>
    </>
  );
}
