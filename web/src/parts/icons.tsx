/** The key of the product; its name stands beside it. */
export function Logo() {
  return (
    <svg class="logo" viewBox="0 0 32 32" aria-hidden="true">
      <rect class="logo-ground" width="32" height="32" rx="8" />
      <circle class="logo-line" cx="12" cy="16" r="5" />
      <path class="logo-line" d="M17 16h9v5M22 16v4" />
    </svg>
  );
}

const SHAPES: Record<string, string> = {
  mobile: 'M8 3h8v18H8zM11 18h2',
  tablet: 'M5 3h14v18H5zM11 18h2',
  desktop: 'M3 5h18v11H3zM9 20h6M12 16v4',
  unknown: 'M4 5h16v14H4zM7 9l3 3-3 3M12 15h5',
};

/** A sign for a kind of device, whose name stands beside it. */
export function DeviceIcon({ type }: { type: string }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={SHAPES[type] ?? SHAPES.unknown} />
    </svg>
  );
}
