import type { Tag } from "../model/types.ts";
import { CopyButton } from "../ui/CopyButton.tsx";
import { brief } from "../model/text.ts";
import { Value } from "../ui/Value.tsx";

interface TagTableProps {
  /** Names the table: "Tags". */
  label: string;
  tags: readonly Tag[];
  /** Words searched for, in lower case: tags with one of them are marked. */
  words: readonly string[];
}

/** Tags with their values and types; what repeats a key is all there. */
export function TagTable({ label, tags, words }: TagTableProps) {
  return (
    <table class="tags" aria-label={label}>
      <colgroup><col class="tag-key" /><col /><col class="tag-type" /><col class="tag-copy" /></colgroup>
      <thead class="hidden">
        <tr>{["Key", "Value", "Type", "Copy"].map((name) => <th key={name} scope="col">{name}</th>)}</tr>
      </thead>
      <tbody>
        {tags.map((tag, index) => (
          <tr key={`${tag.key} ${index}`} class={isHit(tag, words) ? "hit" : undefined}>
            <th scope="row"><Value text={tag.key} limit={100} /></th>
            <td class={`tag-value tag-${tag.type}`}><Value text={String(tag.value)} /></td>
            <td class="tag-type muted">{tag.type}</td>
            <td class="tag-copy">
              <CopyButton text={() => String(tag.value)} what={`the value of ${brief(tag.key, 80)}`} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function isHit(tag: Tag, words: readonly string[]): boolean {
  if (words.length === 0) return false;
  const pair = `${tag.key}=${tag.value}`.toLowerCase();
  return words.some((word) => pair.includes(word));
}
