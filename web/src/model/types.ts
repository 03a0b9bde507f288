/** The types of a tag's value, as Jaeger names them. */
export type TagType = "string" | "bool" | "int64" | "float64" | "binary";

/** A tag, or a field of a log. */
export interface Tag {
  key: string;
  type: TagType;
  /** A number that JavaScript cannot hold exactly is its digits, as text. */
  value: string | number | boolean;
}

/** A log of a span. */
export interface Log {
  /** Microseconds since 1970. */
  time: number;
  fields: Tag[];
}

/** A reference from one span to another. */
export interface Reference {
  type: "CHILD_OF" | "FOLLOWS_FROM";
  traceID: string;
  spanID: string;
}

/** What made a span. */
export interface Process {
  service: string;
  tags: Tag[];
}

/** A span as the server answered it. */
export interface Span {
  traceID: string;
  id: string;
  operation: string;
  references: Reference[];
  /** Microseconds since 1970. */
  start: number;
  /** Microseconds. */
  duration: number;
  tags: Tag[];
  logs: Log[];
  process: Process;
  /** What the server noticed. */
  warnings: string[];
  flags: number;
}

/** A trace as the server answered it: the spans in no order. */
export interface RawTrace {
  id: string;
  spans: Span[];
  warnings: string[];
}
