/** A view that fills the window beside the navigation. The skip link leads to it. */
import type { ComponentChildren } from "preact";

interface PageProps {
  title?: string;
  /** What the layout gives to each view. */
  tools: ComponentChildren;
  banners: ComponentChildren;
  children: ComponentChildren;
}

export function Page({ title, tools, banners, children }: PageProps) {
  return (
    <section class="page" id="thread" tabIndex={-1} aria-label={title}>
      <header class="page__header">
        {title && <h2>{title}</h2>}
        {tools}
      </header>
      {banners}
      <div class="page__content">{children}</div>
    </section>
  );
}
