import { useRef } from "preact/hooks";

/** Files by a button in the page's language; a browser's own says what it says in its own. @param name of the input, for tests */
export function FileButton(props: { text: string; name: string; accept?: string; multiple?: boolean; folder?: boolean; primary?: boolean; onFiles: (files: File[]) => void }) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <input
        ref={input}
        class="hidden"
        type="file"
        multiple={props.multiple ?? false}
        accept={props.accept ?? ""}
        {...(props.folder === true && { webkitdirectory: true })}
        tabIndex={-1}
        aria-hidden="true"
        data-input={props.name}
        onChange={({ currentTarget }) => {
          const files = [...(currentTarget.files ?? [])];
          currentTarget.value = ""; // the same file may be given again
          if (files.length > 0) props.onFiles(files);
        }}
      />
      <button type="button" class={props.primary === true ? "button primary" : "button"} onClick={() => input.current?.click()}>
        {props.text}
      </button>
    </>
  );
}
