"use client";

import { useId } from "react";
import type { Counts, Status } from "../lib/types.ts";
import { Icon } from "./icons.tsx";
import { useAlive } from "./useAlive.ts";

interface Props {
  filter: Status;
  search: string;
  counts: Counts | undefined;
  onFilter: (filter: Status) => void;
  onSearch: (search: string) => void;
}

const LABELS: [Status, string][] = [
  ["all", "All"],
  ["open", "Open"],
  ["done", "Done"],
];

export function Filters({ filter, search, counts, onFilter, onSearch }: Props) {
  const id = useId();
  const alive = useAlive(); // before that nothing takes a choice, which would be lost
  const numbers = counts && { all: counts.open + counts.done, open: counts.open, done: counts.done };
  return (
    <div className="filters">
      <fieldset className="segments" disabled={!alive}>
        <legend className="sr-only">Show</legend>
        {LABELS.map(([status, label]) => (
          <label key={status}>
            <input
              type="radio"
              className="sr-only"
              name={`${id}status`}
              value={status}
              checked={filter === status}
              onChange={() => onFilter(status)}
            />
            <span>
              {label}
              {numbers && <span className="count"> {numbers[status]}</span>}
            </span>
          </label>
        ))}
      </fieldset>
      <div className="search" role="search">
        <Icon name="search" />
        <label className="sr-only" htmlFor={`${id}search`}>
          Search todos
        </label>
        <input
          id={`${id}search`}
          type="search"
          placeholder="Search"
          maxLength={200}
          autoComplete="off"
          value={search}
          readOnly={!alive}
          onChange={(event) => onSearch(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === "Escape" && search) {
              event.preventDefault();
              onSearch("");
            }
          }}
        />
      </div>
    </div>
  );
}
