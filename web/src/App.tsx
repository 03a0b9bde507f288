import { CompareView } from "./compare/CompareView.tsx";
import { GraphView } from "./graph/GraphView.tsx";
import { LossView } from "./loss/LossView.tsx";
import { usePlace, type Place } from "./router.ts";
import { SearchView } from "./search/SearchView.tsx";
import { TraceView } from "./trace/TraceView.tsx";
import { Notice } from "./ui/Notice.tsx";
import { Shell } from "./ui/Shell.tsx";
import { useTitle } from "./ui/useLoad.ts";

/** The page: the view that the path names, within the shell. */
export function App() {
  const place = usePlace();
  return <Shell path={place.path}>{viewOf(place)}</Shell>;
}

function viewOf({ path, query }: Place) {
  const [, first = "", second = ""] = path.split("/");
  switch (first) {
    case "":
    case "search":
      return <SearchView query={query} />;
    case "trace": {
      // Jaeger UI compares two traces at /trace/a...b.
      const [a = "", b] = decode(second).split("...");
      if (b !== undefined) return <CompareView a={a} b={b} />;
      return <TraceView key={a} id={a} query={query} />;
    }
    case "compare":
      return <CompareView a={query.get("a") ?? ""} b={query.get("b") ?? ""} />;
    case "dependencies":
      return <GraphView query={query} />;
    case "loss":
      return <LossView query={query} />;
    default:
      return <NothingHere path={path} />;
  }
}

/** Undoes percent encoding, where it is right. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function NothingHere({ path }: { path: string }) {
  useTitle("Not found");
  return (
    <Notice title="Page not found" kind="warning">
      <p>
        <code><bdi>{path}</bdi></code> is not a path of this page. <a href="/search">Search for traces</a>
      </p>
    </Notice>
  );
}
