/** Icons drawn by lines in the text's colour. They are decoration: the button beside them carries the name. */
const PATHS = {
  add: "M12 5v14M5 12h14",
  chat: "M4 5h16v11H9l-5 4z",
  close: "M6 6l12 12M18 6L6 18",
  delete: "M5 7h14M10 7V5h4v2M7 7l1 12h8l1-12",
  edit: "M5 19h3L19 8l-3-3L5 16zM14 7l3 3",
  note: "M5 6h14M5 11h14M5 16h9",
  search: "M11 5a6 6 0 1 0 0 12a6 6 0 1 0 0-12zM16 16l4 4",
  send: "M4 12h15M13 6l6 6-6 6",
} as const;

export function Icon({ name }: { name: keyof typeof PATHS }) {
  return (
    <svg className="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
