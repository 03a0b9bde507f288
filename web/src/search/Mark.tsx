import type { ComponentChildren } from "preact";

interface MarkProps {
  kind: "error" | "warning";
  title?: string;
  children: ComponentChildren;
}

/** A word that warns, with a sign for who does not see its color. */
export function Mark({ kind, title, children }: MarkProps) {
  return (
    <span class={`mark-${kind}`} title={title}>
      <span aria-hidden="true">{kind === "error" ? "✕ " : "! "}</span>
      {children}
    </span>
  );
}
