import { useEffect, useState } from "preact/hooks";

interface CopyButtonProps {
  /** Makes the text when the button is pressed. */
  text: () => string;
  /** What is copied, for the label: "trace id". */
  what: string;
  /** What the button shows; "Copy" otherwise. */
  label?: string;
}

/** Copies a text to the clipboard, and shows whether that worked. */
export function CopyButton({ text, what, label = "Copy" }: CopyButtonProps) {
  const [said, setSaid] = useState("");
  useEffect(() => {
    if (said === "") return undefined;
    const timer = setTimeout(() => setSaid(""), 1500);
    return () => clearTimeout(timer);
  }, [said]);
  const copy = (): void => {
    copyText(text()).then(
      () => setSaid("Copied"),
      () => setSaid("Copy failed"),
    );
  };
  return (
    <button type="button" class="copy" aria-label={`Copy ${what}`} title={`Copy ${what}`} onClick={copy}>
      {said || label}
      <span class="hidden" role="status">{said && `${said}: ${what}`}</span>
    </button>
  );
}

/** Copies by the clipboard's interface, which a page over plain HTTP from another
 * machine has not, or else by the old command. */
async function copyText(text: string): Promise<void> {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = document.createElement("textarea");
  area.value = text;
  document.body.append(area);
  area.select();
  const copied = document.execCommand("copy");
  area.remove();
  if (!copied) throw new Error("the browser refused");
}
