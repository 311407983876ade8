import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { messages } from "../i18n.ts";
import { loadedPage, loadPage, type PageProps } from "../pages.ts";
import { page, type PageName } from "../router.ts";

/** The page that the address names; while its code is fetched, and where it cannot be, that is said. */
export function PageView(props: PageProps) {
  const name = page.value;
  const failed = useSignal<PageName | null>(null);
  const came = useSignal(0);
  const load = (): void => {
    failed.value = null;
    loadPage(name).then(
      () => came.value++,
      (cause: unknown) => {
        console.error(cause);
        failed.value = name;
      },
    );
  };
  void came.value;
  const Page = loadedPage(name);
  useEffect(() => {
    // It may have come between what was drawn and now.
    if (Page === null) load();
  }, [name]);
  if (Page !== null) return <Page {...props} />;
  const text = messages.value.page;
  if (failed.value !== name) {
    return (
      <>
        <h1 class="hidden">{messages.value.nav[name]}</h1>
        <p class="empty loading">{text.loading}</p>
      </>
    );
  }
  return (
    <section class="problem" role="alert">
      <h1 class="problem-what">{text.failed}</h1>
      <p>{text.failedSafe}</p>
      <div class="actions">
        <button type="button" class="button" onClick={load}>
          {text.again}
        </button>
      </div>
    </section>
  );
}
