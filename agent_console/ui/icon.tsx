/** Icons on a grid of 24. Each stands beside a text or in a labelled control, so screen readers skip it. */

/** The paths of an icon. */
export type Shape = readonly string[];

const SHAPES = {
  keyboard: ["M3 7h18v11H3z", "M7 11h.01M11 11h.01M15 11h.01M8 15h8"],
  search: ["M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14z", "M16 16l4 4"],
  lock: ["M5 11h14v9H5z", "M8 11V8a4 4 0 0 1 8 0v3"],
  down: ["M7 10l5 5 5-5"],
  back: ["M15 5l-7 7 7 7"],
  close: ["M6 6l12 12M18 6L6 18"],
  check: ["M5 12l5 5 9-10"],
  person: ["M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8z", "M4 20c1-4 4-6 8-6s7 2 8 6"],
  alert: ["M12 4l9 16H3z", "M12 10v4M12 17h.01"],
  bell: ["M6 16V11a6 6 0 0 1 12 0v5l2 2H4z", "M10 21h4"],
  cloud: ["M3 3l18 18", "M7 18h10M6 12a5 5 0 0 1 3-4m4-1a5 5 0 0 1 5 5 3 3 0 0 1 2 4"],
  more: ["M5 12h.01M12 12h.01M19 12h.01"],
  bubble: ["M4 5h16v11H9l-5 4z"],
  arrow: ["M12 5v14M6 13l6 6 6-6"],
} as const;

type IconName = keyof typeof SHAPES;

/** One of the icons here by its name, or that of a view by its shape. */
export function Icon({ name }: { name: IconName | Shape }) {
  const shape = typeof name === "string" ? SHAPES[name] : name;
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      {shape.map((path) => (
        <path key={path} d={path} />
      ))}
    </svg>
  );
}
