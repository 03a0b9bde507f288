import { ask, services } from "../api/client.ts";
import { decodeAccount, undecodableOf } from "../loss/account.ts";
import { plural } from "../model/format.ts";
import { visible } from "../model/text.ts";
import { withMark } from "../router.ts";
import { CopyButton } from "../ui/CopyButton.tsx";
import { Failure, Notice } from "../ui/Notice.tsx";
import { useLoad } from "../ui/useLoad.ts";
import { Mark } from "./Mark.tsx";
import { loosenings, writeForm, type Form } from "./form.ts";

interface NothingProps {
  form: Form;
  /** Whether the search is repeated without being asked. */
  refreshing: boolean;
}

/** Shows why a search found nothing, and what to do. */
export function Nothing({ form, refreshing }: NothingProps) {
  const known = useLoad(services, []);
  if (known.error) {
    return <Failure title="Cannot load the services" error={known.error} again={known.again} />;
  }
  if (!known.value) return <p class="muted" role="status">No traces found; checking why…</p>;
  if (known.value.length === 0) return <NoSpans refreshing={refreshing} />;
  const ways = loosenings(form);
  return (
    <Notice title="No traces found">
      {ways.length > 0 && (
        <>
          <p>A trace matches when one of its spans meets all conditions. Try to widen one of them:</p>
          <ul>
            {ways.map(({ words, form: wider }) => (
              <li key={words}>
                <a href={`/search${withMark(writeForm(wider))}`}><bdi>{visible(words)}</bdi></a>
              </li>
            ))}
          </ul>
        </>
      )}
      {form.service !== "" && !known.value.includes(form.service) && (
        <p>
          The server has no spans of service <code><bdi>{visible(form.service)}</bdi></code>, but of{" "}
          {plural(known.value.length, "other service")}.
        </p>
      )}
      <p>
        Spans arrive about a second after they finish. Spans that were lost or evicted are counted on{" "}
        <a href="/loss">Loss</a>.
      </p>
    </Notice>
  );
}

/** What to do when there is no span at all. The addresses are those of otdemo's own
 * backend, which alone tells what it could not read. */
function NoSpans({ refreshing }: Pick<NothingProps, "refreshing">) {
  const unread = useLoad(unreadable, []);
  const own = location.origin === "http://localhost:16686" ? "" : ` --query-url ${location.origin}`;
  return (
    <Notice title="No spans have arrived">
      {unread.value !== undefined && unread.value > 0 && (
        <p>
          <Mark kind="error">
            {plural(unread.value, "packet or request", "packets or requests")} could not be decoded:{" "}
            <a href="/loss">see what they were</a>
          </Mark>
        </p>
      )}
      <p>
        {refreshing && "This page refreshes every two seconds. "}
        To send a first trace, start a traced server, and call it from another terminal:
      </p>
      <Command line="otdemo serve" />
      <Command line={`otdemo call --show${own}`} />
      <p>If your own service sends spans and none appear, find out where they are lost:</p>
      <Command line={`otdemo check-jaeger${own}`} />
      {!unread.error && (
        <>
          <p>Tracers send to one of these addresses, unless the server was started with others:</p>
          <ul class="plain-list">
            {addresses(location.hostname).map(([address, words]) => (
              <li key={address}><code>{address}</code> <span class="muted">{words}</span></li>
            ))}
          </ul>
        </>
      )}
    </Notice>
  );
}

function Command({ line }: { line: string }) {
  return <p class="command"><code>{line}</code> <CopyButton text={() => line} what={line} /></p>;
}

function addresses(host: string): [string, string][] {
  return [
    [`${host}:6831`, "UDP, compact thrift: jaeger-client's default"],
    [`http://${host}:14268/api/traces`, "thrift over HTTP"],
    [`http://${host}:4318/v1/traces`, "OTLP over HTTP (gRPC: port 4317)"],
    [`http://${host}:9411/api/v2/spans`, "Zipkin"],
  ];
}

/** Returns how many messages to otdemo's backend had no span; no other backend counts them. */
async function unreadable(signal: AbortSignal): Promise<number> {
  const account = decodeAccount(await ask("/api/loss", signal));
  return account ? undecodableOf(account) : 0;
}
