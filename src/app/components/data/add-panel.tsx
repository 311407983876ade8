import { useSignal } from "@preact/signals";
import type { GivenFile } from "../../../device/desk/api.ts";
import { format, messages } from "../../i18n.ts";
import type { OwnDataView } from "../../own-data.ts";
import type { Session } from "../../session.ts";
import { Choices } from "../choices.tsx";
import { Panel } from "../panel.tsx";
import { CameraSource } from "./camera-source.tsx";
import { DrawSource } from "./draw-source.tsx";
import { FileSource } from "./file-source.tsx";
import { useLabels } from "./use-labels.ts";

const SOURCES = ["files", "camera", "draw"] as const;

/** What a set is called: its only file, or its folder, or the first file and how many more. */
function nameOf(files: readonly GivenFile[]): string {
  const [first] = files;
  if (!first) return "";
  const [folder, ...rest] = first.name.split("/");
  if (rest.length > 0 && folder) return folder;
  return files.length === 1 ? first.name : `${first.name} + ${files.length - 1}`;
}

/** The ways by which a person gives data. */
export function AddPanel({ view, session }: { view: OwnDataView; session: Session }) {
  const text = messages.value.dataPage.add;
  const source = useSignal<(typeof SOURCES)[number]>("files");
  const keep = useSignal(true);
  const label = useSignal("");
  const labels = useLabels(session);
  const kept = keep.value && view.lasting.value;
  const reading = view.busy.value;
  const take = (files: GivenFile[]): void => void (files.length > 0 && view.add(files, nameOf(files), kept));
  const picture = (name: string) => (blob: Blob) => view.addPicture(blob, `${name}-${Date.now()}.png`, label.value === "" ? null : label.value, name, kept);
  return (
    <Panel id="add-data" heading={text.heading} aside={<Choices label={text.from} name="data-source" options={SOURCES} text={(option) => text.sources[option]} value={source.value} onPick={(option) => (source.value = option)} />}>
      {source.value === "files" ? (
        <FileSource onFiles={take} />
      ) : (
        <>
          <div class="field label-field">
            <label for="next-label">{text.label}</label>
            <input id="next-label" type="text" list="known-labels" value={label.value} aria-describedby="label-hint" maxLength={200} onInput={(event) => (label.value = event.currentTarget.value.trim())} />
            <datalist id="known-labels">
              {labels.map((known) => (
                <option key={known} value={known} />
              ))}
            </datalist>
            <span class="hint" id="label-hint">
              {text.labelHint}
            </span>
          </div>
          {source.value === "camera" ? <CameraSource onPicture={picture(text.camera.name)} /> : <DrawSource onPicture={picture(text.draw.name)} />}
        </>
      )}
      <fieldset class="keep-choice">
        <legend class="hidden">{text.keep}</legend>
        <label class="option">
          <input type="radio" name="keep" checked={kept} disabled={!view.lasting.value} onChange={() => (keep.value = true)} />
          <span>
            {text.keep} <span class="hint">{text.keepHint}</span>
          </span>
        </label>
        <label class="option">
          <input type="radio" name="keep" checked={!kept} onChange={() => (keep.value = false)} />
          <span>
            {text.visit} <span class="hint">{text.visitHint}</span>
          </span>
        </label>
      </fieldset>
      {reading !== null && (
        <div class="reading">
          <progress max={1} value={reading} aria-label={text.reading("")} />
          <span class="hint">{text.reading(format.value.roughPercent(reading))}</span>
          <button type="button" class="button small" onClick={() => view.stop()}>
            {text.stop}
          </button>
        </div>
      )}
    </Panel>
  );
}
