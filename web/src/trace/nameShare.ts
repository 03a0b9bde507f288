const key = "otdemo.nameShare";

/** The least and the most of the width for the names. */
export const limits = { least: 0.15, most: 0.8 } as const;

/** Returns the share of the names until the reader chooses: in a narrow window they need more. */
export function usualShare(): number {
  return innerWidth < 640 ? 0.5 : 0.38;
}

/** Returns the nearest share that may be. */
export function clampShare(value: number): number {
  return Math.min(limits.most, Math.max(limits.least, value));
}

/** Returns the share that the reader chose earlier. */
export function storedShare(): number {
  try {
    const value = Number(localStorage.getItem(key));
    return value > 0 ? clampShare(value) : usualShare();
  } catch {
    return usualShare(); // storage is off
  }
}

/** Keeps the share, if the browser lets us. */
export function storeShare(value: number): void {
  try {
    localStorage.setItem(key, String(value));
  } catch {
    // It holds until the page is loaded again.
  }
}
