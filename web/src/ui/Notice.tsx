import type { ComponentChildren } from "preact";
import { ApiError } from "../api/client.ts";

interface NoticeProps {
  /** What happened, in a sentence. */
  title: string;
  kind?: "error" | "warning" | "info";
  children?: ComponentChildren;
}

/** A message in place of, or above, what should be there. */
export function Notice({ title, kind = "info", children }: NoticeProps) {
  return (
    <section class={`notice notice-${kind}`} role={kind === "error" ? "alert" : "status"}>
      <h2>
        <span class="notice-mark" aria-hidden="true">{marks[kind]}</span>
        {title}
      </h2>
      {children}
    </section>
  );
}

const marks = { error: "✕", warning: "!", info: "i" } as const;

interface FailureProps {
  /** What was tried, such as "Cannot load the trace". */
  title: string;
  error: Error;
  again?: () => void;
}

/** A request that failed: the server's words, its status, and another try. */
export function Failure({ title, error, again }: FailureProps) {
  const asked = error instanceof ApiError ? error : undefined;
  return (
    <Notice title={title} kind="error">
      <p>
        <bdi>{error.message}</bdi>
        {asked && asked.status > 0 && ` (HTTP status ${asked.status})`}
      </p>
      {asked && (
        <p class="muted">
          <code>GET {asked.url}</code>
        </p>
      )}
      {again && (
        <p>
          <button type="button" onClick={again}>Try again</button>
        </p>
      )}
    </Notice>
  );
}
