/** Something of its own height below a row. */
export interface Below {
  index: number;
  /** Pixels. */
  height: number;
}

/** Rows of one height, a few of them with something below. */
export interface Layout {
  count: number;
  /** Of a row, in pixels. */
  row: number;
  /** In the order of their rows; each row once. */
  below: readonly Below[];
}

/** Returns where the row at index begins, in pixels from the first row's top; with
 * index count, the height of all. */
export function offsetOf(layout: Layout, index: number): number {
  let offset = index * layout.row;
  for (const below of layout.below) {
    if (below.index >= index) break;
    offset += below.height;
  }
  return offset;
}

/** Returns the row that has the pixel at offset, itself or by what is below it;
 * the first or the last one for a pixel outside. */
export function indexAt(layout: Layout, offset: number): number {
  let added = 0;
  for (const below of layout.below) {
    const end = (below.index + 1) * layout.row + added;
    if (offset < end) break;
    if (offset < end + below.height) return below.index;
    added += below.height;
  }
  return Math.max(0, Math.min(layout.count - 1, Math.floor((offset - added) / layout.row)));
}

/** Some rows: from first up to, without, end. */
export interface Range {
  first: number;
  end: number;
}

/** Rows rendered beyond each edge of the window, so that a quick scroll or a screen
 * reader meets no gap. */
const spare = 12;

/** Returns the rows to render for a window that shows the pixels from top to bottom.
 * It moves in steps, so that most scrolls change nothing. */
export function rangeFor(layout: Layout, top: number, bottom: number): Range {
  if (layout.count === 0) return { first: 0, end: 0 };
  const step = spare / 2;
  const first = Math.floor((indexAt(layout, top) - spare) / step) * step;
  const end = Math.ceil((indexAt(layout, bottom) + 1 + spare) / step) * step;
  return { first: Math.max(0, first), end: Math.min(layout.count, end) };
}
