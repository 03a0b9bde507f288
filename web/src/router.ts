import { useEffect, useState } from "preact/hooks";

/** Where the page is: the path, and the state that views keep in the query. */
export interface Place {
  path: string;
  query: URLSearchParams;
}

/** Sent to the window whenever navigate or setQuery changed the URL. */
const moved = "otdemo:moved";

function here(): Place {
  return { path: location.pathname, query: new URLSearchParams(location.search) };
}

/** Returns the present place, and renders again when it changes. */
export function usePlace(): Place {
  const [place, setPlace] = useState(here);
  useEffect(() => {
    const update = (): void => setPlace(here());
    addEventListener("popstate", update);
    addEventListener(moved, update);
    return () => {
      removeEventListener("popstate", update);
      removeEventListener(moved, update);
    };
  }, []);
  return place;
}

/** Goes to a path with its query. replace leaves no step for the back button. */
export function navigate(to: string, options: { replace?: boolean } = {}): void {
  if (options.replace) history.replaceState(null, "", to);
  else {
    history.pushState(null, "", to);
    scrollTo(0, 0);
  }
  dispatchEvent(new Event(moved));
}

/**
 * Changes some parameters of the query; null or "" takes one away. Without push
 * it leaves no step for the back button, as suits what changes while one looks,
 * such as a zoom.
 */
export function setQuery(
  changes: Readonly<Record<string, string | null>>,
  options: { push?: boolean } = {},
): void {
  const query = new URLSearchParams(location.search);
  for (const [key, value] of Object.entries(changes)) {
    if (value === null || value === "") query.delete(key);
    else query.set(key, value);
  }
  navigate(location.pathname + withMark(query), { replace: !options.push });
}

/** Returns "?a=b", or "" for an empty query. */
export function withMark(query: URLSearchParams): string {
  const text = query.toString();
  return text === "" ? "" : `?${text}`;
}

/** Makes clicks on links within the page change the view without loading it anew. */
export function interceptLinks(root: Document): void {
  root.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = event.target instanceof Element ? event.target.closest("a") : null;
    if (!(link instanceof HTMLAnchorElement) || link.target || link.hasAttribute("download")) return;
    if (link.origin !== location.origin || link.pathname.startsWith("/api/")) return;
    if (link.hash !== "" && link.pathname === location.pathname) return; // within the view
    event.preventDefault();
    navigate(link.pathname + link.search);
  });
}
