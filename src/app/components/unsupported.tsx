import type { Missing } from "../capabilities.ts";
import { messages } from "../i18n.ts";

/** In place of the page: why this browser cannot take part, and what would work. */
export function Unsupported({ missing }: { missing: Missing[] }) {
  const text = messages.value.unsupported;
  return (
    <section class="hero unsupported" aria-labelledby="unsupported-heading">
      <h1 id="unsupported-heading">{text.heading}</h1>
      {missing.map((name) => (
        <div key={name} class="problem">
          <p>
            <strong>{text.why}</strong> {text[name].why}
          </p>
          <p>
            <strong>{text.works}</strong> {text[name].works}
          </p>
        </div>
      ))}
      <p class="hint">{text.nothing}</p>
    </section>
  );
}
