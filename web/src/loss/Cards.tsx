import type { ComponentChildren } from "preact";
import { formatCount } from "../model/format.ts";
import "./cards.css";

interface CardsProps {
  /** What the rows are, for a screen reader. */
  caption: string;
  columns: readonly Column[];
  children: ComponentChildren;
}

/** A column, and what it means where the name does not tell. */
export interface Column {
  name: string;
  words?: string;
}

/** A table whose rows are cards in a narrow window. The roles are written out, since
 * a table that is laid out otherwise is none for a screen reader. */
export function Cards({ caption, columns, children }: CardsProps) {
  return (
    <table class="cards" role="table">
      <caption class="hidden">{caption}</caption>
      <thead role="rowgroup">
        <tr role="row">
          {columns.map(({ name, words }) => <th key={name} role="columnheader" scope="col" title={words}>{name}</th>)}
        </tr>
      </thead>
      <tbody role="rowgroup">{children}</tbody>
    </table>
  );
}

interface CellProps {
  /** The column's. */
  name: string;
  children: ComponentChildren;
}

/** A cell, with the column's name beside it when the row is a card. */
export function Cell({ name, children }: CellProps) {
  return <td role="cell" data-name={name}>{children}</td>;
}

interface CountProps {
  name: string;
  n: number;
  /** The number is a loss. */
  lost?: boolean;
}

/** A cell with a number; a loss has a sign beside its color. */
export function Count({ name, n, lost = false }: CountProps) {
  if (lost && n > 0) return <Cell name={name}><Lost n={n} /></Cell>;
  return <Cell name={name}>{n === 0 ? <span class="muted">0</span> : formatCount(n)}</Cell>;
}

/** A number of what was lost. */
export function Lost({ n }: { n: number }) {
  return (
    <strong class="loss-bad">
      <span aria-hidden="true">✕ </span><span class="hidden">lost: </span>{formatCount(n)}
    </strong>
  );
}
