/** Page keys go so many rows. */
const stride = 10;

/** Returns the row of a list that a key goes to from the one at at; undefined for a
 * key that goes to none. */
export function targetOf(key: string, at: number, count: number): number | undefined {
  const to: Readonly<Record<string, number>> = {
    ArrowDown: at + 1,
    ArrowUp: at - 1,
    PageDown: at + stride,
    PageUp: at - stride,
    Home: 0,
    End: count - 1,
  };
  const target = to[key];
  return target === undefined || count === 0 ? undefined : Math.max(0, Math.min(count - 1, target));
}
