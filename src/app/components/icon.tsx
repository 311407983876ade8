import type { PageName } from "../router.ts";

/** Drawn on 24 × 24 with strokes in the text's colour, so that no icon font or picture is fetched. */
const PATHS: Record<PageName, string> = {
  contribute: "M12 5.5v4.2M7.4 16.6l3-3.2M16.6 16.6l-3-3.2M12 5.5a1.9 1.9 0 1 0 0-.01M12 13.8a2 2 0 1 0 0-.01M6 19.5a1.9 1.9 0 1 0 0-.01M18 19.5a1.9 1.9 0 1 0 0-.01",
  tasks: "M8.5 5H6.5A1.5 1.5 0 0 0 5 6.5v13A1.5 1.5 0 0 0 6.5 21h11a1.5 1.5 0 0 0 1.5-1.5v-13A1.5 1.5 0 0 0 17.5 5h-2M9 3.5h6v3H9zM8.5 13.5l2.4 2.4 4.6-5",
  data: "M4.5 6.5c0-1.7 3.4-3 7.5-3s7.5 1.3 7.5 3-3.4 3-7.5 3-7.5-1.3-7.5-3v11c0 1.7 3.4 3 7.5 3s7.5-1.3 7.5-3v-11M4.5 12c0 1.7 3.4 3 7.5 3s7.5-1.3 7.5-3",
  models: "M12 3l8 4.5v9L12 21l-8-4.5v-9zM4 7.5l8 4.5 8-4.5M12 12v9",
  sent: "M12 15V4M7.5 8.5L12 4l4.5 4.5M4 14v4.5A1.5 1.5 0 0 0 5.5 20h13a1.5 1.5 0 0 0 1.5-1.5V14",
  settings: "M4 7h9M17 7h3M4 17h3M11 17h9M15 9.2a2.2 2.2 0 1 0 0-4.4 2.2 2.2 0 0 0 0 4.4zM9 19.2a2.2 2.2 0 1 0 0-4.4 2.2 2.2 0 0 0 0 4.4z",
  style: "M12 3.5a8.5 8.5 0 1 0 0 17c1.4 0 2-.8 2-1.8 0-1.500-1.200-1.700-1.200-2.900 0-1 .8-1.600 1.800-1.600h2.200a3.700 3.700 0 0 0 3.700-3.700c0-3.900-3.800-7-8.500-7zM7.500 12.500v.01M9.500 8.500v.01M14 7.700v.01",
};

export function Icon({ name }: { name: PageName }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" width="24" height="24" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
