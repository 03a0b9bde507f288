import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { applyTheme, storedTheme, storeTheme, type Theme } from "../theme.ts";
import { KeyHelp } from "./KeyHelp.tsx";

const views = [
  { path: "/search", name: "Search", at: (path: string) => path === "/" || path === "/search" },
  { path: "/compare", name: "Compare", at: (path: string) => path === "/compare" },
  { path: "/dependencies", name: "Services", at: (path: string) => path === "/dependencies" },
  { path: "/loss", name: "Loss", at: (path: string) => path === "/loss" },
];

/** What stands around every view: the way to the others, the theme, the keys. */
export function Shell({ path, children }: { path: string; children: ComponentChildren }) {
  return (
    <>
      <a class="skip" href="#main">Skip to content</a>
      <header class="top">
        <a class="brand" href="/">otdemo</a>
        <nav aria-label="Views">
          {views.map((view) => (
            <a key={view.path} href={view.path} aria-current={view.at(path) ? "page" : undefined}>
              {view.name}
            </a>
          ))}
        </nav>
        <ThemeSwitch />
        <KeyHelp />
      </header>
      <main id="main" tabIndex={-1}>{children}</main>
    </>
  );
}

const themes: readonly { theme: Theme; sign: string }[] = [
  { theme: "system", sign: "◐" },
  { theme: "light", sign: "☀" },
  { theme: "dark", sign: "☾" },
];

function ThemeSwitch() {
  const [theme, setTheme] = useState(storedTheme);
  const at = themes.findIndex((entry) => entry.theme === theme);
  const next = themes[(at + 1) % themes.length] ?? themes[0];
  const choose = (): void => {
    if (!next) return;
    storeTheme(next.theme);
    applyTheme(next.theme);
    setTheme(next.theme);
  };
  const words = `Theme: ${theme}. Change to ${next?.theme}`;
  return (
    <button type="button" class="plain" aria-label={words} title={words} onClick={choose}>
      <span aria-hidden="true">{themes[at]?.sign}</span>
    </button>
  );
}
