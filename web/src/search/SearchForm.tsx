import type { ComponentChildren, InputHTMLAttributes, RefObject } from "preact";
import { useEffect, useId, useState } from "preact/hooks";
import { operations, services, type Operation } from "../api/client.ts";
import { visible } from "../model/text.ts";
import { useLoad } from "../ui/useLoad.ts";
import { check, isEmpty, limits, ranges, type Form, type FormErrors } from "./form.ts";

interface SearchFormProps {
  /** The parameters in the URL. */
  form: Form;
  /** Searches; the form is without errors. */
  onSearch: (form: Form) => void;
  /** The field that "/" goes to. */
  first: RefObject<HTMLSelectElement | null>;
}

/** The conditions of a search. Nothing is asked before the form is sent. */
export function SearchForm({ form, onSearch, first }: SearchFormProps) {
  const [draft, setDraft] = useState(form);
  const [errors, setErrors] = useState(() => check(form));
  const change = (part: Partial<Form>): void => setDraft((old) => ({ ...old, ...part }));
  useEffect(() => {
    setDraft(form);
    setErrors(check(form));
  }, [JSON.stringify(form)]);
  const send = (event: Event): void => {
    event.preventDefault();
    const found = check(draft);
    setErrors(found);
    if (Object.keys(found).length === 0) onSearch(draft);
    else focusInvalid(event.currentTarget);
  };
  return (
    <form class="search-form" role="search" aria-label="Traces" onSubmit={send} noValidate>
      <Where draft={draft} change={change} first={first} />
      <What draft={draft} change={change} errors={errors} />
      <When draft={draft} change={change} errors={errors} />
      <div class="search-actions">
        <button type="submit" class="primary">Find traces</button>
        {!isEmpty(form) && <a href="/search">Clear</a>}
      </div>
    </form>
  );
}

/** Goes to the first field with a mistake, once it is marked. */
function focusInvalid(form: EventTarget | null): void {
  requestAnimationFrame(() => {
    if (form instanceof HTMLElement) form.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  });
}

interface PartProps {
  draft: Form;
  change: (part: Partial<Form>) => void;
}

function Where({ draft, change, first }: PartProps & Pick<SearchFormProps, "first">) {
  const known = useLoad(services, []);
  const { service } = draft;
  const offered = useLoad(
    (signal) => (service === "" ? Promise.resolve<Operation[]>([]) : operations(service, signal)),
    [service],
  );
  const names = withChosen(known.value ?? [], service);
  const kinds = kindsOf(offered.value ?? []);
  return (
    <>
      <Field label="Service" error={known.error && `Cannot load the services: ${known.error.message}`}>
        {(field) => (
          <select {...field} ref={first} value={service}
            onFocus={() => known.error && known.again()}
            onChange={(event) => change({ service: event.currentTarget.value, operation: "" })}>
            <option value="">All services</option>
            {names.map((name) => <option key={name} value={name}>{visible(name)}</option>)}
          </select>
        )}
      </Field>
      <Field label="Operation" error={offered.error && `Cannot load the operations: ${offered.error.message}`}>
        {(field) => (
          <select {...field} value={draft.operation} disabled={service === ""}
            onChange={(event) => change({ operation: event.currentTarget.value })}>
            <option value="">{service === "" ? "Choose a service first" : "All operations"}</option>
            {withChosen([...kinds.keys()], draft.operation).map((name) => (
              <option key={name} value={name}>
                {visible(name) + (kinds.get(name) ? ` (${kinds.get(name)})` : "")}
              </option>
            ))}
          </select>
        )}
      </Field>
    </>
  );
}

/** A search is by names alone: operations of one name stand once, with their kinds. */
function kindsOf(list: readonly Operation[]): Map<string, string> {
  const kinds = new Map<string, string[]>();
  for (const { name, kind } of list) {
    kinds.set(name, [...(kinds.get(name) ?? []), ...(kind === "" ? [] : [kind])]);
  }
  return new Map([...kinds].sort().map(([name, words]) => [name, words.join(", ")]));
}

/** Keeps what the URL names, though the server does not. */
function withChosen(names: readonly string[], chosen: string): readonly string[] {
  return chosen === "" || names.includes(chosen) ? names : [chosen, ...names];
}

interface CheckedProps extends PartProps {
  errors: FormErrors;
}

function What(props: CheckedProps) {
  return (
    <>
      <Text {...props} name="tags" label="Tags" hint='error=true http.url="/a b"' />
      <div class="search-pair">
        <Text {...props} name="min" label="Min duration" hint="1.5ms" />
        <Text {...props} name="max" label="Max duration" hint="2s" />
      </div>
    </>
  );
}

function When(props: CheckedProps) {
  const { range } = props.draft;
  const odd = ranges.some(([name]) => name === range) ? [] : [[range, `Last ${range}`] as const];
  return (
    <>
      <div class="search-pair">
        <Field label="Range" error={props.errors.range}>
          {(field) => (
            <select {...field} value={range}
              title="Any time sends no range: otdemo searches all traces, Jaeger those of the last two days"
              onChange={(event) => props.change({ range: event.currentTarget.value })}>
              {[...ranges, ...odd].map(([name, words]) => <option key={name} value={name}>{words}</option>)}
            </select>
          )}
        </Field>
        <Text {...props} name="limit" label="Limit" input={{ type: "number", min: 1, max: limits.most }} />
      </div>
      {range === "custom" && (
        <>
          <Text {...props} name="from" label="From" input={moment} />
          <Text {...props} name="to" label="To" input={moment} />
        </>
      )}
    </>
  );
}

interface TextProps extends CheckedProps {
  name: keyof Form;
  label: string;
  hint?: string;
  /** The kind of text; by default any. */
  input?: InputHTMLAttributes<HTMLInputElement>;
}

const any: InputHTMLAttributes<HTMLInputElement> = { type: "text" };

/** Local time to the millisecond. */
const moment: InputHTMLAttributes<HTMLInputElement> = { type: "datetime-local", step: 0.001 };

/** A field to type into. */
function Text({ draft, change, errors, name, label, hint, input = any }: TextProps) {
  return (
    <Field label={label} error={errors[name]} hint={hint}>
      {(field) => (
        <input {...input} {...field} value={draft[name]} autocomplete="off" spellcheck={false}
          onInput={(event) => change({ [name]: event.currentTarget.value })} />
      )}
    </Field>
  );
}

/** What ties a field to its label and its error. */
interface FieldIDs {
  id: string;
  "aria-invalid": "true" | undefined;
  "aria-describedby": string | undefined;
}

interface FieldProps {
  label: string;
  error?: string | undefined;
  /** An example of what to type. */
  hint?: string | undefined;
  children: (field: FieldIDs) => ComponentChildren;
}

function Field({ label, error, hint, children }: FieldProps) {
  const id = useId();
  const field: FieldIDs = {
    id,
    "aria-invalid": error ? "true" : undefined,
    "aria-describedby": error ?? hint ? `${id}-note` : undefined,
  };
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children(field)}
      {error
        ? (
          <p class="field-note error" id={`${id}-note`}>
            <span aria-hidden="true">✕ </span>
            <bdi>{error}</bdi>
          </p>
        )
        : hint && <p class="field-note muted" id={`${id}-note`}>{hint}</p>}
    </div>
  );
}
