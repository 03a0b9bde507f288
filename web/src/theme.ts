/** What the reader chose; "system" follows the device. */
export type Theme = "system" | "light" | "dark";

const key = "otdemo.theme";

/** Returns the theme chosen earlier in this browser. */
export function storedTheme(): Theme {
  try {
    const value = localStorage.getItem(key);
    return value === "light" || value === "dark" ? value : "system";
  } catch {
    return "system"; // storage is off
  }
}

/** Keeps the choice, if the browser lets us. */
export function storeTheme(theme: Theme): void {
  try {
    if (theme === "system") localStorage.removeItem(key);
    else localStorage.setItem(key, theme);
  } catch {
    // It holds until the page is loaded again.
  }
}

/** Shows the page in the theme. */
export function applyTheme(theme: Theme): void {
  const root = document.documentElement;
  if (theme === "system") root.removeAttribute("data-theme");
  else root.setAttribute("data-theme", theme);
}
