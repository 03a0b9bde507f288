import { lookClass, type Look } from "../model/colors.ts";

interface BadgeProps {
  service: string;
  /** From looksOf; a service without one gets a plain badge. */
  look: Look | undefined;
}

/** Two letters on the color and the pattern of a service. The service's name stands
 * beside it, so a screen reader passes the badge over. */
export function Badge({ service, look }: BadgeProps) {
  if (!look) return <span class="badge" aria-hidden="true" title={service}>?</span>;
  return (
    <span class={`badge ${lookClass(look)}`} aria-hidden="true" title={service}>
      <span class="badge-letters">{look.badge}</span>
    </span>
  );
}
