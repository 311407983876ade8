import type { ComponentChildren } from "preact";

/** A titled part of the page; a landmark of its own, so that it can be jumped to. */
export function Panel(props: { id: string; heading: ComponentChildren; aside?: ComponentChildren; class?: string; children: ComponentChildren }) {
  return (
    <section class={`panel ${props.class ?? ""}`} aria-labelledby={`${props.id}-heading`}>
      <div class="panel-head">
        <h2 id={`${props.id}-heading`}>{props.heading}</h2>
        {props.aside}
      </div>
      {props.children}
    </section>
  );
}
